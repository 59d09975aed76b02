#include "app/revocation_teller.hpp"

#include "app/people.hpp"

#include <gtest/gtest.h>

namespace mutual::test {
namespace {

using namespace std::chrono_literals;

// Whom a trust of that generation has let in.
tls::standing let_in(const peer& who, std::uint64_t generation) {
  return {.who = std::make_shared<const peer>(who), .generation = generation};
}

class a_teller : public testing::Test {
 protected:
  static http::revocation_found listed(std::uint64_t generation) { return {.generation = generation}; }
  static http::revocation_found answered(std::uint64_t generation, int since) {
    return {.generation = generation, .answered = sys_seconds(std::chrono::seconds(since))};
  }
  // All that was told until now.
  std::string told() {
    EXPECT_TRUE(teller_.finish(10s));
    return names_;
  }

  std::string names_;  // of the teller's thread until it has finished
  revocation_teller teller_{{[this](const peer& who) { names_ += who.name() + " "; }}, logger()};
};

TEST_F(a_teller, tells_of_a_responders_word_once_under_whatever_trust) {
  teller_.found(let_in(alice(), 1), answered(1, 100));
  teller_.found(let_in(alice(), 1), answered(2, 100));
  teller_.found(let_in(alice(), 2), answered(2, 100));
  teller_.found(let_in(bob(), 2), answered(3, 100));
  teller_.found(let_in(alice(), 3), answered(4, 100));
  EXPECT_EQ(told(), "alice bob ");
}

TEST_F(a_teller, tells_of_another_word_under_the_same_trust) {
  teller_.found(let_in(alice(), 1), answered(1, 100));
  teller_.found(let_in(alice(), 1), answered(1, 200));
  EXPECT_EQ(told(), "alice alice ");
}

TEST_F(a_teller, tells_of_a_list_once_until_a_later_trust_has_let_in) {
  teller_.found(let_in(alice(), 1), listed(2));
  teller_.found(let_in(alice(), 1), listed(3));
  teller_.found(let_in(alice(), 2), listed(3));
  teller_.found(let_in(alice(), 4), listed(5));
  EXPECT_EQ(told(), "alice alice ");
}

TEST_F(a_teller, takes_a_list_and_a_responder_that_say_the_same_for_one_revocation) {
  teller_.found(let_in(alice(), 1), listed(2));
  teller_.found(let_in(alice(), 1), answered(1, 100));
  teller_.found(let_in(bob(), 1), answered(1, 100));
  teller_.found(let_in(bob(), 1), listed(2));
  EXPECT_EQ(told(), "alice bob ");
}

TEST_F(a_teller, tells_again_of_who_was_let_in_meanwhile_whatever_says_it) {
  teller_.found(let_in(alice(), 1), answered(1, 100));
  teller_.let_in_again(alice());
  teller_.found(let_in(alice(), 1), listed(2));
  teller_.found(let_in(bob(), 1), answered(1, 100));
  teller_.let_in_again(bob());
  teller_.found(let_in(bob(), 1), answered(1, 100));
  EXPECT_EQ(told(), "alice alice bob bob ");
}

}  // namespace
}  // namespace mutual::test
