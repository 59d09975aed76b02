#include "x509/key_digest.hpp"

#include "base/text.hpp"
#include "x509/digest.hpp"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>

#include <array>
#include <memory>
#include <optional>
#include <string_view>

namespace mutual::x509 {
namespace {

std::optional<std::string> number_of(const EVP_PKEY* key, const char* called) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, called, &number) != 1) return std::nullopt;
  const std::unique_ptr<BIGNUM, freed_by<BN_free>> owned(number);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

std::optional<std::string> words_of(const EVP_PKEY* key, std::string_view kind, const char* called) {
  const auto number = number_of(key, called);
  return number ? std::optional(fmt::format("{} {}", kind, text::hex(*number))) : std::nullopt;
}

bool is_rsa(const EVP_PKEY* key) { return EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1; }

std::optional<std::string> raw_of(const EVP_PKEY* key) {
  std::size_t size = 0;
  if (EVP_PKEY_get_raw_public_key(key, nullptr, &size) != 1) return std::nullopt;
  std::string raw(size, '\0');
  if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &size) != 1) return std::nullopt;
  return raw;
}

std::optional<std::string> der_of_key(const EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  if (length <= 0) return std::nullopt;
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owned(der,
                                                                       [](unsigned char* of) { OPENSSL_free(of); });
  return std::string(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
}

std::optional<std::string> told(const EVP_PKEY* key) {
  if (is_rsa(key)) {
    return words_of(key, "rsa", OSSL_PKEY_PARAM_RSA_N);
  }
  std::array<char, 80> curve{};
  if (EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) == 1) {
    return words_of(key, curve.data(), OSSL_PKEY_PARAM_EC_PUB_X);
  }
  // What has neither numbers of those kinds nor a raw form is known by its bytes.
  if (const auto raw = raw_of(key)) return fmt::format("raw {} {}", EVP_PKEY_get0_type_name(key), text::hex(*raw));
  const auto der = der_of_key(key);
  return der ? std::optional("der " + text::hex(*der)) : std::nullopt;
}

}  // namespace

std::string key_digest(const EVP_PKEY* key) {
  const auto what = key != nullptr ? told(key) : std::nullopt;
  return what ? sha256_hex(*what) : std::string();
}

std::string octets_of_key(const EVP_PKEY* key) {
  if (key == nullptr) return {};
  if (is_rsa(key)) return number_of(key, OSSL_PKEY_PARAM_RSA_N).value_or("");
  if (EVP_PKEY_is_a(key, "EC") == 1) return number_of(key, OSSL_PKEY_PARAM_EC_PUB_X).value_or("");
  if (auto raw = raw_of(key)) return *std::move(raw);
  return der_of_key(key).value_or("");
}

}  // namespace mutual::x509
