#pragma once
// revocation_feed: an authority's revocation lists, as soon as they change.

#include "base/log.hpp"
#include "client/options.hpp"
#include "client/url.hpp"
#include "net/address.hpp"
#include "net/loop.hpp"
#include "x509/list_files.hpp"

#include <mutual/result.hpp>
#include <mutual/task.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace mutual::http {
class abandonable;
}

namespace mutual::client {

/// Where the lists are, and who takes them.
struct feed_settings {
  url where;  ///< Of `mutual ca serve`; its path is left out.
  /// What to connect with; asked for each connection, since certificates are renewed.
  std::function<result<options>()> connect_with;
  /// Takes all lists, as PEM, on the feed's thread, within a considerate_scope; what was fetched is offered only if its
  /// SHA-256 is the id that was announced. An error says why they are not believed; they are offered again when they
  /// change, or when the connection is made anew.
  std::function<result<>(const std::string& pem)> take;
  logger log;
  std::size_t most_bytes = x509::largest_lists;
  std::chrono::milliseconds longest_fetch{120'000};  ///< For all of the lists to come, from the look-up of the host on.
  /// Before the first attempt to connect again, at most; doubled by each.
  std::chrono::milliseconds first_wait{250};
  std::chrono::milliseconds longest_wait{15'000};
  std::chrono::milliseconds silence{20'000};  ///< The authority says something more often than that, or it has gone.
};

/// Between half of that time and all of it, by chance: those who have lost their authority at the same moment do not
/// all come back at the same.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds wait);

/// Follows the change feed of an authority in a thread of its own, from start() to its destruction, and connects again
/// whenever it is lost.
class revocation_feed {
 public:
  explicit revocation_feed(feed_settings how) : how_(std::move(how)) {}
  ~revocation_feed();
  revocation_feed(const revocation_feed&) = delete;
  revocation_feed& operator=(const revocation_feed&) = delete;

  /// Fetches the lists once, in the caller's thread: before start(). An error if they have not come in time, or if
  /// `given_up`, which is asked several times a second, says that nobody wants them any more.
  result<std::string> fetch_now(std::function<bool()> given_up);

  void start();

 private:
  task<> run();
  task<> follow();
  task<result<>> listen();
  task<result<std::string>> fetch_in_time(std::function<bool()> given_up);
  task<> fetch_into(std::optional<result<std::string>>& got);
  task<result<std::string>> fetch_lists();
  task<result<std::vector<net::endpoint>>> look_up();
  task<result<>> take_up(std::string id);
  result<> hand_over(std::string id, std::string pem);
  void tell_lost(const error& why);

  feed_settings how_;
  net::loop loop_;
  http::abandonable* running_ = nullptr;  // on the loop's thread
  std::string held_;                      // the id of what was taken last
  std::string told_;
  std::chrono::milliseconds wait_{};
  std::thread thread_;
};

}  // namespace mutual::client
