#include "tls/whole_chain.hpp"

#include <openssl/err.h>

namespace mutual::tls {
namespace {

bool are_read(const X509* leaf, const STACK_OF(X509) * sent) {
  if (leaf != nullptr && X509_get0_pubkey(leaf) == nullptr) return false;
  for (int at = 0; at < sk_X509_num(sent); ++at) {
    if (X509_get0_pubkey(sk_X509_value(sent, at)) == nullptr) return false;
  }
  return true;
}

x509::x509_ptr reread(X509* one) { return x509::from_whole_der<x509::x509_ptr>(x509::der_of(one, i2d_X509), d2i_X509); }

// Null if memory ran out.
x509::x509_stack_ptr reread(const STACK_OF(X509) * all) {
  x509::x509_stack_ptr made(sk_X509_new_null());
  for (int at = 0; made && at < sk_X509_num(all); ++at) {
    auto one = reread(sk_X509_value(all, at));
    if (!one || sk_X509_push(made.get(), one.get()) <= 0) return nullptr;
    (void)one.release();
  }
  return made;
}

}  // namespace

whole_chain::whole_chain(X509* leaf, const STACK_OF(X509) * sent) : leaf_(leaf), sent_(sent) {
  // A key that cannot be read leaves an error; it is not one of the handshake's.
  ERR_set_mark();
  if (!are_read(leaf, sent)) {
    auto own = reread(leaf);
    own_sent_ = reread(sent);
    if (own && own_sent_) own_leaf_ = std::move(own);
  }
  ERR_pop_to_mark();
}

}  // namespace mutual::tls
