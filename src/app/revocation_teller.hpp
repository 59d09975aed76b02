#pragma once
// revocation_teller: tells a program who was revoked, without anybody waiting for it.

#include "base/log.hpp"
#include "base/recent_map.hpp"
#include "http/server_options.hpp"
#include "tls/verdict.hpp"

#include <mutual/peer.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace mutual {

/// Calls a program's handlers on a thread of its own. Safe to use from any thread; the destructor waits for a handler
/// that is running.
class revocation_teller {
 public:
  revocation_teller(std::vector<std::function<void(const peer&)>> handlers, logger log);
  ~revocation_teller();
  revocation_teller(const revocation_teller&) = delete;
  revocation_teller& operator=(const revocation_teller&) = delete;

  /// Somebody who was let in by that was found revoked. Told once for each revocation, whoever finds it how often:
  /// again only if it is another, by a responder's word, or if it was let in meanwhile.
  void found(const tls::standing& earlier, const http::revocation_found& how);

  /// Somebody was let in whom a responder had called revoked: whatever is found from now on is another revocation.
  void let_in_again(const peer& who);

  /// Tells what is still to be told, and then no more. False if that takes longer than the limit: a handler has not
  /// come back.
  bool finish(std::chrono::milliseconds limit);

 private:
  void run();
  void tell(const peer& who) const;

  const std::vector<std::function<void(const peer&)>> handlers_;
  const logger log_;
  // The newest trust under which somebody was found revoked, the newest of which a list says so, and since when a
  // responder says so.
  struct found_before {
    std::uint64_t generation = 0, listed = 0;  // generations begin at 1
    std::optional<sys_seconds> answered{};
  };
  recent_map<found_before> told_;  // by the certificate's fingerprint
  std::mutex guard_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const peer>> waiting_;
  bool finishing_ = false;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace mutual
