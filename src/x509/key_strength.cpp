#include "x509/key_strength.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace mutual::x509 {
namespace {

using weakness = std::optional<std::string>;

constexpr const char* unreadable = "cannot be read";
constexpr const char* of_no_use = "is of a kind that TLS does not use";

bignum_ptr number_of(const EVP_PKEY* key, const char* called) {
  BIGNUM* number = nullptr;
  return bignum_ptr(EVP_PKEY_get_bn_param(key, called, &number) == 1 ? number : nullptr);
}

std::string shown(const BIGNUM* number) {
  constexpr int most_bits = 32;
  if (BN_num_bits(number) > most_bits) return fmt::format("a public exponent of {} bits", BN_num_bits(number));
  return fmt::format("the public exponent {}", BN_get_word(number));
}

// RFC 9325 section 4.5: 2048 bits. FIPS 186-5, A.1.1: an exponent e is odd, and 2^16 < e < 2^256. With an exponent of 1
// a signature is the padded digest itself; an even one has no inverse (RFC 8017 section 3.1); one of thousands of bits
// costs as much to verify as to sign. The CA/Browser Forum lets 3 and what follows stand (Baseline
// Requirements, 6.1.6), and there are such roots. No product of two odd primes is even.
weakness rsa_weakness(const EVP_PKEY* key, key_of whose) {
  constexpr int least_bits = 2048, most_exponent_bits = 256, exponent_bits = 17, least_exponent_bits = 2;
  if (const int bits = EVP_PKEY_get_bits(key); bits < least_bits) {
    return fmt::format("has {} bits, and {} are the least (RFC 9325, 4.5)", bits, least_bits);
  }
  const auto modulus = number_of(key, OSSL_PKEY_PARAM_RSA_N), exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  if (!modulus || !exponent) return unreadable;
  if (BN_is_odd(modulus.get()) != 1) return "has an even modulus, which is no product of two large primes";
  const int least = whose == key_of::anchor ? least_exponent_bits : exponent_bits, bits = BN_num_bits(exponent.get());
  // The smallest odd number of 17 bits is 65537, and of two bits 3.
  if (BN_is_odd(exponent.get()) == 1 && bits >= least && bits <= most_exponent_bits) return std::nullopt;
  return fmt::format("has {}, and odd ones from {} to 256 bits are taken (FIPS 186-5, A.1.1)", shown(exponent.get()),
                     whose == key_of::anchor ? 3 : 65537);
}

// RFC 8446 section 4.2.3: curves of 256 bits and more. RFC 5480: a curve is named (section 2.1.1), and a point is
// written compressed or as a whole, and in no third way (section 2.2). With the point at infinity everybody can sign:
// what a signature is checked against does not depend on it. OpenSSL has looked whether others are on their curve.
weakness curve_weakness(const EVP_PKEY* key) {
  constexpr int least_security_bits = 128;
  if (EVP_PKEY_get_security_bits(key) < least_security_bits) {
    return "is on a curve of less than 256 bits (RFC 8446, 4.2.3)";
  }
  int is_written_out = 0;
  (void)EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_written_out);
  if (is_written_out != 0) return "is on a curve that is not named (RFC 5480, 2.1.1)";
  std::array<char, 32> form{};
  std::array<unsigned char, 256> point{};
  std::size_t size = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form.data(), form.size(),
                                     nullptr) != 1 ||
      EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point.data(), point.size(), &size) !=
          1) {
    return unreadable;
  }
  if (size <= 1) return "is the point at infinity, with which everybody can sign";
  const std::string_view written = form.data();
  if (written == OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED ||
      written == OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) {
    return std::nullopt;
  }
  return "is a point that is written neither compressed nor as a whole (RFC 5480, 2.2)";
}

// The numbers of RFC 8032, of as many hexadecimal digits each, so that they compare as texts do. A point is known by
// its second coordinate y and a bit for the sign of the other; p is the field's prime, and y is less (sections 5.1.3
// and 5.2.3), which OpenSSL does not ask of Ed25519. The points of small order, of which there are as many as the
// cofactor, have those y: with such a key, R of the same order and S = 0 verify for every message or for one in a few.
struct edwards {
  std::size_t bytes;
  std::string_view prime;
  std::array<std::string_view, 5> of_small_order;
};

// Order 1, 2, 4 and 8 (both): y is 1, -1, 0, and the two roots of an eighth; see Chalkias, Garillot
// and Nikolaenko, "Taming the Many EdDSAs" (2020), which lists them and what is accepted with them.
constexpr edwards ed25519{32,
                          "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed",
                          {"0000000000000000000000000000000000000000000000000000000000000001",
                           "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec",
                           "0000000000000000000000000000000000000000000000000000000000000000",
                           "05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826",
                           "7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7"}};
// Order 1, 2 and 4. The 57th octet holds nothing but the sign.
constexpr edwards ed448{57,
                        "00fffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffffffffffffffffffffffffffffffff"
                        "ffffffffffffffffffff",
                        {"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
                         "000000000000000000001",
                         "00fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffffffffffffffffffffffffffffffff"
                         "ffffffffffffffffffffe",
                         "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
                         "000000000000000000000",
                         "", ""}};

weakness edwards_weakness(const EVP_PKEY* key, const edwards& curve) {
  std::string raw(curve.bytes, '\0');
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &size) != 1 ||
      size != curve.bytes) {
    return unreadable;
  }
  raw.back() = static_cast<char>(raw.back() & 0x7F);
  // Little-endian (section 5.1.2).
  std::reverse(raw.begin(), raw.end());
  const auto y = text::hex(raw);
  if (y >= curve.prime) return "is a point that is not written as RFC 8032 wants it (5.1.3, 5.2.3)";
  const auto& small = curve.of_small_order;
  if (std::find(small.begin(), small.end(), y) == small.end()) return std::nullopt;
  return "is a point of small order, with which everybody can sign";
}

bool is_lattice(const EVP_PKEY* key) {
  static constexpr std::array lattices{"ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};
  return std::any_of(lattices.begin(), lattices.end(),
                     [key](const char* name) { return EVP_PKEY_is_a(key, name) == 1; });
}

// DSA has no place in TLS 1.3; a kind of key that we do not know has no known strength.
weakness judge(const EVP_PKEY* key, key_of whose) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return rsa_weakness(key, whose);
    case EVP_PKEY_EC:
      return curve_weakness(key);
    case EVP_PKEY_ED25519:
      return edwards_weakness(key, ed25519);
    case EVP_PKEY_ED448:
      return edwards_weakness(key, ed448);
    default:
      return is_lattice(key) ? weakness() : of_no_use;
  }
}

}  // namespace

std::optional<std::string> weakness_of(const EVP_PKEY* key, key_of whose) {
  if (key == nullptr) return unreadable;
  ERR_set_mark();
  auto found = judge(key, whose);
  ERR_pop_to_mark();
  return found;
}

}  // namespace mutual::x509
