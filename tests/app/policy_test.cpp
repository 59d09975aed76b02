#include "app/glob.hpp"
#include "app/people.hpp"
#include "app/state.hpp"

#include <mutual/mutual.hpp>
#include <mutual/policy.hpp>
#include <mutual/test_client.hpp>

namespace mutual {
namespace {

using test::alice;
using test::bob;

TEST(glob, a_star_is_one_or_more_characters_of_one_part) {
  EXPECT_TRUE(glob_matches("spiffe://acme/ops/*", "spiffe://acme/ops/bob", '/'));
  EXPECT_FALSE(glob_matches("spiffe://acme/ops/*", "spiffe://acme/ops/", '/'));
  EXPECT_FALSE(glob_matches("spiffe://acme/ops/*", "spiffe://acme/ops/eu/bob", '/'));
  EXPECT_FALSE(glob_matches("spiffe://acme/ops/*", "spiffe://acme/opsx/bob", '/'));
  EXPECT_FALSE(glob_matches("spiffe://acme/ops/*", "xspiffe://acme/ops/bob", '/'));
  EXPECT_TRUE(glob_matches("spiffe://*/ops/b*b", "spiffe://acme/ops/bob", '/'));
  EXPECT_FALSE(glob_matches("spiffe://*/ops/b*b", "spiffe://acme/ops/bb", '/'));
}

TEST(glob, two_stars_cross_parts_and_are_not_empty_either) {
  EXPECT_TRUE(glob_matches("spiffe://acme/**", "spiffe://acme/ops/eu/bob", '/'));
  EXPECT_FALSE(glob_matches("spiffe://acme/**", "spiffe://acme/", '/'));
  EXPECT_FALSE(glob_matches("spiffe://acme/**", "spiffe://evil/acme/", '/'));
  EXPECT_TRUE(glob_matches("**/bob", "a/b/bob", '/'));
  EXPECT_TRUE(glob_matches("***", "a/b", '/'));
}

TEST(glob, everything_else_stands_for_itself) {
  EXPECT_TRUE(glob_matches("a.c?[x]", "a.c?[x]", '/'));
  EXPECT_FALSE(glob_matches("a.c", "abc", '/'));
  EXPECT_TRUE(glob_matches("", "", '/'));
  EXPECT_FALSE(glob_matches("", "a", '/'));
  EXPECT_FALSE(glob_matches("a", "", '/'));
  EXPECT_TRUE(glob_matches("*", "any thing/at all", '\0'));
}

TEST(glob, a_pattern_made_to_be_slow_is_not) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "**a*";
  EXPECT_FALSE(glob_matches(pattern + "b", std::string(4000, 'a'), '/'));
}

TEST(policies, each_predicate_looks_at_its_own_part_of_the_certificate) {
  EXPECT_TRUE(policy::uri("spiffe://acme/ops/*").admits(alice()));
  EXPECT_FALSE(policy::uri("spiffe://acme/ops/*").admits(bob()));
  EXPECT_TRUE(policy::dns("*.PEOPLE.acme.example").admits(alice()));
  EXPECT_FALSE(policy::dns("*.acme.example").admits(alice()));
  EXPECT_TRUE(policy::dns("**.acme.example").admits(alice()));
  EXPECT_TRUE(policy::email("Alice@ACME.example").admits(alice()));
  EXPECT_FALSE(policy::email("alice@acme.example").admits(alice()));
  EXPECT_TRUE(policy::email("*@acme.example").admits(alice()));
  EXPECT_TRUE(policy::cn("alice").admits(alice()));
  EXPECT_FALSE(policy::cn("Alice").admits(alice()));
  EXPECT_TRUE(policy::ou("staff").admits(alice()));
  EXPECT_FALSE(policy::ou("staff").admits(bob()));
  EXPECT_TRUE(policy::o("Acme").admits(bob()));
  EXPECT_TRUE(policy::issuer("CN=Acme Issuing CA,O=Acme").admits(bob()));
  EXPECT_TRUE(policy::issuer("CN=*,O=Acme").admits(bob()));
  EXPECT_FALSE(policy::issuer("CN=*").admits(bob()));
  EXPECT_TRUE(policy::serial("00:1F:0A").admits(alice()));
  EXPECT_FALSE(policy::serial("1f0a").admits(bob()));
  EXPECT_TRUE(policy::sha256(alice().sha256()).admits(alice()));
  EXPECT_FALSE(policy::sha256(alice().sha256()).admits(bob()));
  EXPECT_TRUE(policy::any_peer().admits(bob()));
  EXPECT_FALSE(policy::nobody().admits(bob()));
  EXPECT_TRUE(policy::custom("b", [](const peer& who) { return who.name()[0] == 'b'; }).admits(bob()));
}

TEST(policies, a_fingerprint_may_be_written_with_colons_and_capitals) {
  std::string colons;
  for (std::size_t i = 0; i < 64; i += 2) {
    if (i > 0) colons += ':';
    colons += alice().sha256().substr(i, 2);
  }
  colons.replace(colons.size() - 2, 2, "A1");
  EXPECT_TRUE(policy::sha256(colons).admits(alice()));
}

TEST(policies, a_predicate_that_can_match_nothing_is_an_error) {
  EXPECT_THROW(policy::uri(""), std::invalid_argument);
  EXPECT_THROW(policy::sha256("abcd"), std::invalid_argument);
  EXPECT_THROW(policy::sha256(std::string(64, 'g')), std::invalid_argument);
  EXPECT_THROW(policy::serial(""), std::invalid_argument);
  EXPECT_THROW(policy::custom("none", nullptr), std::invalid_argument);
}

TEST(policies, compose) {
  const auto rule = policy::uri("spiffe://acme/ops/*") || (policy::o("Acme") && !policy::ou("admins"));
  EXPECT_TRUE(rule.admits(alice()));
  EXPECT_TRUE(rule.admits(bob()));
  EXPECT_FALSE((policy::o("Acme") && !policy::ou("admins")).admits(alice()));
}

TEST(policies, are_printed_as_they_are_written) {
  EXPECT_EQ(to_string(policy::uri("spiffe://acme/ops/*") || policy::ou("admins")),
            R"(uri("spiffe://acme/ops/*") || ou("admins"))");
  EXPECT_EQ(to_string((policy::ou("a") || policy::ou("b")) && !(policy::cn("c") && policy::any_peer())),
            R"((ou("a") || ou("b")) && !(cn("c") && any_peer()))");
  EXPECT_EQ(to_string(policy::anyone() || policy::nobody() || policy::cn("q\"\\")),
            R"(anyone() || nobody() || cn("q\"\\"))");
  EXPECT_EQ(to_string(!!policy::cn("a")), R"(!!cn("a"))");
}

TEST(policies, a_client_without_a_certificate_passes_neither_a_predicate_nor_its_negation) {
  for (const auto& about :
       {policy::uri("**"), policy::ou("staff"), policy::custom("all", [](const peer&) { return true; })}) {
    EXPECT_FALSE(about.admits_strangers()) << to_string(about);
    EXPECT_FALSE((!about).admits_strangers()) << to_string(about);
    EXPECT_FALSE((about || !about).admits_strangers()) << to_string(about);
  }
  EXPECT_TRUE(policy::anyone().admits_strangers());
  EXPECT_FALSE(policy::any_peer().admits_strangers());
  EXPECT_TRUE((!policy::any_peer()).admits_strangers());
  EXPECT_FALSE((policy::anyone() && policy::ou("staff")).admits_strangers());
}

TEST(policies, a_predicate_that_throws_admits_nobody_and_neither_does_its_negation) {
  const auto broken = policy::custom("broken", [](const peer&) -> bool { throw std::runtime_error("no database"); });
  EXPECT_FALSE(broken.admits(alice()));
  EXPECT_FALSE((!broken).admits(alice()));
  EXPECT_TRUE((broken || policy::any_peer()).admits(alice()));
  EXPECT_FALSE((broken && policy::any_peer()).admits(alice()));
}

struct service_with_groups : testing::Test {
  service_with_groups() {
    auto admin = service.group("/admin");
    admin.get("/before", [] { return "before"; });
    admin.require(policy::ou("admins"));
    admin.get("/after", [] { return "after"; });
    admin.group("/deep").get("/own", [] { return "own"; }).require(policy::cn("alice"));
    service.get("/open", [](maybe_peer who) { return who ? who->name() : "stranger"; });
    service.get("/known", [](const peer& who) { return who.name(); });
  }
  app service;
};

TEST_F(service_with_groups, a_groups_policy_counts_for_all_its_routes_whenever_they_were_added) {
  test_client client(service);
  for (const char* target : {"/admin/before", "/admin/after", "/admin/deep/own"}) {
    EXPECT_EQ(client.as(alice()).get(target).status, 200) << target;
    EXPECT_EQ(client.as(bob()).get(target).status, 403) << target;
    EXPECT_EQ(client.as_stranger().get(target).status, 403) << target;
  }
}

TEST_F(service_with_groups, who_is_denied_is_told_the_reason_and_the_log_the_policy) {
  test_client client(service);
  const auto denied = client.as(bob()).get("/admin/deep/own");
  EXPECT_EQ(denied.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(denied.json().at("reason").as_string(), "policy_denied");
  EXPECT_EQ(denied.notes.refused, reason::policy_denied);
  EXPECT_EQ(denied.notes.denied_by, R"(ou("admins") && cn("alice"))");
  EXPECT_THAT(denied.body, testing::Not(testing::HasSubstr("admins")));
}

TEST_F(service_with_groups, a_handler_that_takes_a_peer_needs_one) {
  test_client client(service);
  EXPECT_EQ(client.as(bob()).get("/known").body, "bob");
  const auto refused = client.as_stranger().get("/known");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.json().at("reason").as_string(), "no_certificate");
  EXPECT_EQ(refused.notes.refused, reason::no_certificate);
}

TEST_F(service_with_groups, a_maybe_peer_is_served_with_and_without_a_certificate) {
  test_client client(service);
  EXPECT_EQ(client.get("/open").body, "stranger");
  EXPECT_EQ(client.as(alice()).get("/open").body, "alice");
}

TEST_F(service_with_groups, the_methods_of_a_path_are_told_only_to_those_who_may_use_one) {
  test_client client(service);
  EXPECT_EQ(client.as(alice()).options("/admin/before").status, 204);
  EXPECT_EQ(client.as(alice()).post("/admin/before").status, 405);
  client.as(bob());
  EXPECT_EQ(client.options("/admin/before").status, 403);
  EXPECT_EQ(client.post("/admin/before").status, 403);
  EXPECT_FALSE(client.post("/admin/before").header("Allow"));
}

TEST(policies, required_twice_both_must_admit) {
  app service;
  service.require(policy::o("Acme")).require(policy::ou("admins"));
  service.get("/", [] { return ""; }).require(policy::any_peer()).require(policy::cn("*"));
  test_client client(service);
  EXPECT_EQ(client.as(alice()).get("/").status, 200);
  EXPECT_EQ(client.as(bob()).get("/").status, 403);
}

TEST(policies, are_asked_before_the_handler_reads_anything) {
  app service;
  bool called = false;
  service.post("/{n}", [&](int, request&) { return called = true, ""; }).require(policy::nobody());
  test_client client(service);
  EXPECT_EQ(client.post("/not-a-number").status, 403);
  EXPECT_FALSE(called);
}

TEST(policies, that_a_second_group_below_the_same_prefix_forgets_are_noted) {
  app service;
  service.require(policy::any_peer());
  auto admin = service.group("/admin").require(policy::ou("admins"));
  admin.get("/keys", [] { return ""; });
  admin.group("/deep").get("/keys", [] { return ""; });
  auto forgotten = service.group("/admin");
  forgotten.get("/logs", [](const peer&) { return ""; });
  forgotten.get("/said", [] { return ""; }).require(policy::anyone());
  service.group("/admin/own").require(policy::cn("alice")).get("", [] { return ""; });
  service.get("/administrators", [] { return ""; });
  service.del("/admin", [] {});
  const auto notes = notes_on(*service.state().routes);
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_THAT(notes[0], testing::StartsWith("GET /admin/logs requires nothing of its own"));
  EXPECT_THAT(notes[0], testing::HasSubstr("ou(\"admins\")"));
  EXPECT_THAT(notes[1], testing::StartsWith("DELETE /admin requires nothing"));
}

}  // namespace
}  // namespace mutual
