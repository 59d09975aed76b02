#pragma once
// watch: gives work up once something says that it has gone on for long enough.

#include "http/abandonable.hpp"
#include "net/loop.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace mutual::client {

/// Asks `enough` several times a second, for as long as this lives, and gives the work up when it says so. For the
/// loop's thread; lives no longer than the work.
class watch {
 public:
  watch(net::loop& on, http::abandonable& work, std::function<bool()> enough)
      : state_(std::make_shared<state>(state{&on, &work, std::move(enough)})) {
    look_again(state_);
  }
  ~watch() { state_->work = nullptr; }
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;

 private:
  struct state {
    net::loop* on;
    http::abandonable* work;  // null once nobody watches it
    std::function<bool()> enough;
  };

  static void look_again(const std::shared_ptr<state>& what) {
    constexpr std::chrono::milliseconds look_every{100};
    what->on->after(look_every, [what] {
      if (what->work == nullptr) return;
      if (!what->enough()) return look_again(what);
      what->work->give_up();
    });
  }

  std::shared_ptr<state> state_;
};

}  // namespace mutual::client
