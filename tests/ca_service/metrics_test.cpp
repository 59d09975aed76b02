// The service's numbers, and whether it is well.

#include "ca_service/metrics.hpp"

#include "authority/authorities.hpp"
#include "authority/enroll.hpp"
#include "authority/root_key.hpp"
#include "authority/rotate.hpp"
#include "base/exposition.hpp"
#include "base/file.hpp"
#include "ca_service/authority.hpp"
#include "ca_service/plain_routes.hpp"
#include "support/captured_log.hpp"
#include "x509/peer.hpp"

#include <mutual/test_client.hpp>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <array>
#include <thread>

namespace mutual::ca_service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class a_measured_service : public a_kept_authority {
 protected:
  a_measured_service() {
    good(keeps.prepare());
    const auto seen = [this] { return keeps.seen(); };
    add_plain_routes(service, lists, answers);
    add_health_route(service, seen);
    add_metrics_route(service, {counts, feed, seen}, policy::cn("alice"));
  }
  ~a_measured_service() override { keeps.stop(); }
  test_response as(const std::string& name, const std::string& path) {
    const auto leaf = certificate(name), between = intermediate(), top = root();
    const std::array<X509*, 3> chain{leaf.get(), between.get(), top.get()};
    test_client client(service);
    return client.as(*good(x509::make_peer(chain))).get(path);
  }
  std::string told() {
    const auto answer = as("alice", "/metrics");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    return answer.body;
  }
  test_response health() { return test_client(service).get("/healthz"); }
  x509::private_key key_of_next = good(x509::private_key::generate());
  // Until the keeper has seen what was done.
  bool comes_to(int status) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (health().status != status) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  bool comes_to_say(const std::string& part) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (as("alice", "/healthz").body.find(part) == std::string::npos) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
};

