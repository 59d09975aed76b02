// PKCS#12 files for each target: what they are made of, and what is refused before one is made.

#include "x509/pkcs12.hpp"

#include "x509/profile.hpp"
#include "x509/scratch.hpp"

namespace mutual::x509 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

template <class T>
T good(result<T> made) {
  EXPECT_TRUE(made) << made.error().message();
  return *std::move(made);
}

identity self_signed(std::string name, key_kind kind = key_kind::p256) {
  const auto key = good(private_key::generate(kind));
  const auto spec =
      good(describe_certificate(profile::client, {std::move(name), {}, {}}, {}, key, std::chrono::days(9)));
  return {key, {good(make_self_signed(spec, key))}};
}

constexpr std::array all_targets{pkcs12_target::modern, pkcs12_target::legacy, pkcs12_target::macos,
                                 pkcs12_target::windows, pkcs12_target::java};

TEST(pkcs12_target, names_are_told_apart) {
  for (const auto target : all_targets) {
    EXPECT_EQ(pkcs12_target_from_string(to_string(target)), target);
    EXPECT_FALSE(describe(target).empty());
  }
  EXPECT_FALSE(pkcs12_target_from_string("plan9"));
}

TEST(pkcs12_target, every_kind_of_key_is_written_for_every_target_and_read_back) {
  for (const auto kind : {key_kind::p256, key_kind::p384, key_kind::ed25519, key_kind::rsa2048}) {
    const auto who = self_signed("alice", kind);
    for (const auto target : all_targets) {
      const auto made = good(to_pkcs12(who, "sesame-open", "alice", target));
      const auto same = check_pkcs12(made.view(), "sesame-open", "a.p12", who);
      EXPECT_TRUE(same) << to_string(target) << " " << to_string(kind) << ": " << same.error().message();
      EXPECT_FALSE(check_pkcs12(made.view(), "sesame", "a.p12", who)) << to_string(target);
    }
  }
}

TEST(pkcs12_target, any_name_can_be_written) {
  const scratch folder;
  const auto who = self_signed("alice");
  for (const auto target : all_targets) {
    // Beyond U+FFFF, which a friendlyName cannot hold: at the ends, alone, and beside others that it can.
    for (const auto* name : {"\U0001F511", "\U00020BB7\u91CE", "a\u00E9\u91CE\U0010FFFF"}) {
      const auto made = good(to_pkcs12(who, "sesame-open", name, target));
      EXPECT_TRUE(check_pkcs12(made.view(), "sesame-open", "a.p12", who)) << to_string(target) << " " << name;
    }
    folder.write("a.p12", good(to_pkcs12(who, "sesame-open", "\U00020BB7A", target)).view());
    const auto info = folder.run("openssl pkcs12 -info -nodes -in a.p12 -passin pass:sesame-open");
    EXPECT_THAT(info, HasSubstr("friendlyName: ")) << "OpenSSL shows but a part of what is in it";
  }
}

TEST(pkcs12_target, the_algorithms_are_those_that_the_target_reads) {
  const scratch folder;
  const auto who = self_signed("alice");
  for (const auto target : all_targets) {
    folder.write("a.p12", good(to_pkcs12(who, "sesame-open", "alice", target)).view());
    // Without -legacy: none of them needs OpenSSL's legacy provider.
    const auto info = folder.run("openssl pkcs12 -info -nodes -in a.p12 -passin pass:sesame-open");
    const bool is_old = target == pkcs12_target::legacy || target == pkcs12_target::macos;
    EXPECT_THAT(info, HasSubstr(is_old ? "MAC: sha1," : "MAC: sha256,")) << to_string(target);
    EXPECT_THAT(info, HasSubstr(is_old ? "pbeWithSHA1And3-KeyTripleDES-CBC" : "AES-256-CBC")) << to_string(target);
    EXPECT_THAT(info, Not(HasSubstr("RC2"))) << to_string(target);
    EXPECT_EQ(info.find("Microsoft Software Key Storage Provider") != std::string::npos,
              target == pkcs12_target::windows);
  }
}

TEST(pkcs12_target, the_name_of_the_key_storage_stays_in_the_file_for_windows) {
  const auto who = self_signed("alice");
  (void)good(to_pkcs12(who, "sesame-open", "alice", pkcs12_target::windows));
  EXPECT_LE(EVP_PKEY_get_attr_count(who.key.get()), 0);
}

TEST(pkcs12_target, a_password_that_the_target_could_not_use_is_refused) {
  const auto who = self_signed("alice");
  const auto outcome = [&](pkcs12_target target, std::string_view password) {
    const auto made = to_pkcs12(who, password, "alice", target);
    return made ? std::string("made") : made.error().message();
  };
  EXPECT_EQ(outcome(pkcs12_target::modern, ""), "made");
  EXPECT_EQ(outcome(pkcs12_target::legacy, ""), "made");
  for (const auto target : {pkcs12_target::macos, pkcs12_target::windows, pkcs12_target::java}) {
    EXPECT_THAT(outcome(target, ""), HasSubstr("without a password"));
  }
  EXPECT_THAT(outcome(pkcs12_target::java, "short"), HasSubstr("6 characters"));
  EXPECT_EQ(outcome(pkcs12_target::java, "longer"), "made");
  EXPECT_EQ(outcome(pkcs12_target::modern, "Пароль"), "made");
  EXPECT_THAT(outcome(pkcs12_target::macos, "Пароль"), HasSubstr("outside ASCII"));
}

TEST(check_pkcs12, a_file_that_holds_something_else_is_no_success) {
  const auto alice = self_signed("alice"), bob = self_signed("bob");
  const auto made = good(to_pkcs12(alice, "", "alice"));
  EXPECT_TRUE(check_pkcs12(made.view(), "", "a.p12", alice));
  EXPECT_FALSE(check_pkcs12(made.view(), "", "a.p12", bob));
  EXPECT_FALSE(check_pkcs12(made.view(), "", "a.p12", {alice.key, {alice.leaf(), bob.leaf()}}));
  EXPECT_FALSE(check_pkcs12(made.view().substr(0, 300), "", "a.p12", alice));
}

}  // namespace
}  // namespace mutual::x509
