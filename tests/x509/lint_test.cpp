// Every finding of lint(): one certificate that has it, beside a good one that has not.

#include "x509/lint.hpp"

#include "support/odd_keys.hpp"
#include "x509/builder.hpp"
#include "x509/identity.hpp"
#include "x509/pkcs12.hpp"
#include "x509/profile.hpp"
#include "x509/scratch.hpp"

#include <map>

namespace mutual::x509 {
namespace {

using std::chrono::days;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

template <class T>
T good(result<T> made) {
  EXPECT_TRUE(made) << made.error().message();
  return *std::move(made);
}

// "wrong no_names", "advice order" …
std::vector<std::string> codes(const std::vector<lint_finding>& found) {
  std::vector<std::string> out;
  for (const auto& one : found) {
    out.push_back(std::string(to_string(one.how)) + " " + std::string(one.code));
    EXPECT_FALSE(one.what.empty() || one.fix.empty() || one.about.empty()) << one.code;
  }
  return out;
}

class lint_of : public ::testing::Test {
 protected:
  certificate_spec describe(profile purpose, std::string name, alternative_names names = {}) const {
    return good(describe_certificate(purpose, {std::move(name), {"Acme"}, {}}, std::move(names), key, days(300)));
  }
  certificate sign(const certificate_spec& spec) const {
    return good(make_certificate(spec, key.get(), middle, middle_key));
  }
  certificate sign(const certificate_spec& spec, const private_key& of) const {
    return good(make_certificate(spec, of.get(), middle, middle_key));
  }
  std::vector<std::string> look(const certificate& leaf, lint_options how = {}) const {
    bundle all;
    all.certificates = {leaf, middle};
    return codes(lint(all, how));
  }
  std::vector<std::string> look_at(std::vector<certificate> chain, lint_options how = {}) const {
    bundle all;
    all.certificates = std::move(chain);
    return codes(lint(all, how));
  }

