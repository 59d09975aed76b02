// What is thought of clients by what OCSP responders have said, and who is asked when.
#include "tls/ocsp_book.hpp"

#include "support/captured_log.hpp"
#include "support/ocsp_answer.hpp"
#include "tls/ocsp_page.hpp"
#include "tls/verdict_people.hpp"

#include <thread>

namespace mutual::tls {
namespace {

using namespace std::chrono_literals;
using test::identity;
using test::ocsp_words;
using testing::HasSubstr;
using outcome = ocsp_book::outcome;

constexpr auto url = "http://ocsp.example/";
ocsp_words revoked() { return {.status = V_OCSP_CERTSTATUS_REVOKED}; }

class a_book : public testing::Test {
 protected:
  ocsp_check asking(unanswered policy = unanswered::strict) const {
    return {.ask = url, .policy = policy, .grace = policy == unanswered::grace ? 6h : 0h, .tolerance = 0s};
  }
  std::shared_ptr<ocsp_book> book(const ocsp_check& how) {
    return std::make_shared<ocsp_book>(
        how, [this](ocsp_question_to one) { sent_.push_back(std::move(one)); }, log_.to());
  }
  static trust_settings asks() {
    trust_settings out;
    out.asks_ocsp = true;
    return out;
  }
  static std::shared_ptr<const trust> trusted(std::vector<std::shared_ptr<X509_CRL>> lists = {}) {
    return test::make_trust({.trusted = {acme().root}, .revocations = std::move(lists), .settings = asks()});
  }
  static std::shared_ptr<const peer> peer_of(const trust& by, const identity& who) {
    const auto judged = test::judge(by, sent(who));
    if (!judged) throw std::runtime_error(judged.detail);
    return judged.who;
  }
  // Pages about that client alone: the CA above it is on a list.
  ocsp_book::pages about(ocsp_book& in, const identity& who) {
    const auto by = trusted({test::make_crl(acme().root)});
    return in.about(*by, *peer_of(*by, who));
  }
  // What the last question is answered with.
  void answer(const identity& about, ocsp_words what = {}, const identity& signer = acme().intermediate) {
    auto one = take();
    what.nonce = test::nonce_in(one.question().value());
    one.heard(test::ocsp_answer(about, acme().intermediate, signer, what));
  }
  void fail() { take().heard(error(errc::timed_out, "nobody is there")); }
  ocsp_question_to take() {
    auto one = std::move(sent_.back());
    sent_.pop_back();
    return one;
  }
  bool ask(ocsp_book& in, const ocsp_book::pages& of) {
    return in.ask(of, [this] { ++settled_; });
  }
  static std::string told(const std::optional<finding>& of) {
    return of ? std::string(to_string(of->why)) : std::string("good");
  }

  std::vector<ocsp_question_to> sent_;
  int settled_ = 0;
  test::captured_log log_;
  const identity alice_ = alice();
};

TEST_F(a_book, asks_once_and_knows_it_until_the_answer_ends) {
  const auto of = book(asking());
  const auto pages = about(*of, alice_);
  ASSERT_EQ(pages.size(), 1U);
  EXPECT_FALSE(ocsp_book::are_good(pages, now()));
  EXPECT_EQ(told(of->objection_unasked(pages, now())), "good") << "it is to be asked first";
  EXPECT_EQ(told(of->objection(pages, now())), "revocation_unknown");
  ASSERT_TRUE(ask(*of, pages));
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].url, url);
  EXPECT_EQ(settled_, 0);
  answer(alice_);
  EXPECT_EQ(settled_, 1);
  EXPECT_FALSE(ask(*of, pages)) << "it is known";
  EXPECT_FALSE(ask(*of, about(*of, alice_)));
  EXPECT_EQ(told(of->objection(pages, now())), "good");
  EXPECT_TRUE(ocsp_book::are_good(pages, now() + 59min));
  EXPECT_FALSE(ocsp_book::are_good(pages, now() + 61min));
  const auto stale = of->objection(pages, now() + 61min);
  EXPECT_EQ(told(stale), "revocation_stale");
  EXPECT_THAT(stale->detail, HasSubstr("CN=alice"));
  EXPECT_EQ(of->counted(outcome::good), 1U);
}

