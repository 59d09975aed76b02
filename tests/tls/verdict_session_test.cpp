// What stays with a session: it is judged again, and by what holds then (promises 2 and 3).
#include "support/judging.hpp"
#include "tls/verdict.hpp"
#include "tls/verdict_people.hpp"

#include <chrono>

namespace mutual::tls {
namespace {

using test::issue;
using test::judge;
using test::outcome;
using test::self_signed;
using test::spec;
using test::trusting;
using namespace std::chrono_literals;

TEST(verdict, holds_again_at_no_cost_while_nothing_changes) {
  const auto by = test::make_trust(with_crls());
  const auto first = judge(*by, sent(alice()));
  ASSERT_TRUE(first) << first.detail;
  EXPECT_TRUE(still_holds(*by, first.holds));
  const auto again = judge_again(*by, first.holds);
  ASSERT_TRUE(again);
  EXPECT_EQ(again.who, first.who) << "the same peer, not a new one";
}

TEST(verdict, a_resumed_session_ends_with_its_certificate) {
  const auto by = test::make_trust(root_only());
  const auto first = judge(*by, sent(alice()));
  ASSERT_TRUE(first);
  EXPECT_EQ(outcome(judge_again(*by, first.holds, {.at = first.who->not_after()})), "good");
  EXPECT_EQ(outcome(judge_again(*by, first.holds, {.at = first.who->not_after() + 1s})), "expired");
}

TEST(verdict, a_resumed_session_ends_with_its_intermediate) {
  auto short_lived = test::intermediate_spec();
  short_lived.ends_in = 1h;
  const auto intermediate = issue(acme().root, short_lived);
  const auto by = test::make_trust(root_only());
  const auto first = judge(*by, {issue(intermediate, test::client_spec()), intermediate});
  ASSERT_TRUE(first) << first.detail;
  EXPECT_EQ(outcome(judge_again(*by, first.holds, {.at = now() + 2h})), "expired");
}

TEST(verdict, a_resumed_session_ends_with_its_revocation_list) {
  const auto by = test::make_trust(with_crls());
  const auto first = judge(*by, sent(alice()));
  ASSERT_TRUE(first) << first.detail;
  EXPECT_EQ(outcome(judge_again(*by, first.holds, {.at = now() + day * 8})), "revocation_stale");
}

TEST(verdict, a_list_that_begins_later_is_heard_when_it_begins) {
  const auto client = alice();
  auto from = with_crls();
  from.revocations.push_back(test::make_crl(acme().intermediate, {.revoked = {client}, .begins_in = 1h, .number = 2}));
  const auto by = test::make_trust(from);
  const auto first = judge(*by, sent(client));
  ASSERT_TRUE(first) << first.detail;
  EXPECT_EQ(outcome(judge_again(*by, first.holds, {.at = now() + 30min})), "good");
  EXPECT_EQ(outcome(judge_again(*by, first.holds, {.at = now() + 2h})), "revoked");
}

TEST(verdict, a_resumed_session_is_judged_by_the_trust_of_now) {
  const auto client = alice();
  const auto before = test::make_trust(with_crls());
  const auto first = judge(*before, sent(client));
  ASSERT_TRUE(first) << first.detail;

  auto revoking = with_crls({client});
  revoking.generation = 2;
  EXPECT_EQ(outcome(judge_again(*test::make_trust(revoking), first.holds)), "revoked");

  const trusting elsewhere{.trusted = {self_signed(test::root_spec("Other Root"))}, .generation = 3};
  EXPECT_EQ(outcome(judge_again(*test::make_trust(elsewhere), first.holds)), "unknown_issuer");

  auto same = with_crls();
  same.generation = 4;
  const auto again = judge_again(*test::make_trust(same), first.holds);
  ASSERT_TRUE(again) << again.detail;
  EXPECT_EQ(again.holds.generation, 4U);
  EXPECT_EQ(again.who->sha256(), first.who->sha256());
}

TEST(verdict, a_clock_that_went_back_makes_it_look_again) {
  const auto by = test::make_trust(root_only());
  const auto first = judge(*by, sent(alice()));
  ASSERT_TRUE(first);
  EXPECT_FALSE(still_holds(*by, first.holds, {.at = first.holds.from - 1s}));
  EXPECT_EQ(outcome(judge_again(*by, first.holds, {.at = first.who->not_before() - 1s})), "not_yet_valid");
}

TEST(verdict, an_empty_session_is_nobody) {
  const auto by = test::make_trust(root_only());
  EXPECT_FALSE(still_holds(*by, standing{}));
  EXPECT_EQ(outcome(judge_again(*by, standing{})), "no_certificate");
}

}  // namespace
}  // namespace mutual::tls
