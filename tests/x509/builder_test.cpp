// What we make, as OpenSSL's own tools, GnuTLS and Java see it.

#include "x509/builder.hpp"

#include "support/outcome.hpp"
#include "x509/bundle.hpp"
#include "x509/identity.hpp"
#include "x509/pkcs12.hpp"
#include "x509/profile.hpp"
#include "x509/request.hpp"
#include "x509/scratch.hpp"

#include <set>

namespace mutual::x509 {
namespace {

using test::good;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

struct hierarchy {
  private_key root_key = good(private_key::generate());
  private_key middle_key = good(private_key::generate(key_kind::p384));
  certificate root = good(make_self_signed(
      good(describe_certificate(profile::root, {"Acme Root CA", {"Acme"}, {}}, {}, root_key, 24h * 3650)), root_key));
  certificate middle =
      good(issue_certificate(good(describe_certificate(profile::intermediate, {"Acme Intermediate CA", {"Acme"}, {}},
                                                       {}, middle_key, 24h * 1825)),
                             middle_key.get(), root, root_key));

  certificate leaf(profile purpose, const private_key& key, alternative_names names,
                   std::chrono::seconds lifetime = 24h * 90) const {
    return good(
        issue_certificate(good(describe_certificate(purpose, {"leaf", {"Acme"}, {}}, std::move(names), key, lifetime)),
                          key.get(), middle, middle_key));
  }
};

alternative_names localhost() { return {{"localhost", "*.a.example"}, {}, {}, {"127.0.0.1", "::1"}}; }

class made_certificates : public ::testing::TestWithParam<key_kind> {
 protected:
  hierarchy ca;
  scratch folder;