TEST_F(a_book, asks_one_question_about_a_certificate_however_many_wait) {
  const auto of = book(asking());
  const auto pages = about(*of, alice_);
  for (int count = 0; count < 100; ++count) EXPECT_TRUE(ask(*of, about(*of, alice_)));
  EXPECT_EQ(sent_.size(), 1U);
  answer(alice_);
  EXPECT_EQ(settled_, 100);
  EXPECT_TRUE(ask(*of, about(*of, alice())));
  EXPECT_EQ(sent_.size(), 1U) << "about somebody else";
}

TEST_F(a_book, refuses_whoever_is_revoked_or_not_known_whatever_the_policy) {
  for (const auto policy : {unanswered::strict, unanswered::grace, unanswered::off}) {
    const auto of = book(asking(policy));
    const auto pages = about(*of, alice_);
    ASSERT_TRUE(ask(*of, pages));
    answer(alice_, revoked());
    const auto found = of->objection(pages, now());
    EXPECT_EQ(told(found), "revoked");
    EXPECT_THAT(found->detail, HasSubstr(url));
    EXPECT_EQ(told(of->objection_unasked(pages, now())), "revoked") << "within the handshake";
    EXPECT_EQ(told(of->objection(pages, now() + 48h)), "revoked") << "an answer that ended still says so";
    EXPECT_FALSE(ocsp_book::are_good(pages, now()));
    const auto bob = alice(test::client_spec("bob"));
    const auto others = about(*of, bob);
    ASSERT_TRUE(ask(*of, others));
    answer(bob, {.status = V_OCSP_CERTSTATUS_UNKNOWN});
    EXPECT_EQ(told(of->objection(others, now())), "revocation_unknown");
    EXPECT_FALSE(ocsp_book::are_good(others, now()));
  }
}

TEST_F(a_book, without_an_answer_lets_in_by_its_policy_and_rests_before_it_asks_again) {
  for (const auto policy : {unanswered::strict, unanswered::grace, unanswered::off}) {
    const auto of = book(asking(policy));
    const auto pages = about(*of, alice_);
    const auto wanted = policy == unanswered::off ? "good" : "revocation_unknown";
    ASSERT_TRUE(ask(*of, pages));
    fail();
    EXPECT_EQ(settled_, 1);
    const auto found = of->objection(pages, now());
    EXPECT_EQ(told(found), wanted);
    EXPECT_THAT(found ? found->detail : "nobody is there", HasSubstr("nobody is there"));
    EXPECT_EQ(ocsp_book::are_good(pages, now()), policy == unanswered::off);
    EXPECT_FALSE(ask(*of, pages));
    EXPECT_EQ(told(of->objection_unasked(pages, now())), wanted) << "within the handshake";
    EXPECT_FALSE(ask(*of, about(*of, alice()))) << "nor about others: the responder is silent";
    std::this_thread::sleep_for(2100ms);
    EXPECT_TRUE(ask(*of, pages));
    answer(alice_);
    EXPECT_EQ(told(of->objection(pages, now())), "good");
    settled_ = 0;
  }
}

TEST_F(a_book, whose_answer_has_ended_asks_again_and_heeds_its_policy_if_nothing_comes) {
  for (const auto policy : {unanswered::strict, unanswered::grace, unanswered::off}) {
    const auto of = book(asking(policy));
    const auto pages = about(*of, alice_);
    ASSERT_TRUE(ask(*of, pages));
    answer(alice_, {.ends_in = 1s});
    std::this_thread::sleep_for(2100ms);
    ASSERT_TRUE(ask(*of, pages));
    fail();
    const auto strict = policy == unanswered::strict;
    EXPECT_EQ(told(of->objection(pages, now())), strict ? "revocation_stale" : "good");
    EXPECT_EQ(ocsp_book::are_good(pages, now()), !strict);
    EXPECT_EQ(ocsp_book::are_good(pages, now() + 7h), policy == unanswered::off);
    EXPECT_EQ(told(of->objection(pages, now() + 7h)), policy == unanswered::off ? "good" : "revocation_stale");
  }
}

