// Compact revocation lists say what OpenSSL says of the same bytes, or are not compact.
#include "x509/lookup_list.hpp"

#include "gtest/gtest.h"
#include "support/pki.hpp"
#include "x509/crl_outline.hpp"
#include "x509/revoked_serials.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace mutual::x509 {
namespace {

using chance = std::mt19937_64;

constexpr int no_reason = -1;
constexpr auto invalidity_date = "DER:180F32303236303130313030303030305A";

struct entry {
  std::string number;  // big-endian, of any length
  bool negative = false;
  int reason = no_reason;
  std::vector<std::pair<std::string, std::string>> more{};  // extensions, by OpenSSL's names and values
};

struct list_spec {
  std::vector<entry> entries{};
  const EVP_MD* digest = EVP_sha256();
  std::vector<std::pair<std::string, std::string>> more{};
};

asn1_integer_ptr integer_of(const std::string& number, bool negative) {
  const bignum_ptr value(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(number.data()), static_cast<int>(number.size()), nullptr));
  if (negative) BN_set_negative(value.get(), 1);
  return asn1_integer_ptr(BN_to_ASN1_INTEGER(value.get(), nullptr));
}

x509_extension_ptr extension_of(const std::string& name, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  return x509_extension_ptr(X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str()));
}

const test::identity& authority() {
  static const auto made = test::self_signed(test::root_spec());
  return made;
}

void add(X509_CRL* to, const entry& one, const ASN1_TIME* at) {
  X509_REVOKED* made = X509_REVOKED_new();
  X509_REVOKED_set_serialNumber(made, integer_of(one.number, one.negative).get());
  X509_REVOKED_set_revocationDate(made, const_cast<ASN1_TIME*>(at));
  if (one.reason != no_reason) {
    const std::unique_ptr<ASN1_ENUMERATED, freed_by<ASN1_ENUMERATED_free>> reason(ASN1_ENUMERATED_new());
    ASN1_ENUMERATED_set(reason.get(), one.reason);
    EXPECT_EQ(X509_REVOKED_add1_ext_i2d(made, NID_crl_reason, reason.get(), 0, 0), 1);
  }
  for (const auto& [name, value] : one.more) {
    const auto extension = extension_of(name, value);
    EXPECT_TRUE(extension && X509_REVOKED_add_ext(made, extension.get(), -1) == 1) << name;
  }
  EXPECT_EQ(X509_CRL_add0_revoked(to, made), 1);
}

