// What is told of an issuer's end, and by which command a longer one is made.

#include "authority/issuer_end.hpp"

#include "support/outcome.hpp"
#include "x509/builder.hpp"
#include "x509/profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutual::authority {
namespace {

using std::chrono::days;
using test::good;
using test::message;
using ::testing::EndsWith;

class an_issuer_s_end : public ::testing::Test {
 protected:
  // A CA that began and ends so many days from now.
  x509::certificate ca(const std::string& name, int from, int until) const {
    auto spec = good(x509::describe_certificate(x509::profile::root, {name, {}, {}}, {}, key, days(1)));
    spec.not_before = now() + days(from);
    spec.not_after = now() + days(until);
    return good(x509::make_self_signed(spec, key));
  }
  x509::private_key key = good(x509::private_key::generate());
  x509::certificate root = ca("Root", -2000, 1650);
};

TEST_F(an_issuer_s_end, is_told_where_it_is_near_and_cuts_a_life_short) {
  const auto wanted = now() + days(397);
  EXPECT_THAT(end_note(ca("Middle", -1600, 200), {root}, wanted),
              EndsWith("and what it issues ends with it: make another with mutual rotate intermediate"));
  EXPECT_EQ(end_note(ca("Middle", -1600, 200), {root}, now() + days(199)), "") << "nothing is cut";
  EXPECT_EQ(end_note(ca("Middle", -1, 200), {root}, wanted), "") << "it was made for no longer";
  EXPECT_EQ(end_note(ca("Middle", -900, 900), {root}, wanted), "");
}

TEST_F(an_issuer_s_end, that_is_its_root_s_is_put_off_by_another_root) {
  const auto old_root = ca("Root", -3500, 150);
  const auto middle = ca("Middle", -50, 150);
  EXPECT_EQ(rotation_for(middle, {old_root}), "mutual rotate root");
  EXPECT_THAT(end_note(middle, {old_root}, now() + days(397)), EndsWith("make another with mutual rotate root"));
  // A cross-certificate of a root that goes on is none of its ends.
  const auto cross = ca("Root", -500, 10);
  EXPECT_EQ(rotation_for(ca("Middle", -1600, 200), {cross, root}), "mutual rotate intermediate");
  EXPECT_EQ(rotation_for(ca("Middle", -1600, 200), {ca("Upper", -500, 10), root}), "mutual rotate root");
}

TEST_F(an_issuer_s_end, is_no_end_that_somebody_may_ask_to_go_beyond) {
  const auto middle = ca("Middle", -1600, 200);
  EXPECT_TRUE(check_lifetime(std::nullopt, middle));
  EXPECT_TRUE(check_lifetime(days(199), middle));
  EXPECT_THAT(message(check_lifetime(days(201), middle)),
              EndsWith("(mutual rotate makes an issuer that lasts longer)"));
}

}  // namespace
}  // namespace mutual::authority
