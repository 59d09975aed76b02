#pragma once
// OpenSSL's objects, owned.

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace mutual::x509 {

/// Frees an object with the function it is given; costs nothing over a raw pointer.
template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using bignum_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;
using pkey_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using pkey_ctx_ptr = std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using x509_crl_ptr = std::unique_ptr<X509_CRL, freed_by<X509_CRL_free>>;
using x509_req_ptr = std::unique_ptr<X509_REQ, freed_by<X509_REQ_free>>;
using x509_name_ptr = std::unique_ptr<X509_NAME, freed_by<X509_NAME_free>>;
using x509_store_ptr = std::unique_ptr<X509_STORE, freed_by<X509_STORE_free>>;
using x509_store_ctx_ptr = std::unique_ptr<X509_STORE_CTX, freed_by<X509_STORE_CTX_free>>;
using x509_extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using x509_sig_ptr = std::unique_ptr<X509_SIG, freed_by<X509_SIG_free>>;
using pkcs12_ptr = std::unique_ptr<PKCS12, freed_by<PKCS12_free>>;
using pkcs8_ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, freed_by<PKCS8_PRIV_KEY_INFO_free>>;
using general_names_ptr = std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>>;
using general_name_ptr = std::unique_ptr<GENERAL_NAME, freed_by<GENERAL_NAME_free>>;
using asn1_string_ptr = std::unique_ptr<ASN1_STRING, freed_by<ASN1_STRING_free>>;
using asn1_integer_ptr = std::unique_ptr<ASN1_INTEGER, freed_by<ASN1_INTEGER_free>>;
using asn1_time_ptr = std::unique_ptr<ASN1_TIME, freed_by<ASN1_TIME_free>>;

struct free_x509_stack {
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_pop_free(stack, X509_free); }
};
using x509_stack_ptr = std::unique_ptr<STACK_OF(X509), free_x509_stack>;

struct free_by_openssl {
  void operator()(void* memory) const noexcept { OPENSSL_free(memory); }
};
/// Memory that OpenSSL allocated and we free.
template <class T>
using openssl_memory = std::unique_ptr<T, free_by_openssl>;

/// What OpenSSL's error queue of this thread says, oldest first, in one line; empties the queue. "unknown error" if it
/// is empty.
std::string openssl_errors();

/// A BIO that reads the bytes in place; they must outlive it.
bio_ptr memory_reader(std::string_view bytes);

/// What was written to a memory BIO.
std::string contents(BIO* memory);

/// The DER of an object by its i2d function; empty if it cannot be encoded.
template <class T, class Encode>
std::string der_of(T* object, Encode encode) {
  unsigned char* bytes = nullptr;
  const int size = encode(object, &bytes);
  const openssl_memory<unsigned char> owner(bytes);
  if (size <= 0) return {};
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

/// An object from the whole of `der` by its d2i function; null if it is malformed or bytes follow it.
template <class Owner, class Decode>
Owner from_whole_der(std::string_view der, Decode decode) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = at + der.size();
  Owner object(decode(nullptr, &at, static_cast<long>(der.size())));
  if (object && at != end) object.reset();
  return object;
}

}  // namespace mutual::x509
