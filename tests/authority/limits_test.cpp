// Limits: what authority.toml says, and what is refused for it.

#include "authority/limits.hpp"

#include "gmock/gmock.h"
#include "support/odd_keys.hpp"
#include "x509/key.hpp"

#include <map>

namespace mutual::authority {
namespace {

using std::chrono::days;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using x509::profile;

limits read(std::string_view toml) {
  auto made = read_limits(toml, "authority.toml");
  EXPECT_TRUE(made) << made.error().message();
  return made ? *std::move(made) : limits{};
}

std::string failure(std::string_view toml) {
  const auto made = read_limits(toml, "authority.toml");
  return made ? "(no failure)" : made.error().message();
}

const x509::private_key& key_of(x509::key_kind kind = x509::key_kind::p256) {
  static std::map<x509::key_kind, x509::private_key> made;
  if (const auto found = made.find(kind); found != made.end()) return found->second;
  return made.emplace(kind, *x509::private_key::generate(kind)).first->second;
}

// "issued", or why not.
std::string outcome(const limits& by, profile purpose, alternative_names names, std::string common_name = "somebody",
                    days life = days(30), x509::key_kind kind = x509::key_kind::p256) {
  x509::certificate_spec spec;
  spec.subject.common_name = std::move(common_name);
  spec.names = std::move(names);
  spec.not_before = now() - x509::backdate;
  spec.not_after = now() + life;
  const auto checked = check_limits(by, {purpose, spec, key_of(kind).get()});
  if (!checked) {
    EXPECT_EQ(checked.error().code(), errc::bad_usage);
  }
  return checked ? "issued" : checked.error().message();
}

TEST(limits, without_any_everything_but_weak_keys_is_issued) {
  const limits none;
  EXPECT_EQ(outcome(none, profile::server, {{"anything.example"}, {"https://x/"}, {"a@b"}, {"192.0.2.1"}}), "issued");
  x509::certificate_spec spec;
  const x509::private_key weak(x509::pkey_ptr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024})));
  const x509::private_key odd(x509::pkey_ptr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp256k1")));
  for (const auto* key : {&weak, &odd}) EXPECT_FALSE(check_limits(none, {profile::client, spec, key->get()}));
  EXPECT_FALSE(check_limits(none, {profile::client, spec, nullptr}));
  for (const auto& open : {test::make_rsa_key_of("1"), test::make_rsa_key_of("3"), test::make_ed25519_identity()}) {
    EXPECT_FALSE(check_limits(none, {profile::client, spec, open.get()})) << "with which everybody can sign";
  }
  // CAs are not issued like leaves.
  EXPECT_FALSE(check_limits(none, {profile::intermediate, spec, key_of().get()}));
}

TEST(limits, dns_names_are_domains_and_all_below) {
  const auto by = read("[names]\ndns = [\"acme.example\", \"localhost\"]\n");
  for (const char* good : {"acme.example", "a.acme.example", "A.B.ACME.example", "*.acme.example", "localhost"}) {
    EXPECT_EQ(outcome(by, profile::server, {{good}, {}, {}, {}}), "issued") << good;
  }
  for (const char* bad : {"example", "notacme.example", "acme.example.evil", "*.example", "acme.example.", ""}) {
    EXPECT_THAT(outcome(by, profile::server, {{bad}, {}, {}, {}}), HasSubstr("DNS name")) << bad;
  }
}

TEST(limits, kinds_of_names_that_are_not_listed_are_not_issued) {
  const auto by = read("[names]\ndns = [\"acme.example\"]\n");
  EXPECT_THAT(outcome(by, profile::server, {{"acme.example"}, {}, {}, {"192.0.2.1"}}), HasSubstr("IP address"));
  EXPECT_THAT(outcome(by, profile::client, {{}, {"spiffe://acme/a"}, {}, {}}), HasSubstr("URI"));
  EXPECT_THAT(outcome(by, profile::client, {{}, {}, {"a@acme.example"}, {}}), HasSubstr("e-mail"));
  EXPECT_EQ(outcome(by, profile::client, {}), "issued");
}

TEST(limits, uris_begin_with_a_prefix_that_ends_where_a_part_ends) {
  const auto by = read(R"([names]
uris = ["spiffe://acme/ops/", "https://acme.example", "urn:acme:"])");
  for (const char* good :
       {"spiffe://acme/ops/bob", "https://acme.example", "https://acme.example/a?b=/../c", "urn:acme:1"}) {
    EXPECT_EQ(outcome(by, profile::client, {{}, {good}, {}, {}}), "issued") << good;
  }
  for (const char* bad :
       {"spiffe://acme/ops", "spiffe://acme/dev/bob", "https://acme.example.evil/", "https://acme.example@evil/",
        "https://acme.example:444/", "spiffe://acme/ops/../dev", "spiffe://acme/ops/%2E%2e/dev",
        "spiffe://acme/ops/./x", "spiffe://acme/ops/..", "spiffe://acme/ops/a%2f..%2fb"}) {
    EXPECT_THAT(outcome(by, profile::client, {{}, {bad}, {}, {}}), HasSubstr("URI")) << bad;
  }
}

