#include "tls/whole_chain.hpp"

#include "tls/verdict_path.hpp"
#include "x509/digest.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <utility>

namespace mutual::tls {
namespace {

bool are_read(const X509* leaf, const STACK_OF(X509) * sent) {
  if (leaf != nullptr && X509_get0_pubkey(leaf) == nullptr) return false;
  for (int at = 0; at < sk_X509_num(sent); ++at) {
    if (X509_get0_pubkey(sk_X509_value(sent, at)) == nullptr) return false;
  }
  return true;
}

// What will not be judged need not be read.
bool are_too_many(const STACK_OF(X509) * sent) { return sk_X509_num(sent) > path_limits::most_sent + 1; }

// Of DER; a certificate takes one or two thousand.
constexpr std::size_t largest_known = 8192;

}  // namespace

whole_chain::whole_chain(X509* leaf, const STACK_OF(X509) * sent, known_certificates* known)
    : leaf_(leaf), sent_(sent), known_(known) {
  // A key that cannot be read leaves an error; it is not one of the handshake's.
  ERR_set_mark();
  if (leaf != nullptr && !are_too_many(sent) && !are_read(leaf, sent) && !read_again()) own_leaf_.reset();
  ERR_pop_to_mark();
}

// False if memory ran out, or if the other OpenSSL does not read them.
bool whole_chain::read_again() {
  const auto read = [&](X509* one) {
    auto der = x509::der_of(one, i2d_X509);
    auto found = known_ != nullptr ? known_->find(x509::sha256_bytes(der)) : nullptr;
    if (found) return found;
    found = x509::from_whole_der<x509::x509_ptr>(der, d2i_X509);
    if (found) unknown_.push_back(std::move(der));
    return found;
  };
  own_sent_.reset(sk_X509_new_null());
  for (int at = 0; own_sent_ && at < sk_X509_num(sent_); ++at) {
    X509* const one = sk_X509_value(sent_, at);
    auto again = read(one);
    if (!again) return false;
    if (one == leaf_ && X509_up_ref(again.get()) == 1) own_leaf_.reset(again.get());
    if (sk_X509_push(own_sent_.get(), again.get()) <= 0) return false;
    (void)again.release();
  }
  if (!own_leaf_) own_leaf_ = read(leaf_);
  return own_sent_ && own_leaf_;
}

void whole_chain::remember(const peer& who) const {
  if (known_ == nullptr || unknown_.empty()) return;
  const auto& good = who.chain();
  for (int at = 0; at < sk_X509_num(own_sent_.get()); ++at) {
    X509* const one = sk_X509_value(own_sent_.get(), at);
    const auto der = x509::der_of(one, i2d_X509);
    const bool is_new = std::find(unknown_.begin(), unknown_.end(), der) != unknown_.end();
    if (is_new && der.size() <= largest_known && std::find(good.begin(), good.end(), der) != good.end())
      known_->keep(x509::sha256_bytes(der), one);
  }
}

// The handshake takes the key from the first of this list once its verify callback has returned.
void whole_chain::lend_leaf(X509_STORE_CTX* asking) const {
  auto* const shown = X509_STORE_CTX_get0_untrusted(asking);
  if (!own_leaf_ || sk_X509_num(shown) == 0 || sk_X509_value(shown, 0) != leaf_) return;
  if (X509_up_ref(own_leaf_.get()) != 1) return;
  X509_STORE_CTX_set_cert(asking, own_leaf_.get());
  (void)sk_X509_set(shown, 0, own_leaf_.get());
  X509_free(leaf_);
}

}  // namespace mutual::tls