TEST_F(a_book, believes_no_answer_that_does_not_count_and_says_so_once) {
  const auto of = book(asking());
  const auto pages = about(*of, alice_);
  ASSERT_TRUE(ask(*of, pages));
  answer(alice_, {}, acme().root);
  EXPECT_EQ(told(of->objection(pages, now())), "revocation_unknown");
  EXPECT_THAT(of->objection(pages, now())->detail, HasSubstr("neither by the certificate's issuer"));
  const auto others = about(*of, acme().client);
  ASSERT_TRUE(ask(*of, others)) << "it has answered, so that others may be asked about";
  auto one = take();
  (void)one.question();
  one.heard(test::ocsp_answer(acme().client, acme().intermediate, acme().intermediate, {.nonce = "of somebody else"}));
  EXPECT_EQ(told(of->objection(others, now())), "revocation_unknown");
  EXPECT_EQ(of->counted(outcome::failed), 2U);
  EXPECT_TRUE(log_.wait_for("http://ocsp.example/ gives no answer that counts"));
}

TEST_F(a_book, does_not_take_back_what_was_said_later) {
  const auto of = book(asking());
  const auto pages = about(*of, alice_);
  ASSERT_TRUE(ask(*of, pages));
  answer(alice_, {.status = V_OCSP_CERTSTATUS_REVOKED, .begins_in = 0s, .ends_in = 1s});
  std::this_thread::sleep_for(1100ms);
  ASSERT_TRUE(ask(*of, pages));
  answer(alice_, {.begins_in = -1h});
  EXPECT_EQ(told(of->objection(pages, now())), "revoked") << "an older answer was kept by somebody";
  std::this_thread::sleep_for(2100ms);
  ASSERT_TRUE(ask(*of, pages));
  answer(alice_, {.begins_in = 0s});
  EXPECT_EQ(told(of->objection(pages, now())), "good") << "a hold was released";
}

TEST_F(a_book, asks_about_each_ca_below_the_anchor_that_no_list_speaks_of) {
  const auto of = book(asking());
  const auto by = trusted();
  const auto pages = of->about(*by, *peer_of(*by, alice_));
  ASSERT_EQ(pages.size(), 2U);
  ASSERT_TRUE(ask(*of, pages));
  ASSERT_EQ(sent_.size(), 2U);
  auto above = take();
  answer(alice_);
  EXPECT_EQ(settled_, 0) << "not before both are known";
  (void)above.question();
  above.heard(test::ocsp_answer(acme().intermediate, acme().root, acme().root, revoked()));
  EXPECT_EQ(settled_, 1);
  const auto found = of->objection(pages, now());
  EXPECT_EQ(told(found), "revoked");
  EXPECT_THAT(found->detail, HasSubstr("Acme Intermediate"));
}

TEST_F(a_book, leaves_to_lists_whom_they_speak_of) {
  const auto by = trusted({test::make_crl(acme().root, {.revoked = {acme().intermediate}})});
  EXPECT_EQ(test::outcome(test::judge(*by, sent(alice_))), "revoked");
  const auto both = trusted({test::make_crl(acme().root), test::make_crl(acme().intermediate, {.revoked = {alice_}})});
  EXPECT_EQ(test::outcome(test::judge(*both, sent(alice_))), "revoked") << "a list of the client's CA counts too";
  const auto without = test::make_trust({.trusted = {acme().root}, .revocations = {test::make_crl(acme().root)}});
  EXPECT_EQ(test::outcome(test::judge(*without, sent(alice_))), "revocation_unknown") << "unless somebody is asked";
}

