// Public keys (SubjectPublicKeyInfo) as we read and write those of the usual kinds. Held to: what we read is the key
// that OpenSSL reads, and nothing that OpenSSL does not; what we write is what OpenSSL writes, byte for byte.

#include "x509/public_key.hpp"

#include <openssl/err.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace mutual;
using public_ptr = std::unique_ptr<X509_PUBKEY, x509::freed_by<X509_PUBKEY_free>>;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class Set>
std::string written(EVP_PKEY* key, Set set) {
  const x509::x509_ptr holder(X509_new());
  require(holder != nullptr);
  if (!set(holder.get(), key)) return {};
  return x509::der_of(X509_get_X509_PUBKEY(holder.get()), i2d_X509_PUBKEY);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view der(reinterpret_cast<const char*>(data), size);
  const auto read = x509::from_whole_der<public_ptr>(der, d2i_X509_PUBKEY);
  if (!read) {
    ERR_clear_error();
    return 0;
  }
  const auto ours = x509::read_plain_key(read.get());
  auto* const openssls = X509_PUBKEY_get0(read.get());
  if (ours) {
    require(openssls != nullptr && EVP_PKEY_eq(ours.get(), openssls) == 1);
    require(EVP_PKEY_get_bits(ours.get()) == EVP_PKEY_get_bits(openssls));
  }
  for (auto* const key : {ours.get(), openssls}) {
    if (key == nullptr) continue;
    const auto set = [](X509* to, EVP_PKEY* one) { return X509_set_pubkey(to, one) == 1; };
    require(written(key, x509::set_public_key) == written(key, set));
  }
  ERR_clear_error();
  return 0;
}
