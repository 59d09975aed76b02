#pragma once
// whole_chain: a chain as it was shown, with all of its keys.

#include "tls/known_certificates.hpp"
#include "x509/openssl.hpp"

#include <mutual/peer.hpp>

#include <string>
#include <vector>

namespace mutual::tls {

/// What a client has shown, to be judged. A lean OpenSSL (lean_provider) reads no keys; then this is the chain as the
/// OpenSSL that the program shares reads it, or has read it before. What is said of a chain does not depend on how lean
/// the OpenSSL is that its handshake uses.
class whole_chain {
 public:
  /// What is given here must outlive this. `known` may be null.
  whole_chain(X509* leaf, const STACK_OF(X509) * sent, known_certificates* known);

  X509* leaf() const { return own_leaf_ ? own_leaf_.get() : leaf_; }
  const STACK_OF(X509) * sent() const { return own_leaf_ ? own_sent_.get() : sent_; }

  /// Remembers those of the chain that `who` was judged good by, but for very large ones.
  void remember(const peer& who) const;

  /// Lets the handshake that asks go on with this leaf, the same bytes as its own, so that it has a key to check the
  /// client's proof with. `asking` is what this was made from.
  void lend_leaf(X509_STORE_CTX* asking) const;

 private:
  bool read_again();

  X509* leaf_;
  const STACK_OF(X509) * sent_;
  known_certificates* known_;
  x509::x509_ptr own_leaf_;  // null if nothing had to be read again
  x509::x509_stack_ptr own_sent_;
  std::vector<std::string> unknown_;  // the bytes of those that were not known yet
};

}  // namespace mutual::tls
