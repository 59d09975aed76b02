// Revocation lists far beyond what keys and certificates may take: made, given out, read and judged by.
#include "ca_service/authority.hpp"
#include "ca_service/change_feed.hpp"
#include "ca_service/plain_routes.hpp"
#include "support/rests.hpp"
#include "tls/trust_files.hpp"
#include "tls/verdict.hpp"

#include <mutual/test_client.hpp>

#include <fmt/format.h>

namespace mutual::ca_service {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t revoked_before = 200'000;

// A fleet that has been revoked, in one statement.
void revoke_a_fleet(authority::inventory& in, const std::string& issuer) {
  const auto end = (now() + std::chrono::hours(24)).time_since_epoch().count();
  const auto sql = fmt::format(
      "INSERT INTO certificates (name, profile, serial, subject, issuer, sha256, not_before, not_after, recorded_at, "
      "p12_has_password, der, state, is_current, has_key, revoked_at, revoked_reason) "
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0}) "
      "SELECT 'gone ' || i, 'client', printf('7%039x', i * 7919), 'CN=gone', $1, 'gone ' || i, 0, {1}, 0, 0, x'30', "
      "'issued', 0, 0, 1000000, 4 FROM n",
      revoked_before, end);
  good(in.on().change(sql.c_str(), {std::string_view(issuer)}));
}

class a_large_list : public an_authority {
 protected:
  a_large_list() {
    issue("bob");
    auto pki = opened();
    revoke_a_fleet(pki.records(), intermediate().subject());
    good(pki.revoke("alice", authority::revocation_reason::key_compromise, {}));
    good(pki.make_lists({}));
  }
  void issue(const std::string& name) const {
    authority::issue_request request;
    request.name = name;
    good(opened().issue(request));
  }
  tls::verdict judge(const std::string& name) const {
    auto sources = good(tls::load_trust_sources({{places.root_certificate()}, {places.revocation_lists()}, {}}));
    const auto by = good(tls::trust::make(std::move(sources), 1));
    const auto leaf = certificate(name);
    const x509::x509_stack_ptr sent(sk_X509_new_null());
    sk_X509_push(sent.get(), X509_dup(intermediate().get()));
    return tls::judge(*by, leaf.get(), sent.get());
  }
};

TEST_F(a_large_list, shuts_out_whoever_is_on_it_and_nobody_else) {
  EXPECT_GT(std::filesystem::file_size(places.revocation_list("intermediate")), 2 * file::default_limit);
  EXPECT_EQ(judge("alice").refused, reason::revoked);
  EXPECT_TRUE(judge("bob")) << judge("bob").detail;
}

TEST_F(a_large_list, is_followed_by_the_next_by_whoever_makes_it) {
  const auto before = good(x509::load_crls(places.revocation_list("intermediate"))).front();
  EXPECT_EQ(before.size(), revoked_before + 1);
  good(opened().revoke("bob", authority::revocation_reason::superseded, {}));
  counters counts;
  patient_complaint complaint{logger()};
  ocsp_desk answers(*open, counts, complaint);
  change_feed feed(places);
  keeper keeps(*open, answers, feed, counts, logger());
  good(keeps.prepare());
  keeps.start();
  const auto first = feed.current()->id;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (feed.current()->id == first && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  keeps.stop();
  const auto after = good(x509::load_crls(places.revocation_list("intermediate"))).front();
  EXPECT_EQ(after.size(), revoked_before + 2);
  EXPECT_TRUE(after.revokes(certificate("bob")));
}

TEST_F(a_large_list, is_given_out_with_the_time_for_which_it_is_good_while_others_go_on) {
  counters counts;
  patient_complaint complaint{logger()};
  list_shelf lists(places);
  request asked;
  asked.method = "GET";
  test::expect_rests_by_itself([&] { EXPECT_EQ(lists.answer(asked, "all.pem").status, 200); });
  ocsp_desk answers(*open, counts, complaint);
  app service;
  add_plain_routes(service, lists, answers);
  test_client client(service);
  const auto answer = client.get("/crl/all.pem");
  ASSERT_EQ(answer.status, 200);
  EXPECT_GT(answer.body.size(), 2 * file::default_limit);
  EXPECT_THAT(answer.header("Cache-Control").value_or(""), HasSubstr("max-age=300"));
}

}  // namespace
}  // namespace mutual::ca_service