TEST_F(a_measured_service, counts_certificates_tokens_answers_and_refusals) {
  test_client client(service);
  client.post("/ocsp", ocsp_request({certificate("alice")}, intermediate()), "application/ocsp-request");
  client.post("/ocsp", "x", "application/ocsp-request");
  const auto page = told();
  for (const auto* line :
       {"\nmutual_ca_ocsp_answers_total{status=\"good\"} 1\n",
        "\nmutual_ca_ocsp_refused_total{status=\"malformedRequest\"} 1\n", "\nmutual_ca_ready 1\n",
        "\nmutual_ca_certificates_revoked 0\n", "\nmutual_ca_inventory_up 1\n", "\nmutual_ca_lists_made_total 1\n",
        "\nmutual_ca_tokens 0\n", "\nmutual_ca_uncovered_seconds 0\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
  for (const auto& ca : {std::pair("intermediate", intermediate()), std::pair("root", root())}) {
    EXPECT_THAT(page, HasSubstr(std::string("mutual_ca_list_number{ca=\"") + ca.first + "\",key=\"" +
                                ca.second.subject_key_id() + "\"} 1\n"));
  }
}

TEST_F(a_measured_service, counts_the_inventory_without_the_ended_and_the_used) {
  auto at = opened();
  const auto before = good(authority::count(at.records()));
  revoke("alice", authority::revocation_reason::superseded);
  authority::token_request request;
  request.name = "bob";
  good(authority::make_token(at, request));
  const auto made = good(authority::make_token(at, request));
  good(at.withdraw_tokens(made.facts.id, {}));
  const auto after = good(authority::count(at.records()));
  EXPECT_EQ(after.certificates, before.certificates);
  EXPECT_EQ(after.revoked, before.revoked + 1);
  EXPECT_EQ(after.tokens, before.tokens + 1);
}

TEST_F(a_measured_service, tells_its_numbers_to_those_alone_who_are_named) {
  EXPECT_EQ(test_client(service).get("/metrics").status, 403);
  EXPECT_EQ(as("localhost", "/metrics").status, 403);
}

TEST_F(a_measured_service, is_well_as_long_as_its_inventory_can_be_used) {
  EXPECT_EQ(health().status, 200);
  EXPECT_EQ(health().body, "ok\n");
  keeps.start();
  const auto mark = good(file::read(places.mark()));
  good(file::replace(places.mark(), "damaged", file::access::owner_only));
  EXPECT_TRUE(comes_to(503));
  EXPECT_THAT(health().body, Not(HasSubstr("inventory")));
  EXPECT_EQ(as("alice", "/healthz").body, "not well: the inventory cannot be used; the service's log says more\n");
  EXPECT_THAT(told(), HasSubstr("\nmutual_ca_inventory_up 0\n"));
  EXPECT_THAT(told(), HasSubstr("\nmutual_ca_ready 0\n"));
  good(file::replace(places.mark(), mark, file::access::owner_only));
  EXPECT_TRUE(comes_to(200));
}

TEST_F(a_measured_service, tells_for_how_long_a_revocation_has_been_on_no_list) {
  keeps.start();
  std::filesystem::remove(places.intermediate_key());
  revoke("alice", authority::revocation_reason::key_compromise);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (told().find("\nmutual_ca_uncovered_seconds 2\n") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), until);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

TEST_F(a_measured_service, is_not_well_without_its_key_and_says_no_more_than_that) {
  keeps.start();
  const auto key = places.intermediate_key(), away = folder / "away.key";
  std::filesystem::rename(key, away);
  EXPECT_TRUE(comes_to(503));
  const auto said = as("alice", "/healthz").body;
  EXPECT_THAT(said, HasSubstr("the intermediate's key cannot be used"));
  EXPECT_THAT(said, Not(HasSubstr(places.folder().string())));
  std::filesystem::rename(away, key);
  EXPECT_TRUE(comes_to(200));
}

TEST_F(a_measured_service, is_not_well_while_its_intermediate_is_revoked_until_another_issues) {
  keeps.start();
  ASSERT_TRUE(comes_to(200));
  revoke(intermediate().serial(), authority::revocation_reason::ca_compromise);
  good(opened().make_lists({}));
  EXPECT_TRUE(comes_to_say("make another with mutual rotate intermediate"));
  EXPECT_EQ(health().status, 503);
  EXPECT_THAT(told(), HasSubstr("\nmutual_ca_ready 0\n"));
  // Who starts then says so, too.
  change_feed other_feed{places};
  ocsp_desk other_answers{*open, counts, complaint};
  keeper other(*open, other_answers, other_feed, counts, logger());
  good(other.prepare());
  EXPECT_THAT(other.seen()->issuer_stopped, HasSubstr("mutual rotate intermediate"));
  auto at = opened();
  good(authority::begin_rotation(at, {}));
  EXPECT_TRUE(comes_to(200));
  EXPECT_THAT(told(), HasSubstr("\nmutual_ca_ready 1\n"));
}

TEST_F(a_measured_service, is_not_well_while_what_may_be_issued_cannot_be_read) {
  keeps.start();
  good(file::create(places.limits(), "x = [", file::access::everyone));
  EXPECT_TRUE(comes_to_say("mend authority.toml"));
  EXPECT_EQ(health().status, 503);
  EXPECT_THAT(as("alice", "/healthz").body, Not(HasSubstr(places.folder().string())));
  EXPECT_THAT(told(), HasSubstr("\nmutual_ca_ready 0\n"));
  good(file::replace(places.limits(), "[client]\nlongest_days = 90\n", file::access::everyone));
  EXPECT_TRUE(comes_to(200));
}

TEST_F(a_measured_service, is_not_well_while_what_it_presents_is_revoked_and_says_what_mends_it) {
  const test::captured_log log;
  keeper other(*open, answers, feed, counts, log.to());
  other.presents(places.certificate("localhost"));
  good(other.prepare());
  const auto wrong = [&] { return troubles(*other.seen(), std::chrono::steady_clock::now(), now()); };
  EXPECT_THAT(wrong(), IsEmpty());
  const auto first = certificate("localhost");
  revoke("localhost", authority::revocation_reason::certificate_hold);
  good(opened().make_lists({}));
  good(other.prepare());
  EXPECT_THAT(wrong(), ElementsAre(HasSubstr("mutual revoke localhost --release")));
  EXPECT_EQ(log.count("the service's own certificate is on hold"), 1U);
  revoke(first.serial(), authority::revocation_reason::superseded);
  good(opened().make_lists({}));
  good(other.prepare());
  EXPECT_THAT(wrong(), ElementsAre(HasSubstr("mutual issue server localhost")));
  authority::issue_request again;
  again.name = "localhost";
  again.purpose = x509::profile::server;
  again.names.dns = {"localhost"};
  good(opened().issue(again));
  good(other.prepare());
  EXPECT_THAT(wrong(), IsEmpty());
}

TEST_F(a_measured_service, is_not_well_while_the_ca_of_what_it_presents_is_revoked_and_says_what_mends_it) {
  const test::captured_log log;
  keeper other(*open, answers, feed, counts, log.to());
  other.presents(places.certificate("localhost"));
  const auto refused = [&] {
    good(other.prepare());
    return other.seen()->server_refused;
  };
  EXPECT_EQ(refused(), "");
  const auto old = intermediate().serial();
  revoke(old, authority::revocation_reason::certificate_hold);
  EXPECT_THAT(refused(), HasSubstr("is of a CA that is on hold"));
  EXPECT_THAT(refused(), HasSubstr("release the CA with mutual revoke " + old + " --release"));
  revoke(old, authority::revocation_reason::ca_compromise);
  EXPECT_THAT(refused(), HasSubstr("rotate intermediate, and then renew it with mutual renew localhost"));
  good(opened().make_lists({}));
  auto at = opened();
  good(authority::begin_rotation(at, {}));
  EXPECT_THAT(refused(), HasSubstr("was revoked, and whoever checks that refuses the service: renew it with mutual "
                                   "renew localhost"));
  EXPECT_THAT(troubles(*other.seen(), std::chrono::steady_clock::now(), now()),
              testing::Contains(other.seen()->server_refused));
  EXPECT_EQ(log.count("refuses the service: renew it with mutual renew localhost"), 1U);
  authority::renew_request again;
  again.name = "localhost";
  good(opened().renew(again));
  EXPECT_EQ(refused(), "");
}

TEST_F(a_measured_service, is_not_well_while_a_ca_of_another_machine_issues_of_which_it_has_not_the_files) {
  keeper other(*open, answers, feed, counts, logger());
  const auto stopped = [&] {
    good(other.prepare());
    return other.seen()->issuer_stopped;
  };
  EXPECT_EQ(stopped(), "");
  const authority::root_access nothing_more;
  const auto top = good(authority::load_root(good(authority::current_root(places)), nothing_more));
  const auto next = good(authority::make_intermediate({"Acme Intermediate CA 2", {"Acme"}, {}}, key_of_next, {}, top));
  auto entry = authority::to_record(next.leaf(), "intermediate", x509::profile::intermediate, false);
  entry.state = authority::record_state::issued;
  entry.replaces = intermediate().serial();
  good(opened().records().add(entry));
  EXPECT_THAT(stopped(),
              HasSubstr("the intermediate issues no more: 'CN=Acme Intermediate CA 2,O=Acme' took its place, "
                        "on another machine; bring root.crt"));
  // Nor is it told then what would be refused here.
  revoke(intermediate().serial(), authority::revocation_reason::ca_compromise);
  EXPECT_THAT(stopped(), HasSubstr("bring root.crt"));
  EXPECT_THAT(stopped(), Not(HasSubstr("make another with")));
  good(file::replace(places.intermediate_key(), next.key.pem().view(), file::access::owner_only));
  good(file::replace(places.intermediate_certificate(), next.leaf().pem(), file::access::everyone));
  EXPECT_EQ(stopped(), "");
}

TEST_F(a_measured_service, says_another_name_for_what_it_presents_where_nobody_gets_its_own_any_more) {
  // As it was given out when it could be.
  const auto name = "ocsp-" + intermediate().serial();
  const auto issuer = good(authority::load_issuer(places));
  const auto spec = good(x509::describe_certificate(x509::profile::server, {"localhost", {"Acme"}, {}},
                                                    {{"localhost"}, {}, {}, {}}, key_of_next, std::chrono::hours(9)));
  const auto leaf = good(x509::issue_certificate(spec, key_of_next.get(), issuer.leaf(), issuer.key));
  auto entry = authority::to_record(leaf, name, x509::profile::server, false);
  entry.state = authority::record_state::issued;
  good(opened().records().add(entry));
  good(file::create(places.certificate(name), leaf.pem() + issuer.leaf().pem(), file::access::everyone));
  revoke(leaf.serial(), authority::revocation_reason::superseded);
  keeper other(*open, answers, feed, counts, logger());
  other.presents(places.certificate(name));
  good(other.prepare());
  EXPECT_THAT(other.seen()->server_refused, HasSubstr("under another name"));
  EXPECT_THAT(other.seen()->server_refused,
              HasSubstr("mutual issue server ANOTHER_NAME, and present that (--name ANOTHER_NAME)"));
}

// It says that it is the key of its certificate, and signs with another: as one in a token that is there to be found.
x509::private_key key_that_signs_wrongly(const x509::certificate& owner) {
  const auto other = good(x509::private_key::generate());
  BIGNUM* secret = nullptr;
  EVP_PKEY_get_bn_param(other.get(), OSSL_PKEY_PARAM_PRIV_KEY, &secret);
  const x509::bignum_ptr held(secret);
  std::array<unsigned char, 65> point{};
  std::size_t size = 0;
  EVP_PKEY_get_octet_string_param(X509_get0_pubkey(owner.get()), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(),
                                  &size);
  using build_ptr = std::unique_ptr<OSSL_PARAM_BLD, x509::freed_by<OSSL_PARAM_BLD_free>>;
  const build_ptr build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), size);
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret);
  const std::unique_ptr<OSSL_PARAM, x509::freed_by<OSSL_PARAM_free>> all(OSSL_PARAM_BLD_to_param(build.get()));
  const x509::pkey_ctx_ptr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  EXPECT_EQ(EVP_PKEY_fromdata_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, all.get()), 1);
  return x509::private_key(x509::pkey_ptr(made));
}

