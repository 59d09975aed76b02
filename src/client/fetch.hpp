#pragma once
// Whole exchanges, for those who need no more than that.

#include "client/handshake_report.hpp"
#include "client/options.hpp"
#include "client/url.hpp"
#include "net/loop.hpp"
#include "x509/certificate.hpp"

#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/result.hpp>
#include <mutual/task.hpp>

#include <optional>
#include <vector>

namespace mutual::client {

/// What became of one request on a connection of its own.
struct exchange {
  handshake_report report;
  std::optional<response> answer;  ///< With its whole body; empty if it failed.
  std::optional<error> failure;    ///< Why it failed.
};

/// Connects, sends one request to the URL (its target is the URL's), receives the whole answer and closes. The body
/// counts against `how.limits.body_bytes`: lower it, since all of it is kept in memory.
task<exchange> fetch(net::loop& on, url where, options how, request what);

/// Connects, shakes hands, waits for the server's first word, and closes: what a look at a server brings to light.
task<exchange> look_at(net::loop& on, url where, options how);

/// The certificates that a server presents, leaf first, judged by nobody, whether or not it goes on without one of
/// ours. Blocks; an error if it cannot be reached, does not speak TLS, or presents none.
result<std::vector<x509::certificate>> fetch_chain(const url& where, const timeouts& patience = {});

}  // namespace mutual::client
