#pragma once
// encode_budget: what the answers of one connection may hold of encoders.

#include "app/per_connection.hpp"
#include "http/content_coding.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace mutual {

/// Bytes that the encoders of one connection's answers hold at one time. Over HTTP/2 a hundred answers may be under way
/// at once, to a client that takes none of them. Safe from any thread.
class encode_budget {
 public:
  explicit encode_budget(std::size_t most) : most_(most) {}

  /// One answer's part; it is given back when this goes. For one thread at a time.
  class share {
   public:
    explicit share(std::shared_ptr<encode_budget> of) : of_(std::move(of)) {}
    ~share() { of_->used_.fetch_sub(held_); }
    share(const share&) = delete;
    share& operator=(const share&) = delete;

    /// Holds what an encoder of that coding does, from now on and beside what it holds already. False, and all stays as
    /// it was, if there is no room for it. gzip, which needs least, may fill the budget; the others half of it, so
    /// that of many answers at once more are small.
    bool hold(http::coding how);

   private:
    std::shared_ptr<encode_budget> of_;
    std::size_t held_ = 0;
  };

 private:
  const std::size_t most_;
  std::atomic<std::size_t> used_{0};
};

/// For each connection: a hundred answers that are under way over HTTP/2 would take ten times as much of a client that
/// takes its time.
constexpr std::size_t most_for_encoders = std::size_t{8} << 20U;

/// One for each connection.
using encode_budgets = per_connection<encode_budget>;

/// The coding that the client likes best of those that there is room for, which `held` holds then: identity if there is
/// none, and nothing if the client refuses that too.
std::optional<http::coding> choose_within(const http::accepted_codings& accepted, encode_budget::share& held);

}  // namespace mutual
