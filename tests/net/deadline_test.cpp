#include "net/deadline.hpp"

#include "net/loop.hpp"

#include <list>
#include <memory>
#include <optional>

namespace mutual::net {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

// A deadline that notes when it expired.
struct noted {
  explicit noted(loop& on)
      : mine(
            on,
            [](void* self) {
              auto& one = *static_cast<noted*>(self);
              one.expired = clock::now();
              ++one.times;
            },
            this) {}
  void set(milliseconds from_now) {
    began = clock::now();
    asked = from_now;
    mine.set(from_now);
  }
  milliseconds late() const { return std::chrono::floor<milliseconds>(*expired - began) - asked; }

  clock::time_point began{};
  milliseconds asked{};
  std::optional<clock::time_point> expired;
  int times = 0;
  deadline mine;
};

TEST(deadline, is_never_early_and_at_most_two_ticks_late) {
  // A busy machine may keep the whole process waiting, so lateness is measured again if it was too large; earliness is
  // never forgiven.
  bool punctual = false;
  for (int attempt = 0; attempt < 10 && !punctual; ++attempt) {
    loop on;
    std::list<noted> all;
    for (int count = 0; count < 12; ++count) all.emplace_back(on).set(milliseconds(count * 37 + 99));
    on.run_until_idle();
    punctual = true;
    for (const auto& one : all) {
      ASSERT_TRUE(one.expired);
      EXPECT_EQ(one.times, 1);
      EXPECT_GE(one.late().count(), 0) << one.asked.count();
      punctual = punctual && one.late() <= 2 * deadline_wheel::tick;
    }
  }
  EXPECT_TRUE(punctual);
}

TEST(deadline, that_is_moved_further_expires_then_and_only_then) {
  loop on;
  noted one(on);
  one.set(milliseconds(100));
  one.set(milliseconds(500));
  const auto began = one.began;
  on.after(milliseconds(250), [&one] { one.set(milliseconds(600)); });
  on.run_until_idle();
  EXPECT_EQ(one.times, 1);
  EXPECT_GE(*one.expired - began, milliseconds(850));
}

TEST(deadline, that_was_moved_a_whole_round_further_can_be_moved_nearer_again) {
  loop on;
  noted one(on);
  one.set(milliseconds(100));
  one.set(milliseconds(100) + 256 * deadline_wheel::tick);  // the same slot, which comes round for another turn first
  on.after(milliseconds(500), [&one] { one.set(milliseconds(100)); });
  on.run_until_idle();
  EXPECT_EQ(one.times, 1);
  EXPECT_LT(one.late(), std::chrono::seconds(10));
}

TEST(deadline, that_was_cleared_and_set_again_further_away_expires_then) {
  loop on;
  noted one(on);
  one.set(milliseconds(100));
  one.mine.clear();
  one.set(milliseconds(400));
  on.run_until_idle();
  EXPECT_EQ(one.times, 1);
  EXPECT_GE(one.late().count(), 0);
}

TEST(deadline, that_is_moved_nearer_expires_sooner) {
  loop on;
  noted one(on);
  one.set(std::chrono::minutes(10));
  one.set(milliseconds(100));
  on.run_until_idle();
  EXPECT_EQ(one.times, 1);
  EXPECT_LT(*one.expired - one.began, std::chrono::seconds(30));
}

TEST(deadline, that_is_cleared_does_not_expire) {
  loop on;
  noted cleared(on);
  noted set_again(on);
  cleared.set(milliseconds(100));
  cleared.mine.clear();
  set_again.set(milliseconds(100));
  set_again.mine.clear();
  set_again.set(milliseconds(200));
  on.run_until_idle();
  EXPECT_EQ(cleared.times, 0);
  EXPECT_EQ(set_again.times, 1);
  EXPECT_GE(set_again.late().count(), 0);
}

TEST(deadline, that_is_cleared_and_set_nearer_expires_sooner) {
  loop on;
  noted one(on);
  one.set(std::chrono::minutes(10));
  one.mine.clear();
  one.set(milliseconds(100));
  on.run_until_idle();
  EXPECT_EQ(one.times, 1);
  EXPECT_LT(*one.expired - one.began, std::chrono::seconds(30));
}

TEST(deadline, that_has_expired_may_be_set_again) {
  loop on;
  noted one(on);
  one.set(milliseconds(0));
  on.run_until_idle();
  one.set(milliseconds(50));
  on.run_until_idle();
  EXPECT_EQ(one.times, 2);
  EXPECT_GE(one.late().count(), 0);
}

TEST(deadline, that_is_destroyed_leaves_its_neighbours_alone) {
  loop on;
  auto first = std::make_unique<noted>(on);
  noted second(on);
  auto third = std::make_unique<noted>(on);
  // All in one slot.
  first->set(milliseconds(100));
  second.set(milliseconds(100));
  third->set(milliseconds(100));
  first.reset();
  third.reset();
  on.run_until_idle();
  EXPECT_EQ(second.times, 1);
}

TEST(deadline, farther_away_than_the_wheel_is_round_waits_its_turns) {
  loop on;
  // 256 slots of 100 ms: these two are in neighbouring slots, a round apart.
  noted near(on);
  noted far(on);
  near.set(milliseconds(200));
  far.set(milliseconds(25'700));
  on.after(milliseconds(600), [&on] { on.stop(); });
  on.run();
  EXPECT_EQ(near.times, 1);
  EXPECT_EQ(far.times, 0);
}

TEST(deadline, ten_thousand_all_expire_once) {
  loop on;
  std::list<noted> all;
  for (int count = 0; count < 10'000; ++count) all.emplace_back(on).set(milliseconds(count % 700));
  int moved = 0;
  for (auto& one : all) {
    if (++moved % 3 == 0) one.set(milliseconds(300));
  }
  on.run_until_idle();
  for (const auto& one : all) {
    ASSERT_EQ(one.times, 1);
    ASSERT_GE(one.late().count(), 0);
  }
}

TEST(deadline, the_wheel_rests_when_there_is_nothing_to_wait_for) {
  loop on;
  noted one(on);
  one.set(milliseconds(0));
  on.run_until_idle();
  // It would not return if the timer went on.
  const auto began = clock::now();
  on.run_until_idle();
  EXPECT_LT(clock::now() - began, std::chrono::seconds(5));
  EXPECT_EQ(one.times, 1);
}

}  // namespace
}  // namespace mutual::net
