#pragma once
// What a server is made from.

#include "base/log.hpp"
#include "http/limits.hpp"
#include "net/loop.hpp"
#include "tls/levers.hpp"
#include "tls/ocsp_book.hpp"
#include "tls/verdict.hpp"
#include "x509/lookup_list.hpp"

#include <mutual/reason.hpp>
#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/task.hpp>
#include <mutual/tls.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mutual::http {

/// How long the server waits for the other end before it gives a connection up.
struct timeouts {
  std::chrono::milliseconds handshake{5'000};  ///< From the connection to the end of the TLS handshake.
  std::chrono::milliseconds head{10'000};      ///< From a request's first byte to the end of its head.
  std::chrono::milliseconds body{30'000};      ///< From there to the end of its body, beside what its size earns.
  std::size_t least_body_rate = 16 * 1024;     ///< Bytes that earn a body, either way, a second more.
  std::chrono::milliseconds idle{60'000};      ///< Between two requests.
  std::chrono::milliseconds write{30'000};     ///< For a client that does not read an answer, beside what it earns.
  std::chrono::milliseconds linger{2'000};     ///< For the client to read the last answer, or an alert.
  std::chrono::milliseconds shutdown{10'000};  ///< For requests under way to finish when the server stops.
};

/// What the log and the counters hear of a request beside its answer.
struct answer_notes {
  std::optional<reason> refused;  ///< Why somebody was refused for who they are.
  std::string note;               ///< A few words more: which policy, or the id of a failure.
  bool incomplete = false;        ///< Not all of the answer was sent: its source broke off, or the client went away.
};

/// Answers a request; runs on the thread of the request's connection and must not block it.
using handler = std::function<task<response>(request&, answer_notes&)>;

/// As a handler, for what needs no waiting: the answer, or nothing if the handler is to be asked, and then nothing has
/// been done.
using quick_handler = std::function<std::optional<response>(request&, answer_notes&)>;

/// What is known of a request from its head alone.
struct body_terms {
  std::optional<std::size_t> limit;  ///< The largest body in bytes; the server's own limit if nothing.
  bool wanted = true;                ///< False if the request will be refused whatever its body: it is not asked for.
  bool streamed = false;             ///< The handler reads it piece by piece, from the request's `source`.
};

/// Looks at a request whose head has arrived and whose body has not.
using head_check = std::function<body_terms(const request&)>;

/// Hears of each request: its line and its connection as they came, without fields and body, whatever the handler has
/// made of it; the status sent, or 0 if it was given up before there was one; the body's bytes, and the time from the
/// end of the request to the end of the answer. An answer that waits for others to go out with them is told of when it
/// has gone. Called on the connection's thread; must not throw.
using answer_observer = std::function<void(const request&, const answer_notes&, int status, std::size_t body_bytes,
                                           std::chrono::nanoseconds took)>;

/// How somebody was found to be revoked.
struct revocation_found {
  std::uint64_t generation = 0;           ///< Of the trust that judged.
  std::optional<sys_seconds> answered{};  ///< If an OCSP responder says it and no list: since when, as it says.
};

/// Hears of somebody who was let in and is found to be revoked: for each open connection that is closed for it, and for
/// each session that is not taken up again. Told are what it was let in by, and how it was found revoked. Called on the
/// connection's thread, before it is closed, so it must not wait; and it must not throw.
using revocation_observer = std::function<void(const tls::standing&, const revocation_found&)>;

/// Hears of somebody who is let in, and of whom an OCSP responder has said before that it was revoked: the next
/// revocation is another one. As above.
using release_observer = std::function<void(const peer&)>;

struct server_options {
  std::vector<std::string> listen{"127.0.0.1:5000"};  ///< "HOST:PORT"; port 0 for any free one.
  unsigned threads = 0;                               ///< 0 for one a core.
  tls::config tls;
  /// Revocation lists that are in no file, to start with; null for none. See server::offer_lists.
  std::shared_ptr<const std::vector<x509::lookup_list>> revocations;
  /// Asks OCSP responders, as `tls.ocsp` says; null exactly if that asks nobody. What it sends questions by must be
  /// gone before the server is.
  std::shared_ptr<tls::ocsp_book> ocsp;
  tls::levers levers;  ///< All of them; for tests and measurements to leave some out.
  bool http2 = true;   ///< Offered under TLS, beside HTTP/1.1; the client chooses (ALPN).
  http::limits limits;
  std::size_t most_streams = 100;  ///< HTTP/2 requests of one connection at a time; further ones wait.
  http::timeouts timeouts;
  /// What one connection has sent is worked on for so long before the others on its thread have their turn.
  std::chrono::milliseconds turn{1};
  handler answer;
  quick_handler answer_at_once;    ///< Asked before `answer`, unless it is empty.
  std::size_t largest_body = 0;    ///< The highest limit that check_head gives, if it is above `limits.body_bytes`.
  head_check check_head;           ///< May be empty.
  answer_observer on_answer;       ///< May be empty.
  revocation_observer on_revoked;  ///< May be empty.
  release_observer on_released;    ///< May be empty.
  /// Called on each of the server's threads before it serves; what it gives is kept until that thread ends. May be
  /// empty.
  std::function<std::shared_ptr<void>(net::loop&)> on_thread;
  std::size_t most_connections =
      10'000;  ///< Open at once; for a further one, see `most_handshakes`; if none gives way it is closed.
  /// Connections that have not shown who they are yet, at once; for a further one, the oldest of them gives way if it
  /// has had time to. 0 for half of `most_connections`.
  std::size_t most_handshakes = 0;
  logger log;
  /// How often the TLS files are looked at for changes; 0 for never.
  std::chrono::milliseconds watch_files{400};
};

}  // namespace mutual::http