  private_key root_key = good(private_key::generate()), middle_key = good(private_key::generate()),
              key = good(private_key::generate());
  certificate root = good(make_self_signed(
      good(describe_certificate(profile::root, {"Root", {}, {}}, {}, root_key, days(3650))), root_key));
  certificate middle = good(issue_certificate(
      good(describe_certificate(profile::intermediate, {"Middle", {}, {}}, {}, middle_key, days(1825))),
      middle_key.get(), root, root_key));
  certificate_spec client = describe(profile::client, "alice", {{}, {"spiffe://acme/alice"}, {}, {}});
  certificate_spec server = describe(profile::server, "web.example", {{"web.example"}, {}, {}, {}});
};

TEST_F(lint_of, what_we_issue_is_good) {
  EXPECT_THAT(look(sign(client)), IsEmpty());
  EXPECT_THAT(look(sign(server)), IsEmpty());
  EXPECT_THAT(look(sign(describe(profile::peer, "node.example", {{"node.example"}, {}, {}, {}}))), IsEmpty());
  EXPECT_THAT(look_at({root}), IsEmpty());
  EXPECT_THAT(look_at({middle}), IsEmpty());
}

TEST_F(lint_of, a_certificate_without_names_is_told_which_it_needs) {
  EXPECT_THAT(look(sign(describe(profile::client, "alice"))), Contains("advice no_names"));
  auto spec = server;
  spec.names = {};
  EXPECT_THAT(look(sign(spec)), Contains("wrong no_names"));
  spec.names.dns = {"other.example"};
  EXPECT_THAT(look(sign(spec)), Contains("advice name_only_common"));
}

TEST_F(lint_of, purposes_are_looked_at_over_the_whole_chain) {
  EXPECT_THAT(look(sign(server), {.as = use::client, .trusted = {}}), Contains("wrong wrong_purpose"));
  EXPECT_THAT(look(sign(client), {.as = use::peer, .trusted = {}}), Contains("wrong wrong_purpose"));
  auto spec = client;
  spec.extended_key_usage = {};
  EXPECT_THAT(look(sign(spec)), Contains("advice no_purpose"));
  // A CA that drops clientAuth, as public ones do.
  auto narrow_spec = good(describe_certificate(profile::intermediate, {"Narrow", {}, {}}, {}, middle_key, days(900)));
  narrow_spec.extended_key_usage = {NID_server_auth};
  const auto narrow = good(make_certificate(narrow_spec, middle_key.get(), root, root_key));
  EXPECT_THAT(look_at({good(make_certificate(client, key.get(), narrow, middle_key)), narrow}),
              Contains("wrong chain_purpose"));
  EXPECT_THAT(look_at({good(make_certificate(server, key.get(), narrow, middle_key)), narrow}), IsEmpty());
}

TEST_F(lint_of, names_of_strangers_do_nothing_in_the_command_that_mends_it) {
  auto spec = server;
  spec.subject.common_name = "$(reboot)";
  // GeneralNames of what we would not issue ourselves.
  spec.names = {};
  spec.others = {{"subjectAltName", false,
                  "\x30\x1F\x82\x08"
                  "a;reboot"
                  "\x82\x08"
                  "--pki=/x"
                  "\x82\x09"
                  "*.example"}};
  spec.extended_key_usage = {};
  const auto fix = [&] {
    bundle all;
    all.certificates = {sign(spec), middle};
    for (const auto& one : lint(all, {.as = use::server, .trusted = {}})) {
      if (one.code == "no_purpose") return one.fix;
    }
    return std::string();
  };
  EXPECT_EQ(fix(), "issue another with: mutual issue server '$(reboot)' 'a;reboot' '*.example'");
  spec.subject.common_name = "--force";
  spec.others = {};
  spec.names.dns = {"web.example"};
  EXPECT_EQ(fix(), "issue another with: mutual issue server NAME web.example");
}

TEST_F(lint_of, what_is_of_ones_own_is_made_anew_where_it_was_issued) {
  auto soon = client;
  soon.not_before = now() - days(300);
  soon.not_after = now() + days(10);
  bundle all;
  all.certificates = {sign(soon), middle};
  lint_options how;
  const auto fix = [&](std::string_view code) {
    for (const auto& one : lint(all, how)) {
      if (one.code == code) return one.fix;
    }
    return std::string();
  };
  EXPECT_EQ(fix("ends_soon"), "issue another with: mutual issue client alice");
  how.renewal = [&](const certificate& one, remedy way) {
    if (one != all.certificates.front()) return std::string();
    return std::string(way == remedy::shorter ? "renew it shorter" : "renew it");
  };
  EXPECT_EQ(fix("ends_soon"), "renew it");
  soon.not_before = now() - days(3000);
  all.certificates.front() = sign(soon);
  EXPECT_EQ(fix("long_life"), "renew it shorter");
  // A renewal is for the same, and the name is taken.
  how.as = use::peer;
  soon.names.dns = {"web.example"};
  all.certificates.front() = sign(soon);
  EXPECT_EQ(fix("wrong_purpose"), "issue another with: mutual issue peer NAME web.example");
}

TEST_F(lint_of, a_leaf_that_is_a_ca_is_dangerous) {
  auto spec = client;
  spec.ca = true;
  spec.key_usage = 0;
  EXPECT_THAT(look(sign(spec)), Contains("wrong leaf_is_ca"));
  EXPECT_THAT(look_at({good(make_self_signed(spec, key))}), Contains("wrong self_signed_ca"));
}

TEST_F(lint_of, key_usage_must_be_what_tls_needs) {
  auto spec = client;
  spec.key_usage = KU_KEY_ENCIPHERMENT;
  EXPECT_THAT(look(sign(spec)), Contains("wrong key_usage"));
  spec.key_usage = KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN;
  EXPECT_THAT(look(sign(spec)), Contains("wrong key_usage"));
  spec.key_usage = 0;
  EXPECT_THAT(look(sign(spec)), Contains("advice no_key_usage"));
}

TEST_F(lint_of, dates_and_lives_are_looked_at) {
  auto spec = client;
  EXPECT_THAT(look(sign(client), {.as = {}, .at = now() + days(301), .trusted = {}}), Contains("wrong expired"));
  EXPECT_THAT(look(sign(client), {.as = {}, .at = now() + days(250), .trusted = {}}), Contains("advice ends_soon"));
  EXPECT_THAT(look(sign(client), {.as = {}, .at = now() - days(1), .trusted = {}}), Contains("wrong not_yet_valid"));
  spec.not_before = now();
  EXPECT_THAT(look(sign(spec)), Contains("advice no_backdate"));
  spec = client, spec.not_after = now() + days(500);
  EXPECT_THAT(look(sign(spec)), Contains("advice long_life"));
  spec = server, spec.not_after = now() + days(900);
  EXPECT_THAT(look(sign(spec)), Contains("wrong long_life"));
  spec = client, spec.not_after = now() + days(2000);
  EXPECT_THAT(look(sign(spec)), Contains("advice outlives_issuer"));
}

TEST_F(lint_of, weak_and_rare_keys_are_told) {
  const private_key small(pkey_ptr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024})));
  const private_key odd(pkey_ptr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp256k1")));
  EXPECT_THAT(look(sign(client, small)), Contains("wrong weak_key"));
  EXPECT_THAT(look(sign(client, odd)), Contains("wrong weak_key"));
  EXPECT_THAT(look(sign(client, good(private_key::generate(key_kind::ed25519)))), Contains("advice rare_key"));
  EXPECT_THAT(look(sign(client, good(private_key::generate(key_kind::rsa2048)))), IsEmpty());
}

