// Public keys with which everybody can sign, and others that nobody should believe.

#include "x509/key_strength.hpp"

#include "support/odd_keys.hpp"
#include "support/outcome.hpp"
#include "x509/key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>

#include <algorithm>

namespace mutual::x509 {
namespace {

using test::good;
using ::testing::HasSubstr;

std::string why(const EVP_PKEY* key, key_of whose = key_of::anybody) {
  return weakness_of(key, whose).value_or("good");
}

using test::make_raw_key;
using test::make_rsa_key_of;

// Of so many bytes, little-endian as RFC 8032 has it, from big-endian hexadecimal.
std::string edwards_bytes(const std::string& number, std::size_t size, bool sign = false) {
  BIGNUM* read = nullptr;
  BN_hex2bn(&read, number.c_str());
  const bignum_ptr owned(read);
  std::string out(size, '\0');
  EXPECT_EQ(BN_bn2lebinpad(read, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size)),
            static_cast<int>(size));
  if (sign) out.back() = static_cast<char>(out.back() | 0x80);
  return out;
}

TEST(a_key, of_every_usual_kind_is_strong) {
  for (const auto kind : {key_kind::p256, key_kind::p384, key_kind::ed25519, key_kind::rsa2048}) {
    EXPECT_EQ(why(good(private_key::generate(kind)).get()), "good") << to_string(kind);
  }
  for (const char* name : {"P-521", "secp256k1", "brainpoolP256r1"}) {
    EXPECT_EQ(why(test::make_ec_key(name).get()), "good") << name;
  }
  for (int count = 0; count < 20; ++count) {
    for (const char* name : {"ED25519", "ED448"}) {
      EXPECT_EQ(why(pkey_ptr(EVP_PKEY_Q_keygen(nullptr, nullptr, name)).get()), "good") << name;
    }
  }
}

TEST(a_key, that_cannot_be_read_or_is_of_an_unknown_kind_is_weak) {
  EXPECT_EQ(why(nullptr), "cannot be read");
  EXPECT_THAT(why(pkey_ptr(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")).get()), HasSubstr("of a kind"));
  EXPECT_THAT(why(test::make_rsa_key(1024).get()), HasSubstr("has 1024 bits"));
  EXPECT_THAT(why(test::make_ec_key("P-224").get()), HasSubstr("less than 256 bits"));
}

TEST(a_key, of_rsa_has_an_odd_exponent_from_65537_to_256_bits) {
  const std::string most(64, 'F');
  for (const std::string& good : {std::string("10001"), std::string("10003"), most}) {
    EXPECT_EQ(why(make_rsa_key_of(good.c_str()).get()), "good") << good;
  }
  for (const std::string& bad : {std::string("1"), std::string("2"), std::string("3"), std::string("FFFF"),
                                 std::string("10000"), std::string("10002"), "1" + most}) {
    EXPECT_THAT(why(make_rsa_key_of(bad.c_str()).get()), HasSubstr("public exponent")) << bad;
  }
  EXPECT_THAT(why(make_rsa_key_of("1").get()), HasSubstr("the public exponent 1,"));
}

TEST(a_key, of_an_rsa_anchor_may_have_a_small_exponent_but_not_one) {
  for (const char* fine : {"3", "11", "A88B", "10001"}) {
    EXPECT_EQ(why(make_rsa_key_of(fine).get(), key_of::anchor), "good") << fine;
  }
  for (const char* bad : {"1", "2", "10000"}) {
    EXPECT_THAT(why(make_rsa_key_of(bad).get(), key_of::anchor), HasSubstr("public exponent")) << bad;
  }
}

TEST(a_key, of_rsa_has_an_odd_modulus) {
  EXPECT_THAT(why(make_rsa_key_of("10001", 2).get()), HasSubstr("even modulus"));
}

TEST(a_key, of_ed25519_is_no_point_of_small_order_however_it_is_written) {
  const std::string p = "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED";
  for (const std::string& small : {std::string("0"), std::string("1"), p.substr(0, 63) + "C",
                                   std::string("05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826"),
                                   std::string("7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7")}) {
    for (const bool sign : {false, true}) {
      EXPECT_THAT(why(make_raw_key(EVP_PKEY_ED25519, edwards_bytes(small, 32, sign)).get()), HasSubstr("small order"))
          << small;
    }
  }
  // p is 0 written otherwise, p + 1 is 1, and the last is 18.
  for (const char last : {'D', 'E', 'F'}) {
    for (const bool sign : {false, true}) {
      EXPECT_THAT(why(make_raw_key(EVP_PKEY_ED25519, edwards_bytes(p.substr(0, 63) + last, 32, sign)).get()),
                  HasSubstr("RFC 8032"));
    }
  }
  EXPECT_THAT(why(make_raw_key(EVP_PKEY_ED25519, edwards_bytes(p.substr(0, 62) + "FF", 32)).get()),
              HasSubstr("RFC 8032"));
  // Its neighbours are numbers like others.
  EXPECT_EQ(why(make_raw_key(EVP_PKEY_ED25519, edwards_bytes(p.substr(0, 63) + "B", 32)).get()), "good");
  EXPECT_EQ(why(make_raw_key(EVP_PKEY_ED25519, edwards_bytes("2", 32)).get()), "good");
}

TEST(a_key, of_ed448_is_no_point_of_small_order_however_it_is_written) {
  const std::string half(55, 'F'), p = half + "E" + std::string(55, 'F');
  ASSERT_EQ((p + "F").size(), 112U);
  for (const std::string& small : {std::string("0"), std::string("1"), p + "E"}) {
    for (const bool sign : {false, true}) {
      EXPECT_THAT(why(make_raw_key(EVP_PKEY_ED448, edwards_bytes(small, 57, sign)).get()), HasSubstr("small order"))
          << small;
    }
  }
  for (const std::string& other : {p + "F", std::string(112, 'F'), "01" + std::string(112, '0')}) {
    EXPECT_THAT(why(make_raw_key(EVP_PKEY_ED448, edwards_bytes(other, 57)).get()), HasSubstr("RFC 8032")) << other;
  }
  EXPECT_EQ(why(make_raw_key(EVP_PKEY_ED448, edwards_bytes("2", 57)).get()), "good");
}

// The key of a point of P-256 that is written so; null if OpenSSL does not read it.
pkey_ptr point_of_p256(const std::string& written) {
  const pkey_ptr known(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const x509_ptr holder(X509_new());
  EXPECT_EQ(X509_set_pubkey(holder.get(), known.get()), 1);
  auto* const bits = static_cast<unsigned char*>(OPENSSL_memdup(written.data(), written.size()));
  EXPECT_EQ(
      X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(holder.get()), OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
                             OBJ_nid2obj(NID_X9_62_prime256v1), bits, static_cast<int>(written.size())),
      1);
  const auto der = der_of(X509_get_X509_PUBKEY(holder.get()), i2d_X509_PUBKEY);
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return pkey_ptr(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
}

TEST(a_key, of_a_curve_is_a_point_that_is_written_compressed_or_whole) {
  const pkey_ptr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  std::string point(65, '\0');
  std::size_t size = 0;
  ASSERT_EQ(EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
                                            reinterpret_cast<unsigned char*>(point.data()), point.size(), &size),
            1);
  EXPECT_EQ(why(point_of_p256(point).get()), "good");
  const char parity = static_cast<char>(point.back() & 1);
  EXPECT_EQ(why(point_of_p256(static_cast<char>(2 + parity) + point.substr(1, 32)).get()), "good");
  const auto hybrid = point_of_p256(static_cast<char>(6 + parity) + point.substr(1));
  ASSERT_TRUE(hybrid) << "OpenSSL reads it";
  EXPECT_THAT(why(hybrid.get()), HasSubstr("neither compressed nor as a whole"));
  EXPECT_THAT(why(point_of_p256(std::string(1, '\0')).get()),
              ::testing::AnyOf(HasSubstr("infinity"), "cannot be read"));
}

TEST(a_key, on_a_curve_that_is_written_out_is_weak) {
  const pkey_ptr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT), 1);
  const x509_ptr holder(X509_new());
  ASSERT_EQ(X509_set_pubkey(holder.get(), key.get()), 1);
  const auto der = der_of(X509_get_X509_PUBKEY(holder.get()), i2d_X509_PUBKEY);
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  EXPECT_THAT(why(pkey_ptr(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()))).get()), HasSubstr("not named"));
}

}  // namespace
}  // namespace mutual::x509
