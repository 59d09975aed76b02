#include "base/considerate.hpp"

#include <chrono>
#include <optional>
#include <thread>

namespace mutual {
namespace {

using clock = std::chrono::steady_clock;

// The work is called through readers that know nothing of who serves where, so its thread does.
thread_local std::optional<clock::time_point> last_rest;

}  // namespace

considerate_scope::considerate_scope() : outermost_(!last_rest) {
  if (outermost_) last_rest = clock::now();
}

considerate_scope::~considerate_scope() {
  if (outermost_) last_rest.reset();
}

void let_others_go_on() noexcept {
  constexpr auto at_work = std::chrono::milliseconds(1);
  constexpr auto at_rest = std::chrono::microseconds(50);  // the kernel's timers add as much
  if (!last_rest || clock::now() - *last_rest < at_work) return;
  std::this_thread::sleep_for(at_rest);
  last_rest = clock::now();
}

}  // namespace mutual
