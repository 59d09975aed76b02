// How old the revocation lists of a trust are: what a metric and an alarm are made of.
#include "tls/list_ages.hpp"

#include "support/judging.hpp"

#include <optional>

namespace mutual::tls {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using test::make_crl;
using test::make_trust;

class list_ages_of : public testing::Test {
 protected:
  // What is told of that CA; nothing if it is not told.
  static std::optional<revocation_list> told(const std::vector<revocation_list>& all, const test::identity& ca) {
    const auto value = test::value_of(ca);
    for (const auto& one : all) {
      if (one.ca == value.subject() && one.key_id == value.subject_key_id()) return one;
    }
    return std::nullopt;
  }

  test::pki people = test::make_pki();
  sys_seconds at = now();
};

TEST_F(list_ages_of, a_current_list_are_its_dates_and_nothing_overdue) {
  const auto trust = make_trust({.trusted = {people.root},
                                 .revocations = {make_crl(people.root, {.at = at, .number = 7}),
                                                 make_crl(people.intermediate, {.at = at, .number = 16})}});
  const auto all = list_ages(*trust, at);
  ASSERT_EQ(all.size(), 2U);
  const auto root = told(all, people.root);
  ASSERT_TRUE(root);
  EXPECT_FALSE(root->missing);
  EXPECT_EQ(root->number, "7");
  EXPECT_EQ(root->made, at - hours(1));
  EXPECT_EQ(root->due, at + hours(24 * 7));
  EXPECT_EQ(root->age, hours(1));
  EXPECT_EQ(root->overdue, seconds(0));
  EXPECT_EQ(told(all, people.intermediate)->number, "10");
}

TEST_F(list_ages_of, a_list_that_has_ended_count_the_seconds_since) {
  const auto trust = make_trust({.trusted = {people.root}, .revocations = {make_crl(people.root, {.at = at})}});
  const auto due = at + hours(24 * 7);
  EXPECT_EQ(told(list_ages(*trust, due), people.root)->overdue, seconds(0));
  EXPECT_EQ(told(list_ages(*trust, due + seconds(90)), people.root)->overdue, seconds(90));
}

TEST_F(list_ages_of, several_lists_of_one_ca_is_that_of_the_newest_that_has_begun) {
  const auto trust =
      make_trust({.trusted = {people.root},
                  .revocations = {make_crl(people.root, {.begins_in = -hours(3), .at = at, .number = 1}),
                                  make_crl(people.root, {.begins_in = -hours(2), .at = at, .number = 2}),
                                  make_crl(people.root, {.begins_in = hours(1), .at = at, .number = 3})}});
  const auto all = list_ages(*trust, at);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.front().number, "2");
  EXPECT_EQ(list_ages(*trust, at + hours(1)).front().number, "3");
}

TEST_F(list_ages_of, a_ca_without_a_list_says_that_it_is_missing) {
  const auto trust = make_trust(
      {.trusted = {people.root, people.intermediate}, .revocations = {make_crl(people.intermediate, {.at = at})}});
  const auto all = list_ages(*trust, at);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(told(all, people.root)->missing);
  EXPECT_EQ(told(all, people.root)->age, seconds(0));
  EXPECT_FALSE(told(all, people.intermediate)->missing);
}

TEST_F(list_ages_of, a_list_that_has_not_begun_is_a_missing_one) {
  const auto trust =
      make_trust({.trusted = {people.root}, .revocations = {make_crl(people.root, {.begins_in = hours(1), .at = at})}});
  EXPECT_TRUE(told(list_ages(*trust, at), people.root)->missing);
  EXPECT_FALSE(told(list_ages(*trust, at + hours(1)), people.root)->missing);
}

TEST_F(list_ages_of, two_cas_of_one_name_are_told_apart) {
  const auto other = test::self_signed(test::root_spec());
  const auto trust = make_trust({.trusted = {people.root, other},
                                 .revocations = {make_crl(people.root, {.at = at}), make_crl(other, {.at = at})}});
  const auto all = list_ages(*trust, at);
  EXPECT_EQ(all.size(), 2U);
  EXPECT_TRUE(told(all, people.root));
  EXPECT_TRUE(told(all, other));
}

TEST_F(list_ages_of, nobody_is_asked_of_cas_that_have_ended_of_pins_or_where_revocation_is_not_checked) {
  auto ended = test::root_spec("Old Root");
  ended.ends_in = -seconds(10);
  const auto old = test::self_signed(ended);
  const auto pin = test::self_signed(test::tutorial_spec());
  const auto trust = make_trust({.trusted = {people.root, old, pin},
                                 .revocations = {make_crl(people.root, {.at = at}), make_crl(old, {.at = at})}});
  const auto all = list_ages(*trust, at);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(told(all, people.root));
  EXPECT_TRUE(list_ages(*make_trust({.trusted = {people.root}}), at).empty());
}

}  // namespace
}  // namespace mutual::tls
