#pragma once
// decode_budget: what the requests of one connection may hold of bodies that are decompressed.

#include <mutual/request.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
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

/// A budget for each connection that uses its own. Safe from any thread.
class decode_budgets : public std::enable_shared_from_this<decode_budgets> {
 public:
  explicit decode_budgets(std::size_t most_each) : most_each_(most_each) {}

  /// The budget of that connection, the same for as long as anybody holds it.
  std::shared_ptr<decode_budget> of(const std::shared_ptr<const connection_info>& whose);

 private:
  void forget(const connection_info* whose);

  const std::size_t most_each_;
  std::mutex guard_;
  std::unordered_map<const connection_info*, std::weak_ptr<decode_budget>> all_;
};

}  // namespace mutual
