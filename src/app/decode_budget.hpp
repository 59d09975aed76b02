#pragma once
// decode_budget: what the requests of one connection may hold of bodies that are decompressed.

#include "app/per_connection.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace mutual {

/// Bytes that the requests of one connection hold at one time: what has become of bodies, and what decoders keep of
/// them. Over HTTP/2 a hundred requests may come at once, each of a few bytes. Safe from any thread.
class decode_budget {
 public:
  explicit decode_budget(std::size_t most) : most_(most) {}

  /// One request's part; it is given back when this goes. For one thread at a time.
  class share {
   public:
    explicit share(std::shared_ptr<decode_budget> of) : of_(std::move(of)) {}
    ~share() { (void)hold(0); }
    share(const share&) = delete;
    share& operator=(const share&) = delete;

    /// Holds that much from now on. False, and all stays as it was, if all parts together would be more than the
    /// budget: but whoever is alone may hold what it likes, so that one of them always comes to its end.
    bool hold(std::size_t bytes);

   private:
    std::shared_ptr<decode_budget> of_;
    std::size_t held_ = 0;
  };

 private:
  const std::size_t most_;
  std::atomic<std::size_t> used_{0};
};

/// One for each connection.
using decode_budgets = per_connection<decode_budget>;

}  // namespace mutual
