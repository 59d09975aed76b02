#include "x509/key_digest.hpp"

#include "support/outcome.hpp"
#include "x509/key.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <set>

namespace mutual::x509 {
namespace {

using test::good;

std::string bytes_of(const EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

pkey_ptr read(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return pkey_ptr(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
}

TEST(a_key_digest, is_the_same_for_one_key_however_its_point_is_written) {
  for (const auto kind : {key_kind::p256, key_kind::p384}) {
    const auto key = good(private_key::generate(kind));
    const auto whole = bytes_of(key.get());
    const auto copy = read(whole);
    ASSERT_EQ(EVP_PKEY_set_utf8_string_param(copy.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"), 1);
    const auto short_form = bytes_of(copy.get());
    ASSERT_NE(short_form, whole);
    EXPECT_EQ(key_digest(read(short_form).get()), key_digest(key.get()));
    EXPECT_EQ(key_digest(key.get()).size(), 64U);
  }
}

TEST(a_key_digest, is_the_same_for_an_rsa_key_for_either_padding) {
  const auto key = good(private_key::generate(key_kind::rsa2048));
  auto der = bytes_of(key.get());
  // rsaEncryption (1.2.840.113549.1.1.1) becomes id-RSASSA-PSS (….10); both without parameters but for a NULL.
  const std::string oid("\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01", 9);
  const auto at = der.find(oid);
  ASSERT_NE(at, std::string::npos);
  // The parameters (05 00) go, and so do their two bytes in both lengths.
  der.replace(at + oid.size() - 1, 3, "\x0A");
  der[3] = static_cast<char>(der[3] - 2);
  der[at - 3] = static_cast<char>(der[at - 3] - 2);
  const auto pss = read(der);
  ASSERT_TRUE(pss);
  ASSERT_EQ(EVP_PKEY_is_a(pss.get(), "RSA-PSS"), 1);
  EXPECT_EQ(key_digest(pss.get()), key_digest(key.get()));
}

TEST(a_key_digest, is_the_same_for_one_modulus_whatever_the_exponent) {
  const auto key = good(private_key::generate(key_kind::rsa2048));
  auto der = bytes_of(key.get());
  // The exponent 65537 ends it: 02 03 01 00 01.
  der.back() = 3;
  const auto other = read(der);
  ASSERT_TRUE(other);
  ASSERT_NE(EVP_PKEY_eq(other.get(), key.get()), 1);
  EXPECT_EQ(key_digest(other.get()), key_digest(key.get()));
}

TEST(a_key_digest, is_the_same_for_a_point_and_its_negative) {
  const auto key = good(private_key::generate());
  const auto copy = read(bytes_of(key.get()));
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(copy.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"), 1);
  auto der = bytes_of(copy.get());
  // 02 and 03 tell the two points of one first coordinate apart, 33 octets before the end.
  auto& sign = der.at(der.size() - 33);
  sign = static_cast<char>(sign ^ 1);
  const auto other = read(der);
  ASSERT_TRUE(other);
  ASSERT_NE(EVP_PKEY_eq(other.get(), key.get()), 1);
  EXPECT_EQ(key_digest(other.get()), key_digest(key.get()));
}

TEST(a_key_digest, is_over_octets_that_stand_in_every_certificate_of_it) {
  for (const auto kind : {key_kind::p256, key_kind::p384, key_kind::ed25519, key_kind::rsa2048}) {
    const auto key = good(private_key::generate(kind));
    const auto octets = octets_of_key(key.get());
    EXPECT_GE(octets.size(), 28U);
    EXPECT_NE(bytes_of(key.get()).find(octets), std::string::npos) << to_string(kind);
  }
  EXPECT_EQ(octets_of_key(nullptr), "");
}

TEST(a_key_digest, is_another_for_another_key_and_none_for_none) {
  std::set<std::string> all{key_digest(nullptr)};
  for (const auto kind :
       {key_kind::p256, key_kind::p256, key_kind::p384, key_kind::ed25519, key_kind::ed25519, key_kind::rsa2048}) {
    all.insert(key_digest(good(private_key::generate(kind)).get()));
  }
  EXPECT_EQ(all.size(), 7U);
  EXPECT_EQ(key_digest(nullptr), "");
}

}  // namespace
}  // namespace mutual::x509