TEST(limits, emails_are_at_a_host_or_below_a_dotted_one) {
  const auto by = read("[names]\nemails = [\"acme.example\", \".corp.example\"]\n");
  for (const char* good : {"a@acme.example", "a@ACME.example", "a@x.corp.example"}) {
    EXPECT_EQ(outcome(by, profile::client, {{}, {}, {good}, {}}), "issued") << good;
  }
  for (const char* bad : {"a@x.acme.example", "a@corp.example", "a@evil", "acme.example", "a@evil@acme.example"}) {
    EXPECT_THAT(outcome(by, profile::client, {{}, {}, {bad}, {}}), HasSubstr("e-mail")) << bad;
  }
}

TEST(limits, addresses_are_in_a_range) {
  const auto by = read("[names]\nips = [\"10.0.0.0/8\", \"2001:db8::/33\", \"192.0.2.7\"]\n");
  for (const char* good : {"10.255.1.2", "2001:db8:7fff::1", "192.0.2.7"}) {
    EXPECT_EQ(outcome(by, profile::server, {{}, {}, {}, {good}}, good), "issued") << good;
  }
  for (const char* bad : {"11.0.0.1", "2001:db8:8000::1", "192.0.2.8", "::ffff:10.0.0.1", "junk"}) {
    EXPECT_THAT(outcome(by, profile::server, {{}, {}, {}, {bad}}), HasSubstr("IP address")) << bad;
  }
}

TEST(limits, a_common_name_that_looks_like_a_host_is_one) {
  const auto by = read("[names]\ndns = [\"acme.example\"]\n");
  EXPECT_EQ(outcome(by, profile::client, {}, "Alice Miller"), "issued");
  EXPECT_EQ(outcome(by, profile::client, {}, "alice.acme.example"), "issued");
  EXPECT_THAT(outcome(by, profile::client, {}, "www.bank.example"), HasSubstr("common name"));
}

TEST(limits, a_servers_common_name_is_one_where_no_dns_name_is) {
  const auto by = read("[names]\ndns = [\"acme.example\"]\nips = [\"10.0.0.0/8\"]\n");
  const alternative_names address{{}, {}, {}, {"10.0.0.5"}};
  EXPECT_THAT(outcome(by, profile::server, address, "intranet"), HasSubstr("common name"));
  EXPECT_THAT(outcome(by, profile::server, address, "a_b.bank.example"), HasSubstr("common name"));
  EXPECT_EQ(outcome(by, profile::server, address, "The web server"), "issued");
  EXPECT_EQ(outcome(by, profile::server, address, "10.0.0.5"), "issued");
  EXPECT_EQ(outcome(by, profile::server, {{"web.acme.example"}, {}, {}, {}}, "web"), "issued");
}

TEST(limits, lives_and_keys_are_limited) {
  const auto by = read("longest_days = 90\nkey_kinds = [\"P-256\", \"rsa3072\"]\n[client]\nlongest_days = 7\n");
  EXPECT_EQ(outcome(by, profile::server, {}, "x", days(90)), "issued");
  EXPECT_THAT(outcome(by, profile::server, {}, "x", days(91)), HasSubstr("90 days at most, and this would last 91"));
  EXPECT_THAT(outcome(by, profile::client, {}, "x", days(8)), HasSubstr("7 days"));
  EXPECT_THAT(outcome(by, profile::server, {}, "x", days(9), x509::key_kind::ed25519), HasSubstr("ed25519"));
  EXPECT_THAT(outcome(by, profile::server, {}, "x", days(9), x509::key_kind::rsa2048), HasSubstr("rsa2048"));
  EXPECT_EQ(usual_life(by, profile::client, days(397)), days(7));
  EXPECT_EQ(usual_life({}, profile::client, days(397)), days(397));
}

TEST(limits, profiles_are_those_that_are_named) {
  const auto by = read("profiles = [\"client\"]\n");
  EXPECT_EQ(outcome(by, profile::client, {}), "issued");
  EXPECT_THAT(outcome(by, profile::server, {}), HasSubstr("server certificates are not issued here"));
  EXPECT_THAT(outcome(by, profile::peer, {}), HasSubstr("peer certificates"));
}

TEST(limits, a_profile_s_own_settings_replace_the_common_ones) {
  const auto by = read("[names]\ndns = [\"acme.example\"]\n[client.names]\nuris = [\"spiffe://acme/\"]\n");
  EXPECT_EQ(outcome(by, profile::client, {{}, {"spiffe://acme/a"}, {}, {}}), "issued");
  EXPECT_THAT(outcome(by, profile::client, {{"acme.example"}, {}, {}, {}}), HasSubstr("DNS name"));
  EXPECT_EQ(outcome(by, profile::peer, {{"acme.example"}, {}, {}, {}}), "issued");
}