TEST_F(a_book, asks_about_nobody_who_is_trusted_by_itself) {
  const auto of = book(asking());
  const auto by = test::make_trust({.trusted = {alice_}, .settings = asks()});
  EXPECT_TRUE(of->about(*by, *test::judge(*by, {alice_}).who).empty());
}

TEST_F(a_book, asks_whom_the_certificate_names_over_http_alone) {
  auto how = asking();
  how.ask = "certificate";
  const auto naming = [](const std::string& value) {
    return alice(client_with([&](auto& contents) { contents.more = {{"authorityInfoAccess", value}}; }));
  };
  const auto named = naming("OCSP;URI:http://responder.example/ask");
  const auto of = book(how);
  ASSERT_TRUE(ask(*of, about(*of, named)));
  EXPECT_EQ(take().url, "http://responder.example/ask");
  for (const auto& one : {alice_, naming("OCSP;URI:https://responder.example/"), naming("OCSP;URI:file:///etc/passwd"),
                          naming("caIssuers;URI:http://responder.example/")}) {
    const auto pages = about(*of, one);
    EXPECT_FALSE(ask(*of, pages));
    const auto found = of->objection_unasked(pages, now());
    EXPECT_EQ(told(found), "revocation_unknown");
    EXPECT_THAT(found->detail, HasSubstr("names no OCSP responder"));
  }
  EXPECT_TRUE(sent_.empty());
}

TEST_F(a_book, keeps_so_many_answers_and_those_that_are_in_use) {
  auto how = asking(unanswered::off);
  how.most_kept = 2;
  const auto of = book(how);
  const auto kept = about(*of, alice_);
  for (int count = 0; count < 5; ++count) (void)about(*of, alice());
  EXPECT_EQ(of->kept(), 2U);
  EXPECT_EQ(about(*of, alice_).front(), kept.front()) << "it was in use";
}

TEST_F(a_book, asks_anew_about_those_in_use_at_half_of_their_time_and_tells_who_must_go) {
  const auto of = book(asking());
  auto pages = about(*of, alice_);
  ASSERT_TRUE(ask(*of, pages));
  answer(alice_);
  int changed = 0;
  const auto tell = [&] { ++changed; };
  of->refresh(now() + 29min, tell);
  EXPECT_TRUE(sent_.empty());
  of->refresh(now() + 31min, tell);
  ASSERT_EQ(sent_.size(), 1U);
  of->refresh(now() + 31min, tell);
  EXPECT_EQ(sent_.size(), 1U) << "it is on its way";
  answer(alice_);
  EXPECT_EQ(changed, 0);
  of->refresh(now() + 31min, tell);
  answer(alice_, revoked());
  EXPECT_EQ(changed, 1);
  EXPECT_FALSE(ocsp_book::are_good(pages, now()));
  const auto unused = alice();
  ASSERT_TRUE(ask(*of, about(*of, unused)));
  answer(unused);
  of->refresh(now() + 31min, tell);
  EXPECT_TRUE(sent_.empty()) << "nobody needs it";
}

TEST_F(a_book, holds_an_answer_without_an_end_for_a_minute) {
  const auto of = book(asking());
  const auto pages = about(*of, alice_);
  ASSERT_TRUE(ask(*of, pages));
  answer(alice_, {.ends_in = {}});
  EXPECT_TRUE(ocsp_book::are_good(pages, now() + 58s));
  EXPECT_FALSE(ocsp_book::are_good(pages, now() + 61s));
}

TEST_F(a_book, that_has_gone_is_told_nothing_more) {
  auto of = book(asking());
  const auto pages = about(*of, alice_);
  ASSERT_TRUE(ask(*of, pages));
  of.reset();
  fail();
  EXPECT_EQ(settled_, 0);
}

}  // namespace
}  // namespace mutual::tls
