#pragma once
// Deadlines for thousands of sockets at the price of one timer.

#include "net/loop.hpp"

#include <array>
#include <chrono>
#include <cstdint>

namespace mutual::net {

/// Something that may run out of time. Its owner derives nothing: it gives a function and itself.
///
/// Moving a deadline further away, as each request does, writes one number; it is filed anew only when its old slot
/// comes round. Precision is one tick (100 ms), never early. It must be cleared, or destroyed, on its loop's thread.
class deadline {
 public:
  /// What to do when time is up. It may end waits, but neither destroy nor set deadlines: the wheel is turning.
  using action = void (*)(void* owner);

  deadline(loop& on, action expired, void* owner) : loop_(on), expired_(expired), owner_(owner) {}
  ~deadline();
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

  /// Expires that long from now, in place of any earlier setting.
  void set(std::chrono::milliseconds from_now);

  /// Never expires.
  void clear() { due_ = never; }

 private:
  friend class deadline_wheel;
  static constexpr std::uint64_t never = 0;

  loop& loop_;
  action expired_;
  void* owner_;
  std::uint64_t due_ = never;    // in ticks
  std::uint64_t looked_at_ = 0;  // while filed: no later than at this tick it is looked at
  std::uint16_t slot_ = 0;       // where it is filed; `due_` may have moved on since
  bool filed_ = false;
  deadline* next_ = nullptr;
  deadline* previous_ = nullptr;
};

/// The loop's deadlines, in a ring of slots that one timer walks round while there are any.
class deadline_wheel {
 public:
  static constexpr std::chrono::milliseconds tick{100};

  explicit deadline_wheel(loop& on);
  deadline_wheel(const deadline_wheel&) = delete;
  deadline_wheel& operator=(const deadline_wheel&) = delete;

 private:
  friend class deadline;
  static constexpr std::size_t slots = 256;

  std::uint64_t current_tick() const;
  std::uint64_t first_tick_after(std::chrono::milliseconds from_now) const;
  void file(deadline& entry);
  void unfile(deadline& entry);
  void start();
  void turn();
  void visit(std::size_t slot, std::uint64_t upto);

  loop& loop_;
  std::array<deadline*, slots> slot_{};
  std::size_t filed_ = 0;
  std::uint64_t done_ = 0;  // every tick up to this one has been looked at
  bool running_ = false;
};

}  // namespace mutual::net
