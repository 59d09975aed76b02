// Keys that are written and read on the short way are as OpenSSL's own way has them.

#include "x509/public_key.hpp"

#include "support/outcome.hpp"
#include "x509/builder.hpp"
#include "x509/profile.hpp"
#include "x509/request.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>

#include <algorithm>
#include <functional>

namespace mutual::x509 {
namespace {

using test::good;

std::vector<std::pair<std::string, pkey_ptr>> all_kinds() {
  std::vector<std::pair<std::string, pkey_ptr>> out;
  for (const char* curve : {"P-256", "P-384", "P-521", "secp256k1"}) {
    out.emplace_back(curve, EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
  }
  out.emplace_back("compressed", EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  EXPECT_EQ(EVP_PKEY_set_utf8_string_param(out.back().second.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                           OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED),
            1);
  out.emplace_back("explicit", EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  EXPECT_EQ(EVP_PKEY_set_utf8_string_param(out.back().second.get(), OSSL_PKEY_PARAM_EC_ENCODING,
                                           OSSL_PKEY_EC_ENCODING_EXPLICIT),
            1);
  out.emplace_back("ED25519", EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  out.emplace_back("ED448", EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"));
  out.emplace_back("RSA", EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  return out;
}

// As OpenSSL itself writes it.
std::string written(EVP_PKEY* key) {
  const x509_ptr to(X509_new());
  EXPECT_EQ(X509_set_pubkey(to.get(), key), 1);
  return der_of(X509_get_X509_PUBKEY(to.get()), i2d_X509_PUBKEY);
}

// A request for that key, in which `change` changes the key's bits.
std::string request_for(EVP_PKEY* key, const std::function<void(std::string&)>& change = {}) {
  const x509_req_ptr made(X509_REQ_new());
  EXPECT_EQ(X509_REQ_set_pubkey(made.get(), key), 1);
  EXPECT_GT(X509_REQ_sign(made.get(), key,
                          EVP_PKEY_is_a(key, "ED25519") + EVP_PKEY_is_a(key, "ED448") > 0 ? nullptr : EVP_sha256()),
            0);
  auto der = der_of(made.get(), i2d_X509_REQ);
  if (change) {
    const auto bits = written(key);
    const auto at = der.find(bits);
    EXPECT_NE(at, std::string::npos);
    auto changed = bits;
    change(changed);
    der.replace(at, bits.size(), changed);
  }
  return der;
}

TEST(a_public_key, is_written_byte_for_byte_as_openssl_writes_it) {
  for (const auto& [kind, key] : all_kinds()) {
    const x509_ptr to(X509_new());
    ASSERT_TRUE(set_public_key(to.get(), key.get())) << kind;
    EXPECT_EQ(der_of(X509_get_X509_PUBKEY(to.get()), i2d_X509_PUBKEY), written(key.get())) << kind;
  }
}

TEST(a_public_key, of_a_request_is_the_same_on_either_way) {
  for (const auto& [kind, key] : all_kinds()) {
    const auto read = good(request::from_der(request_for(key.get())));
    ASSERT_NE(read.key(), nullptr) << kind;
    EXPECT_EQ(EVP_PKEY_eq(read.key(), key.get()), 1) << kind;
    EXPECT_TRUE(read.proves_possession()) << kind;
    EXPECT_EQ(written(read.key()), written(key.get())) << kind;
    const auto whole = from_whole_der<x509_req_ptr>(read.der(), d2i_X509_REQ);
    EXPECT_EQ(read.key_description(), describe_key(X509_REQ_get0_pubkey(whole.get()))) << kind;
  }
}

TEST(a_public_key, is_read_on_the_short_way_where_there_is_one) {
  for (const auto& [kind, key] : all_kinds()) {
    const auto lacking = read_request_without_key(request_for(key.get()));
    ASSERT_NE(lacking, nullptr) << kind;
    const auto read = read_plain_key(X509_REQ_get_X509_PUBKEY(lacking.get()));
    const bool is_plain = kind.starts_with("P-") || kind == "ED25519";
    EXPECT_EQ(read != nullptr, is_plain) << kind;
    EXPECT_TRUE(!read || EVP_PKEY_eq(read.get(), key.get()) == 1) << kind;
  }
}

TEST(a_public_key, that_is_no_point_of_its_curve_is_none) {
  const pkey_ptr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  // The point's first octet says how it is written, its last is of its second coordinate.
  const std::size_t form = 26;
  for (const auto& change : std::vector<std::function<void(std::string&)>>{
           [](std::string& bits) { bits.back() = static_cast<char>(bits.back() ^ 1); },
           [](std::string& bits) { bits[form] = '\x05'; }, [](std::string& bits) { bits[form] = '\0'; },
           [](std::string& bits) { std::fill(bits.begin() + form + 1, bits.end(), '\xFF'); }}) {
    const auto read = request::from_der(request_for(key.get(), change));
    if (!read) continue;
    EXPECT_EQ(read->key(), nullptr);
    EXPECT_FALSE(read->proves_possession());
  }
}

TEST(a_certificate, that_is_read_without_its_key_is_the_same_but_for_that) {
  const auto ca_key = good(private_key::generate());
  const auto ca = good(make_self_signed(
      good(describe_certificate(profile::root, {"root", {"Acme"}, {}}, {}, ca_key, std::chrono::hours(48))), ca_key));
  for (const auto kind : {key_kind::p256, key_kind::ed25519, key_kind::rsa2048}) {
    const auto key = good(private_key::generate(kind));
    auto spec = good(describe_certificate(profile::server, {"a", {"Acme"}, {}}, {{"a.example"}, {}, {}, {}}, key,
                                          std::chrono::hours(24)));
    const auto made = good(issue_certificate(spec, key.get(), ca, ca_key, read_back::without_key));
    const auto whole = good(certificate::from_der(made.der()));
    EXPECT_EQ(made, whole);
    EXPECT_EQ(made.sha256(), whole.sha256());
    EXPECT_EQ(made.serial(), whole.serial());
    EXPECT_EQ(made.subject_key_id(), whole.subject_key_id());
    EXPECT_EQ(made.names().dns, whole.names().dns);
    EXPECT_EQ(made.pem(), whole.pem());
    EXPECT_TRUE(made.is_signed_by(ca));
    EXPECT_TRUE(key.belongs_to(whole));
    // What this thread reads next is read as ever.
    EXPECT_NE(X509_get0_pubkey(good(certificate::from_der(made.der())).get()), nullptr);
  }
}

}  // namespace
}  // namespace mutual::x509
