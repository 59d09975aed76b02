// Revocation lists whose entries we write ourselves, as OpenSSL would have written them.
#include "x509/crl_builder.hpp"

#include "support/outcome.hpp"
#include "x509/profile.hpp"
#include "x509/scratch.hpp"

#include <array>
#include <memory>
#include <random>

namespace mutual::x509 {
namespace {

using test::good;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

struct ca {
  certificate self;
  private_key key;
};

ca make_ca(private_key key = good(private_key::generate())) {
  auto self =
      good(make_self_signed(good(describe_certificate(profile::root, {"Acme Root CA", {}, {}}, {}, key, 24h)), key));
  return {std::move(self), std::move(key)};
}

constexpr sys_seconds at(std::int64_t seconds) { return sys_seconds(std::chrono::seconds(seconds)); }

// 2049-12-31 23:59:59 and the second after it (RFC 5280 section 5.1.2.6); the edges of what the two kinds can say.
constexpr std::int64_t last_short = 2'524'607'999, first_short = -631'152'000, last_of_all = 253'402'300'799,
                       first_of_all = -62'135'596'800;

const std::vector<revoked_certificate>& revoked_of_every_kind() {
  static const std::vector<revoked_certificate> all{
      {"0", at(0), 1},
      {"7f", at(1'700'000'000), std::nullopt},
      {"80", at(1'700'000'000), 0},
      {"ff", at(last_short), 3},
      {"100", at(last_short + 1), 4},
      {"00000000000000000101", at(last_of_all), 5},
      {"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", at(first_short), 6},
      {"7fffffffffffffffffffffffffffffffffffffff", at(first_short - 1), 8},
      {"4000000000000000000000000000000000000000", at(first_of_all), 9},
      {"4000000000000000000000000000000000000001", at(951'782'400), 10},  // 29 February 2000
      {"abc", at(1'700'000'001), 2},
  };
  return all;
}

std::string der_of_list(const crl_facts& facts, const std::vector<revoked_certificate>& revoked, const ca& by) {
  crl_entries entries;
  for (const auto& one : revoked) EXPECT_TRUE(entries.add(one.serial, one.when, one.reason)) << one.serial;
  EXPECT_EQ(entries.size(), revoked.size());
  return good(make_list_der(facts, entries, by.self, by.key));
}

// OpenSSL's own way to the same list, without its signature.
std::string openssls_entries(const std::vector<revoked_certificate>& revoked) {
  const x509_crl_ptr made(X509_CRL_new());
  for (const auto& one : revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    BIGNUM* number = nullptr;
    BN_hex2bn(&number, one.serial.c_str());
    const bignum_ptr owner(number);
    X509_REVOKED_set_serialNumber(entry, asn1_integer_ptr(BN_to_ASN1_INTEGER(number, nullptr)).get());
    X509_REVOKED_set_revocationDate(entry,
                                    asn1_time_ptr(ASN1_TIME_set(nullptr, one.when.time_since_epoch().count())).get());
    if (one.reason.value_or(0) != 0) {
      const std::unique_ptr<ASN1_ENUMERATED, freed_by<ASN1_ENUMERATED_free>> reason(ASN1_ENUMERATED_new());
      ASN1_ENUMERATED_set(reason.get(), *one.reason);
      X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason.get(), 0, X509V3_ADD_DEFAULT);
    }
    X509_CRL_add0_revoked(made.get(), entry);
  }
  X509_CRL_sort(made.get());
  std::string out;
  const auto* all = X509_CRL_get_REVOKED(made.get());
  for (int each = 0; each < sk_X509_REVOKED_num(all); ++each) {
    out += der_of(sk_X509_REVOKED_value(all, each), i2d_X509_REVOKED);
  }
  return out;
}

std::vector<revoked_certificate> random_ones(int count) {
  std::mt19937_64 from(20261128);
  std::vector<revoked_certificate> out;
  for (int each = 0; each < count; ++each) {
    std::string digits;
    for (auto length = 12 + from() % 29; length > 0; --length) digits += "0123456789abcdef"[from() % 16];
    constexpr std::array reasons{0, 1, 2, 3, 4, 5, 6, 9, 10};
    out.push_back({digits, at(static_cast<std::int64_t>(from() % 200'000'000'000) - 60'000'000'000),
                   reasons[from() % reasons.size()]});
  }
  return out;
}

TEST(crl_builder, writes_entries_as_openssl_writes_and_sorts_them) {
  for (const auto& revoked : {revoked_of_every_kind(), random_ones(2000)}) {
    crl_entries ours;
    for (const auto& one : revoked) ASSERT_TRUE(ours.add(one.serial, one.when, one.reason)) << one.serial;
    EXPECT_EQ(ours.take(), openssls_entries(revoked));
    EXPECT_TRUE(ours.empty());
  }
}

TEST(crl_builder, refuses_what_no_entry_can_say) {
  crl_entries entries;
  for (const auto* serial : {"", "-1", "0x12", "12 ", "xyz", "11111111111111111111111111111111111111111"}) {
    EXPECT_FALSE(entries.add(serial, at(0), std::nullopt)) << serial;
  }
  EXPECT_FALSE(entries.add("1", at(last_of_all + 1), std::nullopt));
  EXPECT_FALSE(entries.add("1", at(first_of_all - 1), std::nullopt));
  EXPECT_FALSE(entries.add("1", at(0), 11));
  EXPECT_FALSE(entries.add("1", at(0), -1));
  EXPECT_FALSE(entries.add("1", at(0), 7));  // RFC 5280 section 5.3.1: not used
  EXPECT_TRUE(entries.empty());
}

void expect_good(const std::string& der, const ca& by, std::size_t size) {
  const auto read = good(crl::from_der(der));
  EXPECT_EQ(read.size(), size);
  EXPECT_TRUE(read.is_signed_by(by.self));
  EXPECT_EQ(read.der(), der);
  EXPECT_EQ(X509_CRL_get_version(read.get()), X509_CRL_VERSION_2);
  // RFC 5280 section 5.1.2.6: no list of entries rather than an empty one.
  EXPECT_EQ(X509_CRL_get_REVOKED(read.get()) == nullptr, size == 0);
  EXPECT_TRUE(has_signature_of(der, by.self));
  EXPECT_FALSE(has_signature_of(der, make_ca().self));
  auto changed = der;
  changed[changed.size() / 2] ^= 1;
  EXPECT_FALSE(has_signature_of(changed, by.self));
  std::string pem = "before\n";
  append_list_pem(pem, der);
  EXPECT_EQ(pem, "before\n" + read.pem());
}

// Of every length that the heads of the DER have octets for, and of every kind of key.
TEST(crl_builder, makes_lists_that_openssl_reads_and_verifies) {
  const auto by = make_ca();
  const crl_facts facts{7, at(1'700'000'000), at(2'600'000'000)};
  for (const int count : {0, 1, 2, 3, 4, 5, 6, 7, 8, 900, 901, 30'000}) {
    expect_good(der_of_list(facts, random_ones(count), by), by, static_cast<std::size_t>(count));
  }
  for (const auto kind : {key_kind::p384, key_kind::rsa2048, key_kind::ed25519}) {
    const auto other = make_ca(good(private_key::generate(kind)));
    for (const auto& revoked : {std::vector<revoked_certificate>{}, revoked_of_every_kind()}) {
      expect_good(der_of_list(facts, revoked, other), other, revoked.size());
    }
  }
}

TEST(crl_builder, a_list_says_of_itself_what_it_was_told_to) {
  const auto by = make_ca();
  const auto full = good(crl::from_der(der_of_list({0x1234, at(1'700'000'000), at(2'600'000'000)}, {}, by)));
  EXPECT_EQ(full.number(), "1234");
  EXPECT_EQ(full.issuer(), by.self.subject());
  EXPECT_EQ(full.this_update(), at(1'700'000'000));
  EXPECT_EQ(full.next_update(), at(2'600'000'000));
  EXPECT_EQ(X509_CRL_get_ext_count(full.get()), 2);
  EXPECT_LT(X509_CRL_get_ext_by_NID(full.get(), NID_delta_crl, -1), 0);
  EXPECT_GE(X509_CRL_get_ext_by_NID(full.get(), NID_authority_key_identifier, -1), 0);
  const auto delta = good(crl::from_der(der_of_list({0x1235, at(1'700'000'000), {}, 0x1234}, {{"5", at(0), 8}}, by)));
  EXPECT_FALSE(delta.next_update());
  const int base = X509_CRL_get_ext_by_NID(delta.get(), NID_delta_crl, -1);
  ASSERT_GE(base, 0);
  EXPECT_EQ(X509_EXTENSION_get_critical(X509_CRL_get_ext(delta.get(), base)), 1);
}

TEST(crl_builder, openssls_program_and_gnutls_read_the_lists) {
  const auto by = make_ca();
  scratch folder;
  folder.write("root.crt", by.self.pem());
  std::vector<revoked_certificate> revoked;
  for (const auto& one : revoked_of_every_kind()) {
    if (one.when >= at(0)) revoked.push_back(one);  // GnuTLS knows no time before 1970.
  }
  std::string pem;
  append_list_pem(pem, der_of_list({7, now() - 1h, now() + 1h}, revoked, by));
  folder.write("list.pem", pem);
  const auto text = folder.run("openssl crl -in list.pem -noout -text -CAfile root.crt");
  EXPECT_THAT(text, HasSubstr("verify OK"));
  EXPECT_THAT(text, HasSubstr("Serial Number: 4000000000000000000000000000000000000001"));
  EXPECT_THAT(text, HasSubstr("Revocation Date: Jan  1 00:00:00 2050 GMT"));
  EXPECT_THAT(folder.run("certtool --verify-crl --load-ca-certificate root.crt --infile list.pem"),
              HasSubstr("Verified"));
}

}  // namespace
}  // namespace mutual::x509
