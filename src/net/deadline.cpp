#include "net/deadline.hpp"

#include "base/clock.hpp"

#include <algorithm>

namespace mutual::net {

deadline::~deadline() {
  if (filed_) loop_.deadlines().unfile(*this);
}

void deadline::set(std::chrono::milliseconds from_now) {
  auto& wheel = loop_.deadlines();
  const auto due = wheel.first_tick_after(std::max(from_now, std::chrono::milliseconds(0)));
  // Filed for later than it is due now: it must move, or it would be looked at too late.
  if (filed_ && due < looked_at_) wheel.unfile(*this);
  due_ = due;
  if (!filed_) wheel.file(*this);
}

deadline_wheel::deadline_wheel(loop& on) : loop_(on), done_(current_tick()) {}

std::uint64_t deadline_wheel::current_tick() const {
  return static_cast<std::uint64_t>(loop::clock::now().time_since_epoch() / tick);
}

// The tick that begins when that time has wholly gone: a deadline is never early, though the clock that is asked here,
// several times a request, may be behind.
std::uint64_t deadline_wheel::first_tick_after(std::chrono::milliseconds from_now) const {
  constexpr auto behind = std::chrono::milliseconds(10);
  return static_cast<std::uint64_t>((coarse_now().time_since_epoch() + behind + from_now) / tick) + 1;
}

void deadline_wheel::file(deadline& entry) {
  if (filed_ == 0) done_ = std::max(done_, current_tick() - 1);
  entry.looked_at_ = entry.due_;
  entry.slot_ = static_cast<std::uint16_t>(entry.due_ % slots);
  auto& head = slot_[entry.slot_];
  entry.previous_ = nullptr;
  entry.next_ = head;
  if (head != nullptr) head->previous_ = &entry;
  head = &entry;
  entry.filed_ = true;
  ++filed_;
  start();
}

void deadline_wheel::unfile(deadline& entry) {
  if (entry.previous_ != nullptr) {
    entry.previous_->next_ = entry.next_;
  } else {
    slot_[entry.slot_] = entry.next_;
  }
  if (entry.next_ != nullptr) entry.next_->previous_ = entry.previous_;
  entry.next_ = entry.previous_ = nullptr;
  entry.filed_ = false;
  --filed_;
}

void deadline_wheel::start() {
  if (running_) return;
  running_ = true;
  loop_.after(tick, [this] { turn(); });
}

void deadline_wheel::turn() {
  const auto upto = current_tick();
  // After a pause longer than a round, one look at each slot sees everything.
  const auto first = std::max(done_ + 1, upto >= slots ? upto - slots + 1 : 0);
  done_ = upto;
  for (auto at = first; at <= upto; ++at) visit(at % slots, upto);
  running_ = false;
  if (filed_ > 0) start();
}

void deadline_wheel::visit(std::size_t slot, std::uint64_t upto) {
  for (deadline *entry = slot_[slot], *next = nullptr; entry != nullptr; entry = next) {
    next = entry->next_;
    if (entry->due_ > upto && entry->due_ % slots == slot) {  // the same slot, a round later
      entry->looked_at_ = entry->due_;
      continue;
    }
    unfile(*entry);
    if (entry->due_ > upto) {
      file(*entry);
    } else if (entry->due_ != deadline::never) {
      entry->due_ = deadline::never;
      entry->expired_(entry->owner_);
    }
  }
}

}  // namespace mutual::net
