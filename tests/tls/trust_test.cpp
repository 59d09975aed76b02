// The trust: what its certificates count as, and what it refuses to be made from.
#include "tls/trust.hpp"

#include "support/judging.hpp"

#include <chrono>

namespace mutual::tls {
namespace {

using test::make_trust;
using test::trusting;
using test::try_trust;
using testing::ElementsAre;
using testing::HasSubstr;
using role = trust::role;

constexpr auto day = std::chrono::hours(24);

std::vector<role> roles(const std::vector<test::identity>& trusted) {
  std::vector<role> all;
  const auto made = make_trust({.trusted = trusted});
  for (const auto& each : made->entries()) all.push_back(each.as);
  return all;
}

std::string why_not(const trusting& from) {
  const auto made = try_trust(from);
  return made ? "made" : made.error().message();
}

TEST(trust, nobody_to_trust_is_an_error) { EXPECT_THAT(why_not({}), HasSubstr("nobody to trust")); }

TEST(trust, tells_anchors_intermediates_and_pins_apart) {
  const auto pki = test::make_pki();
  const auto tutorial = test::self_signed(test::tutorial_spec());
  EXPECT_THAT(roles({pki.intermediate, pki.root, tutorial, pki.client}),
              ElementsAre(role::intermediate, role::anchor, role::pin, role::pin));
  EXPECT_THAT(roles({pki.intermediate}), ElementsAre(role::anchor));
  EXPECT_THAT(roles({pki.root, pki.root}), ElementsAre(role::anchor));
}

TEST(trust, an_issuer_of_the_same_name_but_another_key_does_not_make_an_intermediate) {
  const auto pki = test::make_pki();
  EXPECT_THAT(roles({pki.intermediate, test::self_signed(test::root_spec())}), ElementsAre(role::anchor, role::anchor));
}

TEST(trust, two_cas_that_certify_each_other_are_anchors) {
  auto a = test::root_spec("A");
  auto b = test::root_spec("B");
  a.with = test::make_p256_key();
  b.with = test::make_p256_key();
  const auto a_by_b = test::issue(test::self_signed(b), a);
  const auto b_by_a = test::issue(test::self_signed(a), b);
  EXPECT_THAT(roles({a_by_b, b_by_a}), ElementsAre(role::anchor, role::anchor));
}

TEST(trust, notes_what_an_operator_should_know) {
  const auto pki = test::make_pki();
  auto old = test::root_spec("Old Root");
  old.begins_in = -day * 20;
  old.ends_in = -day;
  const auto trusted =
      make_trust({.trusted = {test::self_signed(test::tutorial_spec()), test::self_signed(old), pki.root},
                  .revocations = {test::make_crl(pki.root, {.begins_in = -day * 2, .ends_in = -day})}});
  EXPECT_THAT(trusted->notes(now()),
              ElementsAre(HasSubstr("pinned"), HasSubstr("'CN=Old Root,O=Acme' ended"), HasSubstr("revocation list")));
  EXPECT_TRUE(make_trust({.trusted = {pki.root, pki.client}})->notes(now()).empty());
}

// As from a file of a leaf and its intermediate, which whoever names it may take for that one client alone.
TEST(trust, notes_that_the_issuer_of_a_pin_lets_in_all_of_its_clients) {
  const auto pki = test::make_pki();
  const auto notes = make_trust({.trusted = {pki.client, pki.intermediate}})->notes(now());
  EXPECT_THAT(notes, ElementsAre(HasSubstr("everybody whom that CA has certified is let in")));
}

TEST(trust, names_its_cas_for_the_certificate_request) {
  const auto pki = test::make_pki();
  const auto tutorial = test::self_signed(test::tutorial_spec("pinned"));
  const auto names = make_trust({.trusted = {pki.root, tutorial}})->acceptable_issuers();
  ASSERT_EQ(sk_X509_NAME_num(names.get()), 2);
  EXPECT_EQ(X509_NAME_cmp(sk_X509_NAME_value(names.get(), 0), X509_get_subject_name(pki.root.certificate())), 0);
  EXPECT_EQ(X509_NAME_cmp(sk_X509_NAME_value(names.get(), 1), X509_get_subject_name(tutorial.certificate())), 0);
}

TEST(trust, of_hundreds_of_cas_no_names_are_sent) {
  std::vector<test::identity> many;
  auto contents = test::root_spec();
  contents.with = test::make_p256_key();
  for (int at = 0; at < 400; ++at) {
    contents.common_name = "A Certification Authority with a Rather Long Name " + std::to_string(at);
    many.push_back(test::self_signed(contents));
  }
  EXPECT_EQ(sk_X509_NAME_num(make_trust({.trusted = many})->acceptable_issuers().get()), 0);
}

TEST(trust, a_certificate_that_cannot_be_read_is_an_error) {
  auto contents = test::root_spec();
  contents.more = {{"keyUsage", "critical,keyCertSign"}};
  EXPECT_THAT(why_not({.trusted = {test::self_signed(contents)}}), HasSubstr("cannot be read"));
}

TEST(trust, revocation_lists_that_nobody_could_be_judged_by_are_errors) {
  const auto pki = test::make_pki();
  const auto with = [&](const test::identity& issuer, const test::crl_spec& contents) {
    return why_not({.trusted = {pki.root}, .revocations = {test::make_crl(issuer, contents)}});
  };
  EXPECT_EQ(with(pki.root, {}), "made");
  EXPECT_EQ(with(pki.intermediate, {}), "made") << "its issuer is seen with the clients' chains";
  EXPECT_EQ(with(pki.root, {.begins_in = -day * 2, .ends_in = -day}), "made") << "stale is told when somebody comes";
  EXPECT_THAT(with(pki.root, {.ends_in = std::nullopt}), HasSubstr("nextUpdate"));
  EXPECT_THAT(with(pki.root, {.number = std::nullopt}), HasSubstr("cRLNumber"));
  // Below 0; of 21 octets; no number at all. The lowest is 0, and the longest is of 20 octets.
  for (const auto* const bad : {"DER:0201FF", "DER:021501000000000000000000000000000000000000000000", "DER:0500"}) {
    EXPECT_THAT(with(pki.root, {.number = std::nullopt, .more = {{"2.5.29.20", bad}}}), HasSubstr("a number that is"));
  }
  for (const auto* const good : {"DER:020100", "DER:02147FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"}) {
    EXPECT_EQ(with(pki.root, {.number = std::nullopt, .more = {{"2.5.29.20", good}}}), "made");
  }
  EXPECT_THAT(with(pki.root, {.more = {{"1.2.3.4.5", "critical,DER:0500"}}}), HasSubstr("critical"));
  EXPECT_THAT(with(test::with_other_key(pki.root), {}), HasSubstr("not signed by"));
}

TEST(trust, a_list_of_a_ca_that_may_not_sign_lists_is_an_error) {
  auto contents = test::root_spec();
  contents.key_usage = "critical,keyCertSign";
  const auto root = test::self_signed(contents);
  EXPECT_THAT(why_not({.trusted = {root}, .revocations = {test::make_crl(root)}}), HasSubstr("cRLSign"));
}

TEST(trust, policies_must_be_object_identifiers) {
  const auto pki = test::make_pki();
  trusting from{.trusted = {pki.root}};
  from.settings.certificate_policies.acceptable = {"gold"};
  EXPECT_THAT(why_not(from), HasSubstr("'gold'"));
}

TEST(trust, tells_when_a_revocation_list_next_begins_or_ends) {
  const auto pki = test::make_pki();
  const auto list = test::make_crl(pki.root, {.begins_in = -day, .ends_in = day});
  const auto by = make_trust({.trusted = {pki.root}, .revocations = {list}});
  const auto& value = by->revocations().front();
  EXPECT_EQ(by->next_revocation_event(now()), value.next_update());
  EXPECT_EQ(by->next_revocation_event(value.this_update() - std::chrono::seconds(1)), value.this_update());
  EXPECT_FALSE(by->next_revocation_event(*value.next_update()));
}

}  // namespace
}  // namespace mutual::tls
