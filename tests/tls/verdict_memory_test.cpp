// A remembered verdict is the verdict that judging anew would give, or it is not given.
#include "tls/verdict_memory.hpp"

#include "support/judging.hpp"
#include "tls/verdict_people.hpp"

#include <openssl/x509.h>

#include <chrono>

namespace mutual::tls {
namespace {

using test::outcome;
using namespace std::chrono_literals;

// As a TLS stack would ask: the leaf, and what came with it.
verdict ask(verdict_memory& memory, const trust& by, const std::vector<test::identity>& chain,
            const judge_options& options = {}) {
  const x509::x509_stack_ptr stack(sk_X509_new_null());
  for (const auto& one : chain) {
    X509_up_ref(one.certificate());
    sk_X509_push(stack.get(), one.certificate());
  }
  return memory.judge(by, chain.empty() ? nullptr : chain.front().certificate(), stack.get(), options);
}

TEST(verdict_memory, whoever_was_found_good_is_the_same_peer_again) {
  const auto by = test::make_trust(with_crls());
  const auto client = alice();
  verdict_memory memory;
  const auto first = ask(memory, *by, sent(client));
  ASSERT_TRUE(first) << first.detail;
  EXPECT_EQ(memory.size(), 1U);
  const auto again = ask(memory, *by, sent(client));
  ASSERT_TRUE(again);
  EXPECT_EQ(again.who, first.who) << "connections of one client share one peer";
  EXPECT_EQ(again.holds.until, first.holds.until);
}

TEST(verdict_memory, refusals_take_no_room) {
  const auto by = test::make_trust(with_crls());
  verdict_memory memory;
  EXPECT_EQ(outcome(ask(memory, *by, {})), "no_certificate");
  EXPECT_EQ(outcome(ask(memory, *by, sent(alice(ended(test::client_spec()))))), "expired");
  EXPECT_EQ(outcome(ask(memory, *by, {test::self_signed(test::client_spec())})), "self_signed");
  EXPECT_EQ(outcome(ask(memory, *by, sent(test::tampered(alice())))), "bad_signature");
  EXPECT_EQ(memory.size(), 0U);
}

TEST(verdict_memory, a_changed_byte_is_another_certificate) {
  const auto by = test::make_trust(with_crls());
  const auto client = alice();
  verdict_memory memory;
  ASSERT_TRUE(ask(memory, *by, sent(client)));
  EXPECT_EQ(outcome(ask(memory, *by, sent(test::tampered(client)))), "bad_signature");
}

TEST(verdict_memory, what_was_sent_with_a_leaf_belongs_to_what_is_remembered) {
  const auto by = test::make_trust(root_only());
  const auto client = alice();
  verdict_memory memory;
  ASSERT_TRUE(ask(memory, *by, sent(client)));
  EXPECT_FALSE(ask(memory, *by, {client})) << "the intermediate is missing, whoever sent it before";
}

TEST(verdict_memory, ends_with_the_certificate_and_forgets_it_then) {
  const auto by = test::make_trust(with_crls());
  const auto client = alice(test::client_spec());
  verdict_memory memory;
  const auto first = ask(memory, *by, sent(client));
  ASSERT_TRUE(first);
  EXPECT_FALSE(ask(memory, *by, sent(client), {.at = first.who->not_after() + day * 100}));
  EXPECT_EQ(memory.size(), 0U);
}

TEST(verdict_memory, ends_with_the_revocation_list) {
  const auto by = test::make_trust(with_crls());
  const auto client = alice();
  verdict_memory memory;
  ASSERT_TRUE(ask(memory, *by, sent(client)));
  EXPECT_EQ(outcome(ask(memory, *by, sent(client), {.at = now() + day * 8})), "revocation_stale");
}

TEST(verdict_memory, a_list_that_begins_later_is_heard_when_it_begins) {
  const auto client = alice();
  auto from = with_crls();
  from.revocations.push_back(test::make_crl(acme().intermediate, {.revoked = {client}, .begins_in = 1h, .number = 2}));
  const auto by = test::make_trust(from);
  verdict_memory memory;
  ASSERT_TRUE(ask(memory, *by, sent(client)));
  EXPECT_EQ(outcome(ask(memory, *by, sent(client), {.at = now() + 2h})), "revoked");
}

TEST(verdict_memory, does_not_serve_another_purpose_host_or_trust) {
  const auto by = test::make_trust(with_crls());
  const auto client = alice();
  verdict_memory memory;
  ASSERT_TRUE(ask(memory, *by, sent(client)));
  EXPECT_EQ(outcome(ask(memory, *by, sent(client), {.use = purpose::server})), "wrong_purpose");
  ASSERT_TRUE(ask(memory, *by, sent(client)));
  EXPECT_FALSE(ask(memory, *by, sent(client), {.host = "elsewhere.example"}));

  auto revoking = with_crls({client});
  revoking.generation = 2;
  ASSERT_TRUE(ask(memory, *by, sent(client)));
  EXPECT_EQ(outcome(ask(memory, *test::make_trust(revoking), sent(client))), "revoked");
}

TEST(verdict_memory, judges_somebody_again_once_for_all_their_connections) {
  const auto client = alice();
  const auto before = test::make_trust(with_crls());
  const auto first = test::judge(*before, sent(client));
  ASSERT_TRUE(first);
  auto same = with_crls();
  same.generation = 2;
  const auto after = test::make_trust(same);
  verdict_memory memory;
  const auto again = memory.judge_again(*after, first.holds);
  ASSERT_TRUE(again);
  EXPECT_EQ(again.holds.generation, 2U);
  EXPECT_NE(again.who, first.who);
  EXPECT_EQ(memory.judge_again(*after, first.holds).who, again.who) << "remembered";
  EXPECT_EQ(memory.judge_again(*after, again.holds).who, again.who);

  auto revoking = with_crls({client});
  revoking.generation = 3;
  verdict_memory newest;
  EXPECT_EQ(outcome(newest.judge_again(*test::make_trust(revoking), first.holds)), "revoked");
  EXPECT_EQ(outcome(newest.judge_again(*test::make_trust(revoking), {})), "no_certificate");
  EXPECT_EQ(newest.size(), 0U);
}

TEST(verdict_memory, is_bounded) {
  const auto by = test::make_trust(root_only());
  verdict_memory memory(16);
  for (int count = 0; count < 100; ++count) {
    ASSERT_TRUE(ask(memory, *by, sent(alice())));
    ASSERT_LE(memory.size(), 16U);
  }
}

}  // namespace
}  // namespace mutual::tls
