#include "base/sip_hash.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <cstring>
#include <memory>
#include <set>
#include <string>

namespace mutual {
namespace {

std::array<unsigned char, 16> octets_of(const sip_key& key) {
  std::array<unsigned char, 16> out{};
  for (std::size_t at = 0; at < 8; ++at) {
    out[at] = static_cast<unsigned char>(key.first >> (8 * at));
    out[8 + at] = static_cast<unsigned char>(key.second >> (8 * at));
  }
  return out;
}

std::uint64_t openssls(const sip_key& key, const std::string& text, unsigned rounds, unsigned last_rounds) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> kind(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr),
                                                               EVP_MAC_free);
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(EVP_MAC_CTX_new(kind.get()),
                                                                          EVP_MAC_CTX_free);
  std::size_t size = 8;
  const std::array<OSSL_PARAM, 4> how{OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                      OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &rounds),
                                      OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &last_rounds),
                                      OSSL_PARAM_construct_end()};
  std::array<unsigned char, 8> out{};
  const auto secret = octets_of(key);
  EXPECT_EQ(EVP_MAC_init(context.get(), secret.data(), secret.size(), how.data()), 1);
  EXPECT_EQ(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size()), 1);
  EXPECT_EQ(EVP_MAC_final(context.get(), out.data(), &size, out.size()), 1);
  std::uint64_t value = 0;
  for (std::size_t at = 0; at < out.size(); ++at) value |= std::uint64_t{out[at]} << (8 * at);
  return value;
}

// The one in appendix A of "SipHash: a fast short-input PRF".
TEST(sip_hash, gives_what_its_authors_have_published) {
  const sip_key key{0x0706050403020100U, 0x0F0E0D0C0B0A0908U};
  std::string text;
  for (char at = 0; at < 15; ++at) text += at;
  EXPECT_EQ((sip_hash<2, 4>(key, text)), 0xA129CA6149BE45E5U);
}

TEST(sip_hash, gives_what_openssl_gives_for_texts_of_any_length) {
  std::string text;
  for (int length = 0; length < 70; ++length) {
    const auto key = sip_key::random();
    EXPECT_EQ(sip_hash(key, text), openssls(key, text, 1, 3)) << length;
    EXPECT_EQ((sip_hash<2, 4>(key, text)), openssls(key, text, 2, 4)) << length;
    text += static_cast<char>(length * 7 + 200);
  }
}

TEST(sip_hash, a_random_key_is_another_each_time) {
  std::set<std::uint64_t> seen;
  for (int at = 0; at < 100; ++at) {
    const auto key = sip_key::random();
    seen.insert(key.first);
    seen.insert(key.second);
  }
  EXPECT_EQ(seen.size(), 200U);
}

}  // namespace
}  // namespace mutual