  void write_chain(const certificate& leaf) const {
    folder.write("root.crt", ca.root.pem());
    folder.write("middle.crt", ca.middle.pem());
    folder.write("leaf.crt", leaf.pem());
    folder.write("chain.crt", leaf.pem() + ca.middle.pem() + ca.root.pem());
  }
};

TEST_P(made_certificates, are_found_strictly_good_by_openssl_and_gnutls) {
  const auto key = good(private_key::generate(GetParam()));
  const auto server = ca.leaf(profile::server, key, localhost());
  write_chain(server);
  EXPECT_THAT(folder.run("openssl verify -x509_strict -purpose sslserver -verify_hostname localhost -CAfile root.crt "
                         "-untrusted middle.crt leaf.crt"),
              HasSubstr("OK"));
  EXPECT_THAT(folder.run("certtool --verify-chain --infile chain.crt"),
              HasSubstr("Chain verification output: Verified"));
  EXPECT_THAT(folder.run("openssl x509 -noout -text -in leaf.crt"), HasSubstr("DNS:localhost, DNS:*.a.example, IP"));
  EXPECT_TRUE(key.belongs_to(server));
  EXPECT_TRUE(server.allows_server());
  EXPECT_FALSE(server.allows_client());
}

TEST_P(made_certificates, keys_are_pkcs8_that_openssl_reads) {
  const auto key = good(private_key::generate(GetParam()));
  folder.write("key", key.pem().view());
  EXPECT_THAT(folder.bytes("key"), ::testing::StartsWith("-----BEGIN PRIVATE KEY-----"));
  folder.run("openssl pkey -in key -noout -check");
}

INSTANTIATE_TEST_SUITE_P(of_every_kind, made_certificates,
                         ::testing::Values(key_kind::p256, key_kind::p384, key_kind::ed25519, key_kind::rsa2048,
                                           key_kind::rsa3072),
                         [](const auto& kind) { return std::string(to_string(kind.param)); });

TEST(a_leaf, has_what_its_profile_wants) {
  const hierarchy ca;
  const auto key = good(private_key::generate());
  const auto server = ca.leaf(profile::server, key, localhost());
  EXPECT_EQ(server.key_usages(), std::vector<std::string>{"digitalSignature"});
  EXPECT_EQ(server.extended_key_usages(), std::vector<std::string>{"TLS Web Server Authentication"});
  EXPECT_FALSE(server.is_ca());
  EXPECT_EQ(server.authority_key_id(), ca.middle.subject_key_id());
  EXPECT_EQ(ca.middle.authority_key_id(), ca.root.subject_key_id());
  EXPECT_TRUE(ca.middle.is_ca());
  EXPECT_EQ(ca.middle.key_usages(), (std::vector<std::string>{"keyCertSign", "cRLSign"}));

  const auto client = ca.leaf(profile::client, key, {});
  EXPECT_TRUE(client.allows_client());
  EXPECT_FALSE(client.allows_server());
  const auto both = ca.leaf(profile::peer, key, localhost());
  EXPECT_TRUE(both.allows_client() && both.allows_server());
}

TEST(a_leaf, begins_a_few_minutes_ago_and_never_outlives_its_issuer) {
  const hierarchy ca;
  const auto key = good(private_key::generate());
  const auto one = ca.leaf(profile::client, key, {}, 24h * 36500);
  EXPECT_LT(one.not_before(), now() - 4min);
  EXPECT_GT(one.not_before(), now() - 10min);
  EXPECT_EQ(one.not_after(), ca.middle.not_after());
}

TEST(a_leaf, is_refused_where_it_makes_no_sense) {
  const auto key = good(private_key::generate());
  const auto no_san = describe_certificate(profile::server, {"localhost", {}, {}}, {}, key, 24h);
  ASSERT_FALSE(no_san);
  EXPECT_THAT(no_san.error().message(), HasSubstr("needs a subject alternative name"));
  EXPECT_FALSE(describe_certificate(profile::peer, {"a", {}, {}}, {{}, {"spiffe://a/b"}, {}, {}}, key, 24h));
  EXPECT_FALSE(describe_certificate(profile::client, {}, {}, key, 24h));
  EXPECT_FALSE(describe_certificate(profile::client, {"a", {}, {}}, {}, key, 0s));
  EXPECT_FALSE(describe_certificate(profile::client, {"a", {}, {}}, {}, key, -24h));
}

TEST(a_leaf, is_not_issued_by_one_who_is_no_ca_or_with_anothers_key) {
  const hierarchy ca;
  const auto key = good(private_key::generate());
  const auto client = ca.leaf(profile::client, key, {});
  const auto spec = good(describe_certificate(profile::client, {"x", {}, {}}, {}, key, 24h));
  EXPECT_FALSE(issue_certificate(spec, key.get(), client, key));
  EXPECT_FALSE(issue_certificate(spec, key.get(), ca.middle, key));
}

TEST(a_subject, may_be_in_any_script_and_never_holds_controls) {
  const hierarchy ca;
  const auto key = good(private_key::generate());
  const auto one = good(issue_certificate(
      good(describe_certificate(profile::client, {"이영희", {"Müller, Söhne"}, {"a+b"}}, {}, key, 24h)), key.get(),
      ca.middle, ca.middle_key));
  EXPECT_EQ(one.subject(), "CN=이영희,OU=a\\+b,O=Müller\\, Söhne");
  EXPECT_EQ(one.common_name(), "이영희");
  EXPECT_FALSE(to_x509_name({"a\nb", {}, {}}));
  EXPECT_FALSE(to_x509_name({std::string("a\0b", 3), {}, {}}));
  EXPECT_FALSE(to_x509_name({"\xFF", {}, {}}));
  EXPECT_FALSE(to_x509_name({std::string(65, 'a'), {}, {}}));
  EXPECT_TRUE(to_x509_name({std::string(64, 'a'), {}, {}}));
}

TEST(a_serial, is_positive_has_twenty_octets_and_does_not_repeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto serial = random_serial();
    EXPECT_EQ(serial.size(), 40U);
    EXPECT_LT(serial[0], '8');
    EXPECT_GE(serial[0], '4');
    EXPECT_TRUE(seen.insert(serial).second);
  }
  const hierarchy ca;
  const auto key = good(private_key::generate());
  EXPECT_EQ(ca.leaf(profile::client, key, {}).serial().size(), 40U);
}

TEST(the_builder, makes_what_it_is_told_for_tests_of_others) {
  const hierarchy ca;
  const auto key = good(private_key::generate());
  certificate_spec spec;
  spec.subject.common_name = "odd";
  spec.not_before = now() - 48h;
  spec.not_after = now() - 24h;
  spec.ca = true;
  spec.path_length = 3;
  spec.serial = "0a";
  spec.extended_key_usage = {NID_server_auth};
  spec.others.push_back({"1.3.6.1.4.1.99999.1", true, std::string("\x05\x00", 2)});
  const auto one = good(make_certificate(spec, key.get(), ca.middle, ca.middle_key));
  EXPECT_EQ(one.not_after(), spec.not_after);
  EXPECT_EQ(one.serial(), "a");
  EXPECT_TRUE(one.is_ca());
  EXPECT_TRUE(one.key_usages().empty());
  EXPECT_TRUE(one.is_signed_by(ca.middle));
  const auto broken = good(with_broken_signature(one));
  EXPECT_FALSE(broken.is_signed_by(ca.middle));
  EXPECT_EQ(broken.subject(), one.subject());
}

TEST(a_revocation_list, says_who_is_revoked_and_openssl_believes_it) {
  const hierarchy ca;
  const scratch folder;
  const auto key = good(private_key::generate());
  const auto bad = ca.leaf(profile::client, key, {});
  const auto fine = ca.leaf(profile::client, key, {});
  const auto next = now() + 24h;
  const auto list = good(make_crl({7, now() - 1h, next, {{bad.serial(), now() - 2h, 1}}}, ca.middle, ca.middle_key));
  EXPECT_TRUE(list.is_signed_by(ca.middle));
  EXPECT_FALSE(list.is_signed_by(ca.root));
  EXPECT_TRUE(list.revokes(bad));
  EXPECT_FALSE(list.revokes(fine));
  EXPECT_EQ(list.number(), "7");
  EXPECT_EQ(list.size(), 1U);
  EXPECT_EQ(list.next_update(), next);

  folder.write("root.crt", ca.root.pem());
  folder.write("middle.crt", ca.middle.pem());
  folder.write("list.crl", list.pem());
  folder.write("bad.crt", bad.pem());
  folder.write("fine.crt", fine.pem());
  const std::string verify =
      "openssl verify -x509_strict -crl_check -CRLfile list.crl -CAfile root.crt -untrusted middle.crt ";
  EXPECT_THAT(folder.attempt(verify + "bad.crt").second, HasSubstr("certificate revoked"));
  EXPECT_THAT(folder.run(verify + "fine.crt"), HasSubstr("OK"));
  EXPECT_THAT(folder.run("openssl crl -in list.crl -noout -text"), HasSubstr("Key Compromise"));
}

TEST(a_request, proves_that_its_sender_holds_the_key) {
  const scratch folder;
  for (const auto kind : {key_kind::p256, key_kind::ed25519, key_kind::rsa2048}) {
    const auto key = good(private_key::generate(kind));
    const auto made = good(request::make(key, {"bob", {"Acme"}, {}}, {{"b.example"}, {"spiffe://acme/bob"}, {}, {}}));
    EXPECT_TRUE(made.proves_possession());
    EXPECT_EQ(made.subject(), "CN=bob,O=Acme");
    EXPECT_EQ(made.names().dns, std::vector<std::string>{"b.example"});
    EXPECT_EQ(made.names().uris, std::vector<std::string>{"spiffe://acme/bob"});
    folder.write("bob.csr", made.pem());
    EXPECT_THAT(folder.run("openssl req -in bob.csr -verify -noout -text"), HasSubstr("DNS:b.example"));
    auto der = made.der();
    der.back() = static_cast<char>(der.back() ^ 1);
    EXPECT_FALSE(good(request::from_der(der)).proves_possession());
  }
}

class made_pkcs12 : public ::testing::TestWithParam<std::string> {
 protected:
  made_pkcs12() {
    folder.write("root.crt", ca.root.pem());
    folder.write("a.p12", good(to_pkcs12({key, {leaf, ca.middle}}, GetParam(), "alice")).view());
  }
  hierarchy ca;
  private_key key = good(private_key::generate());
  certificate leaf = ca.leaf(profile::client, key, {});
  scratch folder;
};

TEST_P(made_pkcs12, reads_back) {
  const auto read = good(load_identity(folder / "a.p12", {}, GetParam()));
  ASSERT_EQ(read.chain.size(), 2U);
  EXPECT_EQ(read.leaf(), leaf);
  EXPECT_EQ(read.chain[1], ca.middle);
}

TEST_P(made_pkcs12, opens_in_openssl_gnutls_and_java_with_modern_algorithms) {
  const auto info = folder.run("openssl pkcs12 -info -nodes -in a.p12 -passin 'pass:" + GetParam() + "'");
  EXPECT_THAT(info, HasSubstr("MAC: sha256"));
  EXPECT_THAT(info, HasSubstr("AES-256-CBC"));
  EXPECT_THAT(info, HasSubstr("hmacWithSHA256"));
  EXPECT_THAT(info, Not(HasSubstr("RC2")));
  EXPECT_THAT(folder.run("certtool --p12-info --inder --infile a.p12 --password '" + GetParam() + "'"),
              HasSubstr("BEGIN CERTIFICATE"));
  // Java's keytool itself refuses passwords of less than six characters.
  if (!GetParam().empty()) {
    EXPECT_THAT(folder.run("keytool -list -keystore a.p12 -storetype PKCS12 -storepass '" + GetParam() + "'"),
                HasSubstr("PrivateKeyEntry"));
  }
}

INSTANTIATE_TEST_SUITE_P(with_and_without_a_password, made_pkcs12, ::testing::Values("", "sesame-open"),
                         [](const auto& password) { return password.param.empty() ? "without" : "with"; });

}  // namespace
}  // namespace mutual::x509
