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
using pkcs12_ptr = std::unique_ptr<PKCS12, freed_by<PKCS12_free>>;
using general_names_ptr = std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>>;

struct free_x509_stack {
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_pop_free(stack, X509_free); }
};
using x509_stack_ptr = std::unique_ptr<STACK_OF(X509), free_x509_stack>;

/// What OpenSSL's error queue of this thread says, oldest first, in one line; empties the queue. "unknown error" if it
/// is empty.
std::string openssl_errors();

}  // namespace mutual::x509
