#pragma once
// whole_chain: a chain as it was shown, with all of its keys.

#include "tls/known_certificates.hpp"
#include "tls/trust.hpp"
#include "x509/openssl.hpp"

#include <mutual/peer.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace mutual::tls {

/// What a client has shown, to be judged under one trust. A lean OpenSSL (lean_provider) reads no keys; then this is
/// the chain as the OpenSSL that the program shares reads it, or has read it before. What is said of a chain does not
/// depend on how lean the OpenSSL is that its handshake uses.
///
/// Reading a key costs a good part of a handshake, and strangers can send many. Only those are read that a verdict may
/// ask for, by the names of their issuers: the leaf and up to `path_limits::most_tried` others; of more than that,
/// those that somebody has signed whom the trust vouches for.
class whole_chain {
 public:
  /// What is given here must outlive this. `known` may be null.
  whole_chain(const trust& by, X509* leaf, const STACK_OF(X509) * sent, known_certificates* known);

  X509* leaf() const { return own_leaf_ ? own_leaf_.get() : leaf_; }
  const STACK_OF(X509) * sent() const { return own_leaf_ ? own_sent_.get() : sent_; }

  /// How many had to be read.
  std::size_t newly_read() const { return unknown_.size(); }

  /// Remembers those of the chain that `who` was judged good by, but for very large ones.
  void remember(const peer& who) const;

  /// Lets the handshake that asks go on with this leaf, the same bytes as its own, so that it has a key to check the
  /// client's proof with. `asking` is what this was made from.
  void lend_leaf(X509_STORE_CTX* asking) const;

 private:
  struct one_shown;
  bool read_again();
  std::vector<one_shown> each_once(std::vector<std::size_t>& places) const;
  std::vector<one_shown*> that_matter(std::vector<one_shown>& all) const;
  bool read_genuine(const std::vector<one_shown*>& these);
  bool read(one_shown& one);

  const trust& by_;
  X509* leaf_;
  const STACK_OF(X509) * sent_;
  known_certificates* known_;
  x509::x509_ptr own_leaf_;  // null if nothing had to be read again
  x509::x509_stack_ptr own_sent_;
  std::vector<std::string> unknown_;  // the bytes of those that were read
};

}  // namespace mutual::tls