TEST_F(a_measured_service, is_not_well_when_its_key_can_be_loaded_and_does_not_sign) {
  keeps.start();
  const auto key = good(file::read(places.intermediate_key()));
  const auto wrong = key_that_signs_wrongly(intermediate());
  good(file::replace(places.intermediate_key(), wrong.pem().view(), file::access::owner_only));
  ASSERT_TRUE(authority::load_issuer(places));
  EXPECT_TRUE(comes_to(503));
  EXPECT_THAT(as("alice", "/healthz").body, HasSubstr("the intermediate's key cannot be used"));
  EXPECT_THAT(told(), HasSubstr("\nmutual_ca_key_up 0\n"));
  good(file::replace(places.intermediate_key(), key, file::access::owner_only));
  EXPECT_TRUE(comes_to(200));
}

TEST_F(a_measured_service, believes_no_key_that_has_failed_before_it_has_signed_again) {
  keeps.start();
  ASSERT_TRUE(comes_to(200));
  // As if each request of a while met a key that does not sign.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (health().status != 503 && std::chrono::steady_clock::now() < until) {
    ++counts.key_failures;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(health().status, 503);
  EXPECT_THAT(told(), HasSubstr("\nmutual_ca_key_up 0\n"));
  EXPECT_TRUE(comes_to(200));
}

