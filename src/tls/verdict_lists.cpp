#include "tls/verdict_lists.hpp"

#include "x509/key_strength.hpp"

#include <algorithm>
#include <utility>

namespace mutual::tls {
namespace {

// The path of a list's own signer is judged in a context below that of the question.
questioner* who_asks(X509_STORE_CTX* context) {
  while (auto* above = X509_STORE_CTX_get0_parent_ctx(context)) context = above;
  return static_cast<questioner*>(X509_STORE_CTX_get_app_data(context));
}

struct openssls_own_checks {
  X509_STORE_CTX_check_crl_fn check_list = nullptr;
  X509_STORE_CTX_cert_crl_fn look_up = nullptr;
};

const openssls_own_checks& openssls_own() {
  static const openssls_own_checks found = [] {
    const x509::x509_store_ptr store(X509_STORE_new());
    const x509::x509_store_ctx_ptr context(X509_STORE_CTX_new());
    const bool made = store && context && X509_STORE_CTX_init(context.get(), store.get(), nullptr, nullptr) == 1;
    if (!made) return openssls_own_checks{};
    return openssls_own_checks{X509_STORE_CTX_get_check_crl(context.get()), X509_STORE_CTX_get_cert_crl(context.get())};
  }();
  return found;
}

// As OpenSSL's check_crl() chooses it: the one found for this list, else the next of the chain, or its last itself.
X509* issuer_at(X509_STORE_CTX* context) {
  if (auto* found = X509_STORE_CTX_get0_current_issuer(context)) return found;
  const auto* chain = X509_STORE_CTX_get0_chain(context);
  const int last = sk_X509_num(chain) - 1;
  return sk_X509_value(chain, std::min(X509_STORE_CTX_get_error_depth(context) + 1, last));
}

int complain(X509_STORE_CTX* context, int error) {
  X509_STORE_CTX_set_error(context, error);
  const auto told = X509_STORE_CTX_get_verify_cb(context);
  return told != nullptr ? told(0, context) : 0;
}

// Those who are known to have signed it are asked for first: verifying costs a signature.
bool is_signed_by(const trust& by, const x509::lookup_list& list, const X509* issuer) {
  if (issuer == nullptr) return false;
  for (const auto& each : by.lists()) {
    if (each.list.get() != list.get()) continue;
    const auto known = each.signers->get();
    const auto is_issuer = [issuer](const x509::certificate& one) { return X509_cmp(one.get(), issuer) == 0; };
    if (std::any_of(known->begin(), known->end(), is_issuer)) return true;
  }
  return list.is_signed_by(X509_get0_pubkey(issuer));
}

}  // namespace

// The list is the argument: while a delta is checked, and after dates were, the context names another list or none.
int check_list(X509_STORE_CTX* context, X509_CRL* list) noexcept {
  auto* asks = who_asks(context);
  const auto* known = asks != nullptr ? asks->by->list_of(list) : nullptr;
  const auto own = openssls_own().check_list;
  if (known == nullptr || own == nullptr) return X509_STORE_CTX_set_error(context, X509_V_ERR_UNSPECIFIED), 0;
  const auto* issuer = issuer_at(context);
  // A signer need not be in the path whose keys are judged, and with some keys everybody can sign.
  if (issuer != nullptr && x509::weakness_of(X509_get0_pubkey(issuer), x509::key_of::anchor))
    return complain(context, X509_V_ERR_CRL_SIGNATURE_FAILURE);
  // OpenSSL may judge the path of this list's signer meanwhile, by other lists.
  const auto* outer = std::exchange(asks->checks, known->is_compact() ? known : nullptr);
  const int ok = own(context, list);
  asks->checks = outer;
  if (ok <= 0 || !known->is_compact() || is_signed_by(*asks->by, *known, issuer)) return ok;
  return complain(context, X509_V_ERR_CRL_SIGNATURE_FAILURE);
}

int look_up(X509_STORE_CTX* context, X509_CRL* list, X509* one) noexcept {
  const auto* asks = who_asks(context);
  const auto* known = asks != nullptr ? asks->by->list_of(list) : nullptr;
  const auto own = openssls_own().look_up;
  // What is not ours may be compact all the same, and would seem to revoke nobody.
  if (known == nullptr || own == nullptr) return X509_STORE_CTX_set_error(context, X509_V_ERR_UNSPECIFIED), 0;
  if (!known->is_compact()) return own(context, list, one);
  // A list for several CAs names them in its entries; without that, an entry is of the list's own issuer (RFC 5280
  // section 5.3.3).
  const bool is_of_issuer = X509_NAME_cmp(X509_get_issuer_name(one), X509_CRL_get_issuer(list)) == 0;
  if (!is_of_issuer || !known->revokes(X509_get0_serialNumber(one))) return 1;
  return complain(context, X509_V_ERR_CERT_REVOKED);
}

bool is_about_an_empty_signature(X509_STORE_CTX* context) noexcept {
  const auto* asks = who_asks(context);
  return asks != nullptr && asks->checks != nullptr;
}

}  // namespace mutual::tls
