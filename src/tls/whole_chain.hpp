#pragma once
// whole_chain: a chain as it was shown, with all of its keys.

#include "x509/openssl.hpp"

namespace mutual::tls {

/// What a client has shown, to be judged. A lean OpenSSL (lean_provider) reads only the kinds of keys that a good chain
/// has; if there is another among them, this is the chain as the OpenSSL that the program shares reads it. What is said
/// of a chain does not depend on how lean the OpenSSL is that its handshake uses.
class whole_chain {
 public:
  /// What is given here must outlive this.
  whole_chain(X509* leaf, const STACK_OF(X509) * sent);

  X509* leaf() const { return own_leaf_ ? own_leaf_.get() : leaf_; }
  const STACK_OF(X509) * sent() const { return own_leaf_ ? own_sent_.get() : sent_; }

 private:
  X509* leaf_;
  const STACK_OF(X509) * sent_;
  x509::x509_ptr own_leaf_;  // null if nothing had to be read again
  x509::x509_stack_ptr own_sent_;
};

}  // namespace mutual::tls