// The root's, which is not made anew while the root's key is away.
TEST_F(a_kept_authority, has_nobody_sign_answers_whose_time_is_over) {
  const authority::root_access nothing_more;
  const auto signer = good(authority::load_root(good(authority::current_root(places)), nothing_more));
  const auto key = good(x509::private_key::generate());
  const auto leaf = good(x509::issue_ocsp_responder(key, signer, std::chrono::seconds(3)));
  auto entry = authority::to_record(leaf, "ocsp-root", x509::profile::responder, false);
  entry.state = authority::record_state::issued;
  good(opened().records().add(entry));
  good(file::make_folder(places.responders(), file::access::owner_only));
  good(file::create(places.responder(root().serial()), std::string(key.pem().view()) + leaf.pem(),
                    file::access::owner_only));
  std::filesystem::remove(places.root_key());
  good(keeps.prepare());
  keeps.start();
  EXPECT_EQ(keeps.seen()->responders.size(), 2U);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (keeps.seen()->responders.size() != 1U && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(keeps.seen()->responders.size(), 1U);
  EXPECT_GE(now(), leaf.not_after());
  keeps.stop();
}

class a_standing : public ::testing::Test {
 protected:
  std::vector<std::string> wrong() const { return troubles(seen, at, present); }

  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
  sys_seconds present{std::chrono::seconds(1'800'000'000)};
  standing seen{at,
                true,
                true,
                {{{"intermediate", "aa"}, 1, present - std::chrono::hours(1), present + std::chrono::hours(1), 0},
                 {{"root", "bb"}, 1, present - std::chrono::hours(1), present + std::chrono::hours(1), 0}},
                {{{"intermediate", "aa"}, present + std::chrono::hours(1)}},
                1,
                {}};
};

TEST_F(a_standing, is_well_if_nothing_is_wrong) { EXPECT_THAT(wrong(), IsEmpty()); }

TEST_F(a_standing, names_a_list_that_has_ended_or_is_missing) {
  seen.lists.back().next_update = present;
  EXPECT_THAT(wrong(), ElementsAre("the revocation list of the root ended on " + to_text(present)));
  seen.lists.erase(seen.lists.begin());
  seen.lists.back().next_update = present + std::chrono::seconds(1);
  EXPECT_THAT(wrong(), ElementsAre("there is no revocation list of the intermediate"));
}

TEST_F(a_standing, names_a_list_that_has_not_begun_since_nobody_goes_by_it) {
  for (auto& one : seen.lists) {
    one.this_update = present;
    EXPECT_THAT(wrong(), IsEmpty());
    one.this_update += std::chrono::seconds(1);
    EXPECT_THAT(wrong(), ElementsAre(HasSubstr("the revocation list of the " + one.ca.part + " begins on " +
                                               to_text(one.this_update) + " only")));
    one.this_update = present;
  }
}

TEST_F(a_standing, asks_nothing_of_lists_and_responders_of_cas_that_were_replaced) {
  seen.lists.push_back({{"retired", "cc"}, 1, present, present, 0});
  seen.responders.push_back({{"retired", "cc"}, present});
  EXPECT_THAT(wrong(), IsEmpty());
}

TEST_F(a_standing, needs_who_signs_ocsp_answers) {
  seen.responders.front().not_after = present;
  EXPECT_THAT(wrong(), ElementsAre("nobody signs OCSP answers for the intermediate"));
}

TEST_F(a_standing, is_not_well_when_a_revocation_is_on_no_list_for_long) {
  seen.uncovered_since = at - longest_uncovered;
  EXPECT_THAT(wrong(), IsEmpty());
  seen.uncovered_since = at - longest_uncovered - std::chrono::seconds(5);
  EXPECT_THAT(wrong(), ElementsAre("a revocation has been on no list for 20 seconds"));
}

TEST_F(a_standing, names_cas_that_are_revoked_and_on_no_list) {
  seen.unlisted = {"0a", "0b"};
  EXPECT_THAT(wrong(), ElementsAre(HasSubstr("does not say that the CA 0a, 0b was revoked")));
}

TEST_F(a_standing, says_that_the_inventory_has_not_answered_for_long) {
  at += longest_silence;
  EXPECT_THAT(wrong(), IsEmpty());
  at += std::chrono::seconds(5);
  EXPECT_THAT(wrong(), ElementsAre("the inventory has not answered for 20 seconds"));
}

TEST_F(a_standing, tells_what_ends_soon_and_is_well) {
  const auto begun = present - std::chrono::days(900);
  seen.ends = {{"intermediate", "aa", begun, present + std::chrono::days(30)},
               {"root", "bb", begun, present + std::chrono::days(31)},
               {"server", "cc", present - std::chrono::days(10), present + std::chrono::days(2)}};
  EXPECT_THAT(ending_soon(seen, present), IsEmpty());
  EXPECT_THAT(ending_soon(seen, present + std::chrono::seconds(1)), ElementsAre(HasSubstr("the intermediate ends on")));
  EXPECT_THAT(ending_soon(seen, present + std::chrono::days(1)),
              ElementsAre(HasSubstr("mutual rotate intermediate"), HasSubstr("the service's own certificate ends on")));
  EXPECT_THAT(wrong(), IsEmpty());
}

TEST_F(a_measured_service, tells_when_its_cas_and_its_own_certificate_end) {
  keeper other(*open, answers, feed, counts, logger());
  other.presents(places.certificate("alice"));
  good(other.prepare());
  const auto page = metrics_text({counts, feed, [&] { return other.seen(); }});
  EXPECT_THAT(page, HasSubstr("\nmutual_ca_authority_end_seconds{ca=\"intermediate\",key=\"" +
                              intermediate().subject_key_id() + "\"} "));
  EXPECT_THAT(page, HasSubstr("\nmutual_ca_authority_end_seconds{ca=\"root\",key=\"" + root().subject_key_id()));
  const auto at = page.find("\nmutual_ca_server_end_seconds ");
  ASSERT_NE(at, std::string::npos);
  const auto left = std::stoll(page.substr(at + 30));
  const auto expected = (certificate("alice").not_after() - now()).count();
  EXPECT_NEAR(static_cast<double>(left), static_cast<double>(expected), 60.0);
}

TEST(the_format_of_prometheus, escapes_the_values_of_labels) {
  exposition out;
  out.family("a_total", "counter", "Help.");
  out.sample(-1, {{"one", "a\"b\\c\nd"}, {"two", "ü"}});
  out.sample(2);
  EXPECT_EQ(out.take(),
            "# HELP a_total Help.\n# TYPE a_total counter\na_total{one=\"a\\\"b\\\\c\\nd\",two=\"ü\"} -1\na_total 2\n");
}

}  // namespace
}  // namespace mutual::ca_service