TEST_F(lint_of, a_key_with_which_everybody_can_sign_is_wrong) {
  for (const auto& open : {test::make_rsa_key_of("1"), test::make_rsa_key_of("3"), test::make_ed25519_identity()}) {
    EXPECT_THAT(look(good(make_certificate(client, open.get(), middle, middle_key))), Contains("wrong weak_key"));
  }
}

TEST_F(lint_of, weak_signatures_and_serials_are_told) {
  auto spec = client;
  spec.digest = "SHA1";
  EXPECT_THAT(look(sign(spec)), Contains("wrong weak_signature"));
  spec = client, spec.serial = "2a";
  EXPECT_THAT(look(sign(spec)), Contains("advice serial_short"));
  spec = client, spec.serial = "0";
  EXPECT_THAT(look(sign(spec)), Contains("wrong serial_not_positive"));
  spec = client, spec.serial = "f" + std::string(39, '0');  // The top bit makes it 21 octets.
  EXPECT_THAT(look(sign(spec)), Contains("wrong serial_too_long"));
}

TEST_F(lint_of, a_missing_intermediate_is_certain_only_with_a_trust) {
  const auto leaf = sign(client);
  EXPECT_THAT(look_at({leaf}), Contains("advice intermediate_missing"));
  EXPECT_THAT(look_at({leaf}, {.as = {}, .trusted = {root}}), Contains("wrong intermediate_missing"));
  EXPECT_THAT(look_at({leaf}, {.as = {}, .trusted = {middle}}), IsEmpty());
  EXPECT_THAT(look_at({leaf, middle}, {.as = {}, .trusted = {root}}), IsEmpty());
}

TEST_F(lint_of, what_does_not_belong_into_the_file_is_told) {
  const auto leaf = sign(client), other = sign(server);
  EXPECT_THAT(look_at({leaf, middle, root}), Contains("advice root_included"));
  EXPECT_THAT(look_at({leaf, middle, other}), Contains("advice unrelated"));
  bundle mixed;
  mixed.key = middle_key;
  mixed.certificates = {leaf, middle};
  EXPECT_THAT(codes(lint(mixed)), Contains("wrong key_mismatch"));
}

TEST_F(lint_of, an_order_that_some_programs_refuse_is_told) {
  auto upper_spec = good(describe_certificate(profile::root, {"Upper", {}, {}}, {}, root_key, days(1900)));
  const auto upper = good(make_certificate(upper_spec, root_key.get(), root, root_key));
  auto lower_spec = good(describe_certificate(profile::intermediate, {"Lower", {}, {}}, {}, middle_key, days(900)));
  const auto lower = good(make_certificate(lower_spec, middle_key.get(), upper, root_key));
  const auto leaf = good(make_certificate(client, key.get(), lower, middle_key));
  EXPECT_THAT(look_at({leaf, lower, upper}), Not(Contains("advice order")));
  EXPECT_THAT(look_at({leaf, upper, lower}), Contains("advice order"));
  // And a CA below another that allows none.
  const auto too_deep = good(make_certificate(lower_spec, middle_key.get(), middle, middle_key));
  EXPECT_THAT(look_at({good(make_certificate(client, key.get(), too_deep, middle_key)), too_deep, middle}),
              Contains("wrong path_length"));
}

TEST_F(lint_of, a_ca_must_be_one) {
  EXPECT_THAT(look(sign(client), {.as = use::ca, .trusted = {}}), Contains("wrong not_a_ca"));
  auto spec = good(describe_certificate(profile::root, {"R", {}, {}}, {}, root_key, days(3650)));
  spec.key_usage = KU_KEY_CERT_SIGN;
  EXPECT_THAT(look_at({good(make_self_signed(spec, root_key))}), Contains("advice no_crl_sign"));
  spec.key_usage = KU_CRL_SIGN;
  EXPECT_THAT(look_at({good(make_self_signed(spec, root_key))}, {.as = use::ca, .trusted = {}}),
              Contains("wrong key_usage"));
  spec.key_usage = 0;
  EXPECT_THAT(look_at({good(make_self_signed(spec, root_key))}, {.as = use::ca, .trusted = {}}),
              Contains("wrong no_key_usage"));
}