TEST(limits, constraints_are_what_all_profiles_together_may_have) {
  const auto by = read(R"([names]
dns = ["acme.example"]
ips = ["10.0.0.0/8"]
[client.names]
emails = ["acme.example"])");
  const auto made = constraints_for(by);
  EXPECT_THAT(made.dns, ElementsAre("acme.example"));
  EXPECT_THAT(made.emails, ElementsAre("acme.example"));
  EXPECT_EQ(made.ips.size(), 1U);
  EXPECT_FALSE(made.no_dns || made.no_ips);
  const auto clients = constraints_for(read("profiles = [\"client\"]\n[names]\nuris = [\"spiffe://acme/\"]\n"));
  EXPECT_TRUE(clients.no_dns && clients.no_ips);
  // One profile without limits makes constraints impossible.
  EXPECT_TRUE(constraints_for(read("[client.names]\ndns = [\"a.example\"]\n")).empty());
  EXPECT_TRUE(constraints_for(read("constrain_intermediate = false\n[names]\ndns = [\"a.example\"]\n")).empty());
  EXPECT_TRUE(constraints_for({}).empty());
}

TEST(limits_file, what_is_not_known_or_makes_no_sense_is_told_with_its_line) {
  for (const auto& [toml, words] : std::initializer_list<std::pair<const char*, const char*>>{
           {"longest_day = 9", "line 1: there is no setting 'longest_day'"},
           {"\nlongest_days = 0", "line 2: longest_days is a whole number"},
           {"longest_days = \"9\"", "longest_days is a whole number"},
           {"longest_days = 99999999999", "longest_days is a whole number"},
           {"key_kinds = [\"dsa\"]", "'dsa' is no kind of key"},
           {"key_kinds = \"p256\"", "key_kinds is a list"},
           {"key_kinds = [1]", "list of texts"},
           {"profiles = [\"root\"]", "there is no profile 'root'"},
           {"[names]\ndns = [\"*.a.example\"]", "line 2: dns: '*.a.example' stands for all below it already"},
           {"[names]\ndns = [\"\"]", "none of them empty"},
           {"[names]\ndns = [\"a b\"]", "dns"},
           {"[names]\nip = []", "there is no setting 'ip'"},
           {"[names]\nips = [\"10.0.0.1/8\"]", "bits set behind the first 8"},
           {"[names]\nips = [\"10.0.0.0/33\"]", "from 0 to 32"},
           {"[names]\nips = [\"ten\"]", "no range"},
           {"[names]\nuris = [\"acme\"]", "no beginning of URIs"},
           {"[names]\nuris = [\"https://\"]", "no beginning of URIs"},
           {"names = 3", "names is a table"},
           {"[client]\nprofiles = []", "there is no setting 'profiles'"},
           {"client = []", "client is a table"},
           {"constrain_intermediate = \"no\"", "true or false"},
           {"public_url = 1", "public_url is a text"},
           {"public_url = \"\"", "no URL for certificates to name"},
           {"public_url = \"http://\"", "no URL for certificates to name"},
           {"public_url = \"https://a.example\"", "not https"},
           {"public_url = \"http://a@b.example\"", "no URL for certificates to name"},
           {"public_url = \"http://a.example:0\"", "no URL for certificates to name"},
           {"public_url = \"http://a.example:70000\"", "no URL for certificates to name"},
           {"public_url = \"http://a.example/x?y\"", "no URL for certificates to name"},
           {"public_url = \"http://a.example/x//y\"", "no URL for certificates to name"},
           {"public_url = \"http://a example\"", "no URL for certificates to name"},
           {"public_url = \"http://[::1\"", "no URL for certificates to name"},
           {"longest_days = ", "authority.toml, line 1"}}) {
    EXPECT_THAT(failure(toml), HasSubstr(words)) << toml;
    EXPECT_THAT(failure(toml), HasSubstr("authority.toml, line ")) << toml;
  }
  EXPECT_THAT(failure(std::string(70'000, '#')), HasSubstr("64 KiB"));
}

TEST(limits, name_the_public_url_without_a_slash_at_its_end) {
  EXPECT_EQ(read("").public_url, "");
  EXPECT_EQ(read("public_url = \"http://pki.acme.example\"").public_url, "http://pki.acme.example");
  EXPECT_EQ(read("public_url = \"HTTP://pki.acme.example:8080/ca/\"").public_url, "http://pki.acme.example:8080/ca");
  EXPECT_EQ(read("public_url = \"http://[::1]:80/\"").public_url, "http://[::1]:80");
}

}  // namespace
}  // namespace mutual::authority