std::string der_of_list(const list_spec& what, const test::identity& issuer = authority()) {
  const x509_crl_ptr made(X509_CRL_new());
  X509_CRL_set_version(made.get(), 1);
  X509_CRL_set_issuer_name(made.get(), X509_get_subject_name(issuer.certificate()));
  const asn1_time_ptr time(ASN1_TIME_adj(nullptr, 1'800'000'000, 0, 0));
  X509_CRL_set1_lastUpdate(made.get(), time.get());
  X509_CRL_set1_nextUpdate(made.get(), time.get());
  for (const auto& one : what.entries) add(made.get(), one, time.get());
  const asn1_integer_ptr number(ASN1_INTEGER_new());
  ASN1_INTEGER_set(number.get(), 7);
  X509_CRL_add1_ext_i2d(made.get(), NID_crl_number, number.get(), 0, 0);
  for (const auto& [name, value] : what.more) {
    EXPECT_EQ(X509_CRL_add_ext(made.get(), extension_of(name, value).get(), -1), 1) << name;
  }
  EXPECT_GT(X509_CRL_sign(made.get(), issuer.private_key(), what.digest), 0);
  return der_of(made.get(), i2d_X509_CRL);
}

lookup_list list_of(const list_spec& what, const test::identity& issuer = authority()) {
  return lookup_list::from_der(der_of_list(what, issuer)).value();
}

std::string random_number(chance& from, std::size_t longest) {
  std::string out(1 + from() % longest, '\0');
  for (auto& each : out) each = static_cast<char>(from());
  out.front() = static_cast<char>(out.front() & 0x7F);  // so that 20 octets are enough for it
  return out;
}

bool openssl_finds(const crl& in, const ASN1_INTEGER* serial) {
  X509_REVOKED* found = nullptr;
  return X509_CRL_get0_by_serial(in.get(), &found, serial) == 1;
}

// Those that are in it, those next to them, and those that have nothing to do with it.
void expect_same_answers(const std::string& der, const std::vector<entry>& entries, chance& from) {
  const auto ours = lookup_list::from_der(der).value();
  const auto openssls = crl::from_der(der).value();
  const auto same = [&](const asn1_integer_ptr& serial) {
    ASSERT_EQ(ours.revokes(serial.get()), openssl_finds(openssls, serial.get()));
  };
  for (const auto& one : entries) {
    same(integer_of(one.number, one.negative));
    same(integer_of(one.number, !one.negative));
    same(integer_of(one.number.substr(1), one.negative));
    same(integer_of(std::string(1, '\1') + one.number, one.negative));
    auto near = one.number;
    near[from() % near.size()] ^= static_cast<char>(1U << from() % 8U);
    same(integer_of(near, false));
    same(integer_of(random_number(from, 21), false));
  }
  same(integer_of("", false));
  same(asn1_integer_ptr(ASN1_INTEGER_new()));
  EXPECT_EQ(ours.size(), openssls.size());
  EXPECT_EQ(ours.number(), openssls.number());
  EXPECT_EQ(ours.issuer(), openssls.issuer());
  EXPECT_EQ(ours.this_update(), openssls.this_update());
  EXPECT_EQ(ours.next_update(), openssls.next_update());
}

TEST(lookup_list, finds_whom_openssl_finds_and_nobody_else) {
  chance from(20261125);  // the same lists each time
  for (const std::size_t longest : {1U, 2U, 8U, 16U, 20U}) {
    for (const std::size_t count : {0U, 1U, 2U, 5U, 100U, 700U}) {
      list_spec what;
      for (std::size_t at = 0; at < count; ++at) {
        entry one{random_number(from, longest)};
        constexpr std::array reasons{no_reason, 0, 1, 4, 5, 6, 9, 10};
        one.reason = reasons[from() % reasons.size()];
        if (from() % 5 == 0) one.more = {{"invalidityDate", invalidity_date}};
        what.entries.push_back(std::move(one));
        if (from() % 7 == 0) what.entries.push_back(what.entries[from() % what.entries.size()]);
      }
      const auto der = der_of_list(what);
      EXPECT_TRUE(lookup_list::from_der(der)->is_compact()) << longest << " octets, " << count;
      expect_same_answers(der, what.entries, from);
    }
  }
}

TEST(lookup_list, a_serial_of_zero_and_one_of_twenty_octets_are_found) {
  chance from(1);
  const std::vector<entry> entries{{std::string(1, '\0')}, {std::string(20, '\x7F')}, {std::string(20, '\xFF')}};
  expect_same_answers(der_of_list({entries}), entries, from);
  EXPECT_TRUE(list_of({entries}).is_compact());
}

struct unusual {
  const char* what;
  list_spec list;
};

// What one of them says of an entry is for OpenSSL to read, and what it thinks of the list is what it thought before.
TEST(lookup_list, a_list_that_says_more_of_an_entry_is_left_to_openssl) {
  chance from(2);
  const entry plain{"\x12\x34"};
  const auto with = [&](entry one) { return list_spec{{plain, std::move(one)}}; };
  const std::vector<unusual> all{
      {"negative", with({"\x05", true})},
      {"more than 20 octets", with({std::string(21, '\x11')})},
      {"takes back (removeFromCRL)", with({"\x05", false, 8})},
      {"a reason that there is not", with({"\x05", false, 7})},
      {"a reason of two octets", with({"\x05", false, 300})},
      {"a certificate's issuer", with({"\x05", false, no_reason, {{"certificateIssuer", "DER:30048202612E"}}})},
      {"a critical reason", with({"\x05", false, no_reason, {{"CRLReason", "critical,DER:0A0101"}}})},
      {"an unknown extension", with({"\x05", false, no_reason, {{"1.2.3.4", "DER:0500"}}})},
      {"a critical unknown extension", with({"\x05", false, no_reason, {{"1.2.3.4", "critical,DER:0500"}}})},
      {"an extension twice",
       with({"\x05", false, no_reason, {{"invalidityDate", invalidity_date}, {"invalidityDate", invalidity_date}}})},
  };
  for (const auto& [what, list] : all) {
    const auto der = der_of_list(list);
    const auto read = lookup_list::from_der(der);
    ASSERT_TRUE(read) << what;
    EXPECT_FALSE(read->is_compact()) << what;
    EXPECT_TRUE(read->is_signed_by(X509_get0_pubkey(authority().certificate()))) << what;
    EXPECT_EQ(der_of(read->get(), i2d_X509_CRL), der) << what;
    expect_same_answers(der, list.entries, from);
  }
}

test::identity authority_with(test::key own) {
  auto contents = test::root_spec();
  contents.with = std::move(own);
  return test::self_signed(contents);
}

const test::identity& rsa_authority() {
  static const auto made = authority_with(test::make_rsa_key(2048));
  return made;
}

// Wherever it is, and whatever becomes of it there: in the list, in the names of the algorithm, in the signature.
void expect_that_any_changed_octet_is_noticed(const test::identity& issuer) {
  EVP_PKEY* key = X509_get0_pubkey(issuer.certificate());
  auto der = der_of_list({{{"\x12\x34"}, {"\x56\x78"}}}, issuer);
  std::size_t read = 0;
  for (std::size_t at = 0; at < der.size(); ++at) {
    for (const char change : {'\x01', '\x02', '\x04', '\x80'}) {
      der[at] ^= change;
      const auto changed = lookup_list::from_der(der);
      const auto whole = crl::from_der(der);
      ASSERT_EQ(bool(changed), bool(whole)) << at;
      if (changed) {
        ++read;
        EXPECT_EQ(changed->is_signed_by(key), X509_CRL_verify(whole->get(), key) == 1) << at;
        // OpenSSL does not compare the two names of the algorithm (RFC 5280 section 5.1.1.2); such a list is not
        // compact.
        EXPECT_FALSE(changed->is_compact() && changed->is_signed_by(key)) << at;
        EXPECT_FALSE(changed->is_compact() && X509_CRL_verify(changed->get(), key) == 1) << at;
      }
      der[at] ^= change;
    }
  }
  EXPECT_GT(read, der.size() * 2);
}

TEST(lookup_list, tells_whose_signature_it_has_and_notices_any_changed_octet) {
  const auto stranger = test::self_signed(test::root_spec());
  for (const auto* issuer : {&authority(), &rsa_authority()}) {
    const auto good = list_of({{{"\x12\x34"}, {"\x56\x78"}}}, *issuer);
    EXPECT_TRUE(good.is_compact());
    EXPECT_TRUE(good.is_signed_by(certificate::from_der(issuer->der()).value()));
    EXPECT_FALSE(good.is_signed_by(X509_get0_pubkey(stranger.certificate())));
    EXPECT_FALSE(good.is_signed_by(static_cast<EVP_PKEY*>(nullptr)));
    expect_that_any_changed_octet_is_noticed(*issuer);
  }
}

// RFC 5280 section 5.1.1.2. Only the name inside is signed.
TEST(lookup_list, a_list_whose_algorithm_is_named_otherwise_beside_the_signature_is_not_compact) {
  auto der = der_of_list({{{"\x12\x34"}}}, rsa_authority());
  const std::string no_parameters("\x05\x00", 2), other("\x04\x00", 2);
  const auto algorithm = outline_of(der)->algorithm;
  ASSERT_TRUE(algorithm.ends_with(no_parameters));
  const auto at = static_cast<std::size_t>(algorithm.data() + algorithm.size() - der.data());
  der.replace(at - other.size(), other.size(), other);
  const auto read = lookup_list::from_der(der);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->is_compact());
}

// Else whoever adds entries to an empty list would have the CA's word for them, where OpenSSL is asked.
TEST(lookup_list, what_openssl_sees_of_a_compact_list_has_no_signature_that_verifies_even_if_it_is_empty) {
  for (const auto* issuer : {&authority(), &rsa_authority()}) {
    EVP_PKEY* key = X509_get0_pubkey(issuer->certificate());
    for (const auto& entries : {std::vector<entry>{}, std::vector<entry>{{"\x12\x34"}}}) {
      const auto list = list_of({entries}, *issuer);
      ASSERT_TRUE(list.is_compact());
      EXPECT_TRUE(list.is_signed_by(key));
      EXPECT_NE(X509_CRL_verify(list.get(), key), 1);
    }
  }
}

TEST(lookup_list, signatures_of_every_kind_are_checked) {
  const auto& rsa = rsa_authority();
  const auto p384 = authority_with(test::key(EVP_EC_gen("P-384"), EVP_PKEY_free));
  const auto ed25519 = authority_with(test::key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free));
  for (const auto* digest : {EVP_sha256(), EVP_sha384(), EVP_sha512()}) {
    for (const auto* issuer : {&rsa, &p384}) {
      const auto list = list_of({{{"\x12\x34"}}, digest}, *issuer);
      EXPECT_TRUE(list.is_compact());
      EXPECT_TRUE(list.is_signed_by(X509_get0_pubkey(issuer->certificate())));
      EXPECT_FALSE(list.is_signed_by(X509_get0_pubkey((issuer == &rsa ? p384 : rsa).certificate())));
    }
  }
  // These need the bytes themselves, or are no longer good enough to rely on here.
  const auto whole = list_of({{{"\x12\x34"}}, nullptr}, ed25519);
  EXPECT_FALSE(whole.is_compact());
  EXPECT_TRUE(whole.is_signed_by(X509_get0_pubkey(ed25519.certificate())));
  EXPECT_FALSE(list_of({{{"\x12\x34"}}, EVP_sha1()}, rsa).is_compact());
}

TEST(lookup_list, what_is_cut_off_or_followed_by_more_is_no_list) {
  const auto der = der_of_list({{{"\x12\x34"}, {"\x56\x78"}}});
  for (std::size_t at = 0; at < der.size(); ++at) EXPECT_FALSE(lookup_list::from_der(der.substr(0, at))) << at;
  EXPECT_FALSE(lookup_list::from_der(der + '\0'));
}

// The aim is under 24; 20 octets of it are the serial number itself.
TEST(lookup_list, takes_less_than_24_bytes_for_each_serial_number) {
  std::string entries;
  chance from(3);
  constexpr std::size_t count = 70'000;
  for (std::size_t at = 0; at < count; ++at) {
    std::string number(20, '\x40');
    for (std::size_t octet = 1; octet < number.size(); ++octet) number[octet] = static_cast<char>(from());
    entries += "\x30\x25\x02\x14" + number + "\x17\x0D" + "260101000000Z";
  }
  const auto all = revoked_serials::from_entries(entries);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), count);
  EXPECT_LT(all->bytes(), count * 24);
}

}  // namespace
}  // namespace mutual::x509
