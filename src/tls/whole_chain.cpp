#include "tls/whole_chain.hpp"

#include "tls/verdict_lost.hpp"
#include "tls/verdict_path.hpp"
#include "x509/digest.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <span>
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
bool is_too_much(const X509* leaf, const STACK_OF(X509) * sent) {
  if (sk_X509_num(sent) > path_limits::most_sent + 1) return true;
  long bytes = i2d_X509(leaf, nullptr);
  for (int at = 0; at < sk_X509_num(sent); ++at) bytes += i2d_X509(sk_X509_value(sent, at), nullptr);
  return bytes > path_limits::most_bytes;
}

// Of DER; a certificate takes one or two thousand.
constexpr std::size_t largest_known = 8192;

bool same(const X509_NAME* left, const X509_NAME* right) { return X509_NAME_cmp(left, right) == 0; }

x509::x509_ptr shared(X509* one) { return x509::x509_ptr(X509_up_ref(one) == 1 ? one : nullptr); }

// The trust's own copy, which has been read long ago.
x509::x509_ptr of_the_trust(const trust& by, const X509* one) {
  const auto* subject = X509_get_subject_name(one);
  for (const auto& some : {by.anchors_named(subject), by.intermediates_named(subject)}) {
    for (const auto& own : some) {
      if (X509_cmp(own.get(), one) == 0) return shared(own.get());
    }
  }
  return nullptr;
}

bool names_a_lists_issuer(const trust& by, const X509* one) {
  return std::any_of(by.lists().begin(), by.lists().end(), [one](const trust::revocation_list& each) {
    return same(X509_CRL_get_issuer(each.list.get()), X509_get_subject_name(one));
  });
}

}  // namespace

struct whole_chain::one_shown {
  X509* shown;
  std::string der;
  x509::x509_ptr whole;  // null while it has not been read
  bool matters = false;
};

whole_chain::whole_chain(const trust& by, X509* leaf, const STACK_OF(X509) * sent, known_certificates* known)
    : by_(by), leaf_(leaf), sent_(sent), known_(known) {
  // A key that cannot be read leaves an error; it is not one of the handshake's.
  ERR_set_mark();
  if (leaf != nullptr && !is_too_much(leaf, sent) && !are_read(leaf, sent) && !read_again()) own_leaf_.reset();
  ERR_pop_to_mark();
}

// Each certificate once, however often it was sent, the leaf first; and which of them stands where in what was sent.
std::vector<whole_chain::one_shown> whole_chain::each_once(std::vector<std::size_t>& places) const {
  std::vector<one_shown> all;
  const auto place_of = [&all](X509* one) {
    auto der = x509::der_of(one, i2d_X509);
    const auto is_it = [&der](const one_shown& earlier) { return earlier.der == der; };
    const auto found = std::find_if(all.begin(), all.end(), is_it) - all.begin();
    if (static_cast<std::size_t>(found) == all.size()) all.push_back({one, std::move(der), nullptr});
    return static_cast<std::size_t>(found);
  };
  (void)place_of(leaf_);
  for (int at = 0; at < sk_X509_num(sent_); ++at) places.push_back(place_of(sk_X509_value(sent_, at)));
  for (auto& one : all) {
    one.whole = of_the_trust(by_, one.shown);
    if (!one.whole && known_ != nullptr) one.whole = known_->find(x509::sha256_bytes(one.der));
  }
  return all;
}

// Those whose keys a verdict may ask for, the leaf first: who has the name of an issuer on the way from the leaf, or
// the name of whoever signs a revocation list, and their issuers. Names only: whether the key identifiers fit, OpenSSL
// tells of certificates that are read.
std::vector<whole_chain::one_shown*> whole_chain::that_matter(std::vector<one_shown>& all) const {
  std::vector<one_shown*> found{&all.front()};
  all.front().matters = true;
  const auto add = [&found](one_shown& one) {
    found.push_back(&one);
    one.matters = true;
  };
  auto add_issuers = [&, at = std::size_t{0}]() mutable {
    for (; at < found.size(); ++at) {
      const auto* issuer = X509_get_issuer_name(found[at]->shown);
      for (auto& one : all) {
        if (!one.matters && same(X509_get_subject_name(one.shown), issuer)) add(one);
      }
    }
  };
  if (by_.is_pinned(leaf_)) return found;
  add_issuers();
  for (auto& one : all) {
    if (!one.matters && names_a_lists_issuer(by_, one.shown)) add(one);
  }
  add_issuers();
  return found;
}

bool whole_chain::read(one_shown& one) {
  one.whole = x509::from_whole_der<x509::x509_ptr>(one.der, d2i_X509);
  if (one.whole) unknown_.push_back(one.der);
  return bool(one.whole);
}

// Those that somebody has signed whom the trust vouches for, and so on down from there. Reading as many of these as
// there are is nothing that a stranger can bring about; as many signatures that are not good as paths are tried, they
// may cost.
bool whole_chain::read_genuine(const std::vector<one_shown*>& these) {
  std::vector<X509*> held;
  const auto hold = [&held](X509* one) {
    if (std::find(held.begin(), held.end(), one) == held.end()) held.push_back(one);
  };
  for (const auto* one : these) {
    const auto* issuer = X509_get_issuer_name(one->shown);
    for (const auto& some : {by_.anchors_named(issuer), by_.intermediates_named(issuer)}) {
      for (const auto& each : some) hold(each.get());
    }
    if (one->whole && one != these.front()) hold(one->whole.get());
  }
  int failed = 0;
  for (std::size_t at = 0; at < held.size(); ++at) {
    for (auto* one : these) {
      if (one->whole || !same(X509_get_subject_name(held[at]), X509_get_issuer_name(one->shown))) continue;
      if (has_signed(held[at], one->shown)) {
        if (!read(*one)) return false;
        hold(one->whole.get());
      } else if (++failed == path_limits::most_tried) {
        return true;
      }
    }
  }
  return true;
}

// False if memory ran out, or if the other OpenSSL does not read them. What is left unread has no key, and no path goes
// by it.
bool whole_chain::read_again() {
  std::vector<std::size_t> places;
  auto all = each_once(places);
  const auto these = that_matter(all);
  const auto unread = [&these] {
    return std::count_if(these.begin() + 1, these.end(), [](const one_shown* one) { return !one->whole; });
  };
  if (!these.front()->whole && !read(*these.front())) return false;
  const auto before = unknown_.size();
  if (unread() > path_limits::most_tried && !read_genuine(these)) return false;
  // The others are told of by their names alone: as many of them as paths are tried.
  int left = path_limits::most_tried - static_cast<int>(unknown_.size() - before);
  for (auto* one : these) {
    if (one->whole || left-- <= 0) continue;
    if (!read(*one)) return false;
  }
  own_sent_.reset(sk_X509_new_null());
  for (const auto place : places) {
    auto again = shared(all[place].whole ? all[place].whole.get() : all[place].shown);
    if (!own_sent_ || !again || sk_X509_push(own_sent_.get(), again.get()) <= 0) return false;
    (void)again.release();
  }
  own_leaf_ = std::move(all.front().whole);
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
