#pragma once
// library_context: an OpenSSL of one's own.

#include "tls/known_certificates.hpp"
#include "tls/levers.hpp"
#include "x509/certificate.hpp"
#include "x509/openssl.hpp"

#include <openssl/provider.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace mutual::tls {

/// One thread's OpenSSL: what it fetches, locks and draws random numbers from, it shares with no other thread; or the
/// one that the whole program shares. Does not move.
///
/// Why: each handshake fetches algorithms some dozens of times, each time under the context's lock. Four of five of
/// those locks are taken by one thread alone if each thread has a context of its own.
class library_context {
 public:
  /// The one that the whole program shares.
  library_context() = default;
  /// One of its own, as lean as may be if `lean`; the shared one if that is not to be had. A lean one derives the
  /// secrets of TLS 1.3 in a way of our own if that is wanted.
  explicit library_context(bool lean, bool own_key_derivation = true);

  library_context(const library_context&) = delete;
  library_context& operator=(const library_context&) = delete;

  /// For OpenSSL's functions; null for the shared one.
  OSSL_LIB_CTX* get() const { return lean_ ? lean_.context.get() : whole_.context.get(); }
  bool is_lean() const { return bool(lean_); }

  /// Ends what the calling thread keeps under this context, its random numbers above all. For threads that use it for a
  /// moment: OpenSSL would look after that when the thread ends, in a context that may be gone by then.
  void leave_thread() const;

  /// The same certificate, read anew by an OpenSSL of one's own that reads keys; null if it cannot be read.
  x509::x509_ptr adopt(const x509::certificate& one) const;
  /// The same private key; null if it cannot be taken along.
  x509::pkey_ptr adopt(EVP_PKEY* key) const;

 private:
  struct unload_provider {
    void operator()(OSSL_PROVIDER* provider) const noexcept { OSSL_PROVIDER_unload(provider); }
  };
  // A context and its only provider, which is unloaded first.
  struct pair {
    std::unique_ptr<OSSL_LIB_CTX, x509::freed_by<OSSL_LIB_CTX_free>> context;
    std::unique_ptr<OSSL_PROVIDER, unload_provider> provider;
    explicit operator bool() const { return provider != nullptr; }
  };
  static pair make_whole();
  static pair make_lean(OSSL_PROVIDER* whole, bool own_key_derivation);

  pair whole_;
  pair lean_;  // its algorithms are those of whole_
};

/// A context for each thread of a server, and what they all know. Whatever was made under one of them must be gone
/// before they are.
class library_contexts {
 public:
  library_contexts(std::size_t threads, const levers& used);

  const levers& used() const { return used_; }
  std::size_t size() const { return all_.size(); }
  const library_context& at(std::size_t thread) const { return *all_[thread % all_.size()]; }
  /// Null if none are to be kept.
  known_certificates* known() const { return known_.get(); }

 private:
  levers used_;
  std::vector<std::unique_ptr<const library_context>> all_;
  // After these: a key that a context has used holds on to it.
  std::unique_ptr<known_certificates> known_;
};

/// Whether the program's OpenSSL is as it comes: its default provider, its default random numbers, no FIPS mode. If
/// somebody has configured another, that is what everything here works with.
bool is_as_it_comes();

}  // namespace mutual::tls
