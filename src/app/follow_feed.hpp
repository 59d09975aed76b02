#pragma once
// Following an authority's change feed for a server.

#include "base/log.hpp"
#include "client/revocation_feed.hpp"
#include "http/server.hpp"
#include "x509/lookup_list.hpp"

#include <mutual/result.hpp>
#include <mutual/tls.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace mutual {

/// The feed that the settings name, and the lists with which to start.
struct followed_feed {
  std::unique_ptr<client::revocation_feed> feed;
  std::shared_ptr<const std::vector<x509::lookup_list>>
      first;  ///< Null if they could not be had, and files are there instead; to be moved to where they are used.
  std::shared_ptr<http::server*> takes;  ///< To whom lists go; set before the feed is started.
};

/// Null if the settings name no feed. An error if what they name cannot be used, or if no list can be had and none lies
/// in a file either. `given_up` is asked while the lists are fetched: whether nobody wants to start any more.
result<std::unique_ptr<followed_feed>> follow_feed(const tls::config& settings, const logger& log,
                                                   const std::function<bool()>& given_up);

}  // namespace mutual
