#include "x509/trial_signature.hpp"

#include "base/random.hpp"
#include "x509/extensions.hpp"

#include <openssl/evp.h>

#include <memory>
#include <string>

namespace mutual::x509 {
namespace {

using digest_context = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;

const unsigned char* octets_of(const std::string& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string signature_of(const std::string& text, EVP_PKEY* key) {
  const digest_context context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, digest_for(key), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, octets_of(text), text.size()) != 1) {
    return {};
  }
  std::string out(size, '\0');
  auto* into = reinterpret_cast<unsigned char*>(out.data());
  if (EVP_DigestSign(context.get(), into, &size, octets_of(text), text.size()) != 1) return {};
  out.resize(size);
  return out;
}

bool verifies(const std::string& signature, const std::string& text, EVP_PKEY* key) {
  const digest_context context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, digest_for(key), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), octets_of(signature), signature.size(), octets_of(text), text.size()) == 1;
}

}  // namespace

result<> check_signs(const private_key& key, const certificate& owner) {
  // DER begins with no small letter, so nobody can take the signature for one of anything that an authority says.
  const auto text = "mutual asks whether this key signs: " + random_hex(16);
  const auto signature = signature_of(text, key.get());
  if (signature.empty()) return error(errc::io, "the key makes no signature: " + openssl_errors());
  EVP_PKEY* owners = X509_get0_pubkey(owner.get());
  if (owners != nullptr && verifies(signature, text, owners)) return {};
  (void)openssl_errors();
  return error(errc::io, "the key's signatures are not those of its certificate's key");
}

}  // namespace mutual::x509
