#include "tls/verdict_examine.hpp"

#include "base/text.hpp"
#include "tls/verdict_errors.hpp"
#include "tls/verdict_lists.hpp"
#include "tls/verdict_names.hpp"
#include "tls/verdict_revocation.hpp"
#include "tls/verdict_rules.hpp"
#include "x509/certificate.hpp"
#include "x509/name.hpp"
#include "x509/peer.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <array>
#include <span>

namespace mutual::tls {
namespace {

// What OpenSSL found wrong. Its callback runs inside C code, so nothing there may throw or allocate.
struct complaints : questioner {
  explicit complaints(const trust& judges) : questioner{&judges} {}
  struct one {
    int error;
    X509* certificate;
    X509_CRL* crl;
  };
  std::array<one, 32> told{};
  std::size_t count = 0;
};

// RFC 5280 dates are inclusive at both ends and OpenSSL's are not; ours are asked in verdict_rules.
bool is_checked_by_us(int error) {
  return error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
}

// The anchor is believed as it is; RFC 5280 section 6.3 asks for revocation lists of the certificates below it.
bool is_revocation_of_anchor(int error, X509_STORE_CTX* context) {
  const int depth = X509_STORE_CTX_get_error_depth(context);
  return is_about_revocation(error) && depth == sk_X509_num(X509_STORE_CTX_get0_chain(context)) - 1;
}

int on_complaint(int ok, X509_STORE_CTX* context) {
  if (ok != 0) return ok;
  const int error = X509_STORE_CTX_get_error(context);
  if (error == X509_V_ERR_CRL_SIGNATURE_FAILURE && is_about_an_empty_signature(context)) {
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
  }
  auto* heard = static_cast<complaints*>(static_cast<questioner*>(X509_STORE_CTX_get_app_data(context)));
  // The path of a revocation list's own signer: it is not told, so it must be good as it stands.
  if (heard == nullptr) return 0;
  if (is_checked_by_us(error) || is_revocation_of_anchor(error, context)) {
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
  }
  if (heard->count == heard->told.size()) return 0;
  heard->told[heard->count++] = {error, X509_STORE_CTX_get_current_cert(context),
                                 X509_STORE_CTX_get0_current_crl(context)};
  // Go on, to hear everything before choosing what to tell; but not past a signature that does not verify.
  return reason_for(error) == reason::bad_signature ? 0 : 1;
}

std::string about_crl(const complaints::one& complaint) {
  const auto issuer = text::quoted(x509::name_text(X509_get_issuer_name(complaint.certificate)));
  if (complaint.crl == nullptr) {
    return fmt::format("there is no revocation list of {} here that covers {}: configure that CA's current list",
                       issuer, subject_of(complaint.certificate));
  }
  if (complaint.error == X509_V_ERR_CRL_HAS_EXPIRED) {
    const auto end = x509::to_time(X509_CRL_get0_nextUpdate(complaint.crl)).value_or(sys_seconds{});
    return fmt::format("the revocation list of {} here ended on {}: fetch that CA's current one", issuer, to_text(end));
  }
  return fmt::format("the revocation list of {} here cannot be used ({}): configure that CA's current list", issuer,
                     X509_verify_cert_error_string(complaint.error));
}

std::string describe(const complaints::one& complaint, const judge_options& options) {
  X509* one = complaint.certificate;
  const char* words = X509_verify_cert_error_string(complaint.error);
  if (one == nullptr) return fmt::format("the chain cannot be accepted: {}", words);
  if (is_about_revocation(complaint.error)) return about_crl(complaint);
  const auto subject = subject_of(one);
  const auto issuer = text::quoted(x509::name_text(X509_get_issuer_name(one)));
  switch (reason_for(complaint.error)) {
    case reason::bad_signature:
      return fmt::format(
          "the signature of {} does not verify with the key of its issuer {}: it was changed, or another "
          "CA of that name signed it",
          subject, issuer);
    case reason::revoked:
      return fmt::format("{} (serial {}) is on the revocation list of {}: get a new certificate with a new key",
                         subject, x509::serial_text(one), issuer);
    case reason::wrong_purpose:
      return fmt::format(
          "{} is not meant for TLS {}s (its extended key usage or key usage says so): present one that "
          "is issued with {}",
          subject, options.use == purpose::client ? "client" : "server",
          options.use == purpose::client ? "clientAuth" : "serverAuth");
    default:
      return fmt::format("{}, issued by {}, breaks a rule of certificates: {}", subject, issuer, words);
  }
}

void push(x509::x509_stack_ptr& stack, X509* one) {
  if (stack && X509_up_ref(one) == 1 && sk_X509_push(stack.get(), one) <= 0) X509_free(one);
}

x509::x509_stack_ptr stack_of(std::span<X509* const> certificates) {
  x509::x509_stack_ptr stack(sk_X509_new_null());
  for (X509* one : certificates) push(stack, one);
  return stack;
}

// A list may be signed by another certificate than the CA's own (RFC 5280 sections 5.2.5 and 6.3.3 f): OpenSSL looks
// for it among the untrusted. Those of the path stand first, so that the path itself stays the one that was asked for.
void add_list_signers(x509::x509_stack_ptr& stack, const trust& by, const STACK_OF(X509) * sent) {
  for (int at = 0; at < sk_X509_num(sent); ++at) push(stack, sk_X509_value(sent, at));
  for (const auto& [one, as] : by.entries()) {
    if (as == trust::role::intermediate) push(stack, one.get());
  }
}

enum class asked { chain, chain_and_lists, pin };

void set_question(X509_STORE_CTX* context, asked what, const trust& by, const judge_options& options) {
  X509_STORE_CTX_set_purpose(context,
                             options.use == purpose::client ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM* settings = X509_STORE_CTX_get0_param(context);
  // A pin need not be what RFC 5280 asks of a CA.
  if (what == asked::pin) X509_VERIFY_PARAM_clear_flags(settings, X509_V_FLAG_X509_STRICT);
  if (what != asked::chain_and_lists) return;
  // Lists have dates too; a time that is set outweighs X509_V_FLAG_NO_CHECK_TIME.
  X509_STORE_CTX_set_time(context, 0, static_cast<std::time_t>(options.at.time_since_epoch().count()));
  X509_VERIFY_PARAM_set_flags(settings, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
                                            X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_USE_DELTAS);
  X509_STORE_CTX_set0_crls(context, by.crl_stack());
}

// Gives what X509_verify_cert thinks of exactly this path, and as `chain` what it judged.
examined ask_openssl(const trust& by, const path& candidate, const STACK_OF(X509) * sent, asked what,
                     const judge_options& options) {
  examined out{{}, candidate};
  const x509::x509_store_ctx_ptr context(X509_STORE_CTX_new());
  const std::span<X509* const> all(candidate);
  auto between = stack_of(all.size() > 2 ? all.subspan(1, all.size() - 2) : all.subspan(0, 0));
  if (what == asked::chain_and_lists) add_list_signers(between, by, sent);
  const auto anchor = stack_of(all.last(1));
  if (!context || !between || !anchor ||
      X509_STORE_CTX_init(context.get(), by.store(), candidate.front(), between.get()) != 1) {
    out.wrong.push_back({reason::malformed, "the chain could not be judged: " + x509::openssl_errors()});
    return out;
  }
  complaints heard(by);
  X509_STORE_CTX_set_app_data(context.get(), static_cast<questioner*>(&heard));
  X509_STORE_CTX_set_verify_cb(context.get(), on_complaint);
  X509_STORE_CTX_set0_trusted_stack(context.get(), anchor.get());
  set_question(context.get(), what, by, options);
  const int result = X509_verify_cert(context.get());
  for (std::size_t at = 0; at < heard.count; ++at) {
    out.wrong.push_back({reason_for(heard.told[at].error), describe(heard.told[at], options)});
  }
  const int error = X509_STORE_CTX_get_error(context.get());
  // Whatever else it may mean: what was not found good is not good.
  if (out.wrong.empty() && (result != 1 || error != X509_V_OK)) {
    out.wrong.push_back(
        {reason_for(error), fmt::format("the chain of {} cannot be accepted: {}", subject_of(candidate.front()),
                                        X509_verify_cert_error_string(error))});
  }
  const auto* judged = X509_STORE_CTX_get0_chain(context.get());
  if (sk_X509_num(judged) > 0) out.chain.clear();
  for (int at = 0; at < sk_X509_num(judged); ++at) out.chain.push_back(sk_X509_value(judged, at));
  return out;
}

bool told(const findings& all, reason why) {
  for (const auto& each : all) {
    if (each.why == why) return true;
  }
  return false;
}

// Lists of the usual kind are judged by us, without verifying again what was verified when they were loaded. Where that
// does not find one (a CA that changed its key signs its list with the other one), and for the unusual kinds, OpenSSL's
// full check is asked; it costs a signature for each list.
examined ask_with_revocation(const trust& by, const path& candidate, const STACK_OF(X509) * sent,
                             const judge_options& options) {
  if (!by.has_usual_lists_only()) return ask_openssl(by, candidate, sent, asked::chain_and_lists, options);
  auto out = ask_openssl(by, candidate, sent, asked::chain, options);
  if (told(out.wrong, reason::bad_signature)) return out;
  findings ours;
  check_revocation(by, out.chain, options.at, ours);
  if (told(ours, reason::revocation_unknown)) {
    auto again = ask_openssl(by, candidate, sent, asked::chain_and_lists, options);
    if (again.wrong.empty()) return again;
    for (auto& each : again.wrong) {
      if (each.why == reason::revoked) ours.push_back(std::move(each));
    }
    if (by.settings().stale_lists == unanswered::off) {
      std::erase_if(ours, [](const finding& each) { return each.why == reason::revocation_unknown; });
    }
  }
  for (auto& each : ours) out.wrong.push_back(std::move(each));
  return out;
}

}  // namespace

examined examine(const trust& by, const path& candidate, const STACK_OF(X509) * sent, const judge_options& options) {
  examined out{{}, candidate};
  check_costs(candidate, out.wrong);
  check_policy_constraints(candidate, out.wrong);
  if (!out.wrong.empty()) return out;
  out = ask_with_revocation(by, candidate, sent, options);
  // Dates, names and usages are believed only once the signatures are.
  if (told(out.wrong, reason::bad_signature)) return out;
  check_keys(out.chain, out.wrong);
  check_dates(out.chain, options.at, out.wrong);
  check_leaf_usage(out.chain.front(), out.wrong);
  check_profile(out.chain, by.settings().most_intermediates, out.wrong);
  check_name_constraints(out.chain, out.wrong);
  check_host(out.chain.front(), options.host, out.wrong);
  return out;
}

examined examine_pin(const trust& by, X509* pin, const judge_options& options) {
  const path alone{pin};
  examined out{{}, alone};
  check_costs(alone, out.wrong);
  if (!out.wrong.empty()) return out;
  out = ask_openssl(by, alone, nullptr, asked::pin, options);
  out.chain = alone;
  check_keys(alone, out.wrong);
  check_dates(alone, options.at, out.wrong);
  check_leaf_usage(pin, out.wrong);
  check_pin_revocation(by, pin, options.at, out.wrong);
  // Whoever pins a certificate has said whose it is. One that names hosts is for these all the same (RFC 9525); one
  // that has no subject alternative name, as the plainest `openssl req -x509` makes it, says nothing against any.
  if (X509_get_ext_by_NID(pin, NID_subject_alt_name, -1) >= 0) check_host(pin, options.host, out.wrong);
  return out;
}

}  // namespace mutual::tls
