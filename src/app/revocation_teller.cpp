#include "app/revocation_teller.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

namespace mutual {
namespace {

// Beyond it, somebody who was told of long ago may be told of again.
constexpr std::size_t most_remembered = 65'536;

}  // namespace

revocation_teller::revocation_teller(std::vector<std::function<void(const peer&)>> handlers, logger log)
    : handlers_(std::move(handlers)), log_(std::move(log)), told_(most_remembered), thread_([this] { run(); }) {}

revocation_teller::~revocation_teller() {
  {
    const std::scoped_lock lock(guard_);
    finishing_ = true;
    waiting_.clear();
    changed_.notify_all();
  }
  thread_.join();
}

void revocation_teller::found(const tls::standing& earlier, std::uint64_t generation) {
  const std::scoped_lock lock(guard_);
  if (finishing_) return;
  std::uint64_t told_under = 0;  // generations begin at 1
  told_.visit(earlier.who->sha256(), [&](std::uint64_t kept) { told_under = kept; });
  told_.put(earlier.who->sha256(), std::max(generation, told_under));
  if (earlier.generation <= told_under) return;
  waiting_.push_back(earlier.who);
  changed_.notify_all();
}

bool revocation_teller::finish(std::chrono::milliseconds limit) {
  std::unique_lock lock(guard_);
  finishing_ = true;
  changed_.notify_all();
  return changed_.wait_for(lock, limit, [this] { return over_; });
}

void revocation_teller::run() {
  std::unique_lock lock(guard_);
  for (;;) {
    changed_.wait(lock, [this] { return finishing_ || !waiting_.empty(); });
    if (waiting_.empty()) break;
    const auto who = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    tell(*who);
    lock.lock();
  }
  over_ = true;
  changed_.notify_all();
}

void revocation_teller::tell(const peer& who) const {
  const auto complain = [&](std::string_view what) {
    log_.error(fmt::format("on_revoked has failed for {}: {}", text::quoted(who.subject()), what));
  };
  for (const auto& handler : handlers_) {
    try {
      handler(who);
    } catch (const std::exception& thrown) {
      complain(thrown.what());
    } catch (...) {
      complain("what it has thrown is no std::exception");
    }
  }
}

}  // namespace mutual
