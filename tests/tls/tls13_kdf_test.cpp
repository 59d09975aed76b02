// The key derivation of our own gives what OpenSSL's gives, and nothing else.
#include "tls/tls13_kdf.hpp"

#include "tls/lean_provider.hpp"
#include "tls/library_context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace mutual::tls {
namespace {

// What is derived, and from what; what is not there is not given.
struct asked {
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  std::optional<std::string> digest = "SHA256";
  std::optional<std::string> key{};
  std::optional<std::string> salt{};
  std::optional<std::string> prefix = "tls13 ";
  std::optional<std::string> label = "derived";
  std::optional<std::string> data{};
  std::size_t size = 32;
};

// Under that OpenSSL; nothing if it refuses.
std::optional<std::string> derived(OSSL_LIB_CTX* under, asked what) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> algorithm(EVP_KDF_fetch(under, "TLS13-KDF", nullptr),
                                                                    EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(algorithm.get()),
                                                                          EVP_KDF_CTX_free);
  if (!context) return std::nullopt;
  std::vector<OSSL_PARAM> given{OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &what.mode)};
  if (what.digest) {
    given.push_back(OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, what.digest->data(), what.digest->size()));
  }
  const auto add = [&](const char* name, std::optional<std::string>& value) {
    if (value) given.push_back(OSSL_PARAM_construct_octet_string(name, value->data(), value->size()));
  };
  add(OSSL_KDF_PARAM_KEY, what.key);
  add(OSSL_KDF_PARAM_SALT, what.salt);
  add(OSSL_KDF_PARAM_PREFIX, what.prefix);
  add(OSSL_KDF_PARAM_LABEL, what.label);
  add(OSSL_KDF_PARAM_DATA, what.data);
  given.push_back(OSSL_PARAM_construct_end());
  std::string out(what.size, '\0');
  const int made =
      EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(out.data()), out.size(), given.data());
  return made == 1 ? std::optional(out) : std::nullopt;
}

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  }
  return out;
}

class tls13_kdf_of : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(lean_.is_lean(), is_slow_to_decode()); }
  // From OpenSSL 3.2 on, both are OpenSSL's, and the same is true of them but for what a test says.
  std::optional<std::string> ours(const asked& what) const { return derived(lean_.get(), what); }

  const library_context lean_{true};
};

TEST_F(tls13_kdf_of, is_what_openssl_derives_from_whatever_it_is_given) {
  std::mt19937 dice(8446);
  const auto bytes = [&](std::size_t most) {
    std::string made(std::uniform_int_distribution<std::size_t>(1, most)(dice), '\0');
    for (auto& each : made) each = static_cast<char>(dice());
    return made;
  };
  for (const auto& [digest, size] : {std::pair{"SHA256", 32U}, std::pair{"SHA2-384", 48U}}) {
    for (int turn = 0; turn < 300; ++turn) {
      asked expand{.digest = digest, .key = bytes(size), .label = bytes(40), .size = 1 + dice() % 200};
      if (turn % 3 != 0) expand.data = bytes(turn % 2 == 0 ? size : 200);
      EXPECT_EQ(ours(expand), derived(nullptr, expand));
      asked extract{.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .digest = digest, .size = size};
      if (turn % 3 != 0) extract.key = bytes(200);
      if (turn % 4 != 0) extract.salt = bytes(size);
      EXPECT_EQ(ours(extract), derived(nullptr, extract));
      EXPECT_TRUE(ours(extract));
    }
  }
}

// RFC 8448 section 3: the early secret, and the handshake secret that follows it.
TEST_F(tls13_kdf_of, is_what_rfc_8448_has) {
  const auto early = ours({.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY});
  EXPECT_EQ(early, from_hex("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"));
  const auto shared = from_hex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
  const auto handshake = ours({.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .key = shared, .salt = early});
  EXPECT_EQ(handshake, from_hex("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"));
}

TEST_F(tls13_kdf_of, refuses_what_it_does_not_know) {
  const asked good{.key = std::string(32, 'k')};
  ASSERT_TRUE(ours(good));
  auto bad = good;
  bad.digest.reset();
  EXPECT_EQ(ours(bad), std::nullopt);
  bad = good;
  bad.key.reset();
  EXPECT_EQ(ours(bad), std::nullopt);
  bad = good;
  bad.label.reset();
  // OpenSSL 3.5 takes it for an empty one.
  EXPECT_TRUE(!ours(bad) || !lean_.is_lean());
  bad = good;
  bad.label = std::string(256, 'l');
  EXPECT_EQ(ours(bad), std::nullopt);
  bad = good;
  bad.mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
  EXPECT_EQ(ours(bad), std::nullopt);
}

TEST_F(tls13_kdf_of, is_openssls_own_where_ours_is_not_wanted) {
  const library_context theirs(true, false);
  EXPECT_EQ(theirs.is_lean(), is_slow_to_decode());
  const asked usual{.key = std::string(32, 'k')};
  EXPECT_EQ(derived(theirs.get(), usual), ours(usual));
  // No cipher of TLS 1.3 has this digest, so ours does not know it.
  const asked unusual{.digest = "SHA2-512", .key = std::string(64, 'k'), .size = 64};
  EXPECT_EQ(derived(theirs.get(), unusual), derived(nullptr, unusual));
  EXPECT_TRUE(derived(theirs.get(), unusual));
  EXPECT_EQ(ours(unusual).has_value(), !is_slow_to_decode());
}

}  // namespace
}  // namespace mutual::tls