TEST(lint_of_others, what_openssl_makes_by_default_is_told) {
  const scratch folder;
  // The tutorial's own lines.
  folder.run("openssl req -x509 -newkey rsa:2048 -nodes -keyout a.key -out a.crt -days 365 -subj /CN=alice");
  const auto found = lint(good(load_bundle(folder / "a.crt")));
  EXPECT_THAT(codes(found), Contains("wrong self_signed_ca"));
  const auto ca =
      std::find_if(found.begin(), found.end(), [](const auto& one) { return one.code == "self_signed_ca"; });
  ASSERT_NE(ca, found.end());
  EXPECT_THAT(ca->fix, HasSubstr("mutual init"));
  EXPECT_THAT(codes(lint(good(load_bundle(folder / "a.crt")), {.as = use::server, .trusted = {}})),
              Contains("wrong no_names"));
  // A leaf by openssl x509 -req without extensions: version 1 in OpenSSL 3.0, and without identifiers in any.
  folder.run(
      "openssl req -new -newkey rsa:2048 -nodes -keyout b.key -out b.csr -subj /CN=bob && "
      "printf 'subjectKeyIdentifier=none\\nauthorityKeyIdentifier=none\\n' > ext && "
      "openssl x509 -req -in b.csr -CA a.crt -CAkey a.key -CAcreateserial -days 30 -out b.crt && "
      "openssl x509 -req -in b.csr -CA a.crt -CAkey a.key -CAcreateserial -days 30 -extfile ext -out c.crt");
  EXPECT_THAT(codes(lint(good(load_bundle(folder / "c.crt")))), Contains("wrong no_authority_key_id"));
  EXPECT_THAT(codes(lint(good(load_bundle(folder / "c.crt")))), Contains("advice no_subject_key_id"));
}

class pkcs12_outside : public ::testing::Test {
 protected:
  pkcs12_outside() {
    folder.run("openssl req -x509 -newkey rsa:2048 -nodes -keyout a.key -out a.crt -days 9 -subj /CN=alice");
  }
  std::vector<std::string> look(const std::string& options) const {
    folder.run("openssl pkcs12 -export -in a.crt -inkey a.key -out a.p12 -passout pass:sesame " + options);
    const auto outside = pkcs12_algorithms_of(folder.bytes("a.p12"));
    EXPECT_TRUE(outside);
    return outside ? codes(lint_pkcs12(*outside, "a.p12")) : std::vector<std::string>{};
  }
  scratch folder;
};

TEST_F(pkcs12_outside, algorithms_are_seen_without_the_password) {
  EXPECT_THAT(look(""), IsEmpty());
  EXPECT_THAT(look("-legacy"), Contains("wrong p12_weak"));
  EXPECT_THAT(look("-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES"), Contains("advice p12_old"));
  EXPECT_THAT(look("-macalg sha1"), Contains("advice p12_old_mac"));
  EXPECT_THAT(look("-noiter"), Contains("advice p12_few_rounds"));
  EXPECT_THAT(look("-nomac"), Contains("advice p12_no_mac"));
  EXPECT_THAT(look("-keypbe NONE"), Contains("advice p12_open_key"));
}

TEST_F(pkcs12_outside, ours_are_what_they_claim_to_be) {
  const auto who = good(load_identity(folder / "a.crt", folder / "a.key"));
  for (const auto target : {pkcs12_target::modern, pkcs12_target::windows, pkcs12_target::java}) {
    const auto outside = pkcs12_algorithms_of(good(to_pkcs12(who, "sesame", "alice", target)).view());
    ASSERT_TRUE(outside);
    EXPECT_EQ(outside->mac, "SHA256");
    EXPECT_EQ(outside->mac_rounds, 100'000);
    ASSERT_EQ(outside->parts.size(), 2U);
    for (const auto& part : outside->parts) {
      EXPECT_EQ(part.cipher, "AES-256-CBC");
      EXPECT_EQ(part.prf, "hmacWithSHA256");
      EXPECT_EQ(part.rounds, 100'000);
    }
    EXPECT_THAT(lint_pkcs12(*outside, "a.p12"), IsEmpty());
  }
}

TEST_F(pkcs12_outside, what_is_no_pkcs12_file_has_none) {
  for (const char* name : {"a.crt", "a.key"}) EXPECT_FALSE(pkcs12_algorithms_of(folder.bytes(name)));
  EXPECT_FALSE(pkcs12_algorithms_of(""));
}

}  // namespace
}  // namespace mutual::x509
