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

void revocation_teller::found(const tls::standing& earlier, const http::revocation_found& how) {
  const std::scoped_lock lock(guard_);
  if (finishing_) return;
  found_before told;
  told_.visit(earlier.who->sha256(), [&](const found_before& kept) { told = kept; });
  // What was let in by a trust under which it was found revoked is one more of the same. A responder's word does not
  // depend on the trust: by that it was let in, and found revoked, under one and the same, and found again under
  // others.
  const bool is_told = how.answered ? told.answered == how.answered || earlier.generation <= told.listed
                                    : earlier.generation <= told.generation;
  told.generation = std::max(told.generation, how.generation);
  if (how.answered) {
    told.answered = how.answered;
  } else {
    told.listed = std::max(told.listed, how.generation);
  }
  told_.put(earlier.who->sha256(), told);
  if (is_told) return;
  waiting_.push_back(earlier.who);
  changed_.notify_all();
}

void revocation_teller::let_in_again(const peer& who) {
  const std::scoped_lock lock(guard_);
  told_.remove(who.sha256());
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
