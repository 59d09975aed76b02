// Revocation lists, read to look people up. Held to: what OpenSSL says of the same bytes is what ours says, of the
// list, of its signature and of each serial number; what OpenSSL cannot read, ours cannot; the memory is bounded by the
// input.

#include "x509/lookup_list.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace mutual;
using namespace mutual::x509;

// The key that has signed the seeds: a change that leaves a list readable is to be seen in its signature.
constexpr std::string_view signer = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEksY2Xnuk1xV1m4CRn/PZbYS3mN9S
3SaSdlc+ajN1QDEJptqAnCOy7pa1e9+A/LGJG6aEGNXMLY/Vqah+LeBkNg==
-----END PUBLIC KEY-----
)";

void require(bool holds) {
  if (!holds) std::abort();
}

pkey_ptr read_signer() {
  const auto source = memory_reader(signer);
  pkey_ptr key(PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr));
  require(key != nullptr);
  return key;
}

bool openssl_finds(const crl& in, const ASN1_INTEGER* serial) {
  X509_REVOKED* found = nullptr;
  return X509_CRL_get0_by_serial(in.get(), &found, serial) == 1;
}

// Such a number stands in no certificate that can be read, and whether it equals the shorter one is asked by nobody.
bool has_leading_zero(const ASN1_INTEGER* serial) {
  return ASN1_STRING_length(serial) > 1 && ASN1_STRING_get0_data(serial)[0] == 0;
}

void compare_near(const lookup_list& ours, const crl& openssls, const ASN1_INTEGER* serial) {
  const asn1_integer_ptr near(ASN1_INTEGER_dup(serial));
  require(near != nullptr);
  require(ours.revokes(near.get()) == openssl_finds(openssls, near.get()));
  if (ASN1_STRING_length(near.get()) > 0) const_cast<unsigned char*>(ASN1_STRING_get0_data(near.get()))[0] ^= 1;
  if (has_leading_zero(near.get())) return;
  require(ours.revokes(near.get()) == openssl_finds(openssls, near.get()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const pkey_ptr key = read_signer();
  const std::string_view der(reinterpret_cast<const char*>(data), size);
  const auto ours = lookup_list::from_der(der);
  const auto openssls = crl::from_der(der);
  require(bool(ours) == bool(openssls));
  if (!ours) return 0;
  require(ours->size() == openssls->size() && ours->number() == openssls->number());
  require(ours->issuer() == openssls->issuer());
  require(ours->this_update() == openssls->this_update() && ours->next_update() == openssls->next_update());
  require(ours->is_signed_by(key.get()) == (X509_CRL_verify(openssls->get(), key.get()) == 1));
  // A serial number takes five octets of the input at the least, and no more than its part of a line of 64 bytes that
  // is full but for some; of few there may be some that have no room in the two lines that there are at the least.
  require(ours->bytes() <= 256 + 24 * ours->size());
  const auto* entries = X509_CRL_get_REVOKED(openssls->get());
  for (int at = 0; at < sk_X509_REVOKED_num(entries); ++at) {
    compare_near(*ours, *openssls, X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, at)));
  }
  ERR_clear_error();
  return 0;
}
