#include "x509/judging.hpp"

#include "base/text.hpp"
#include "x509/name.hpp"
#include "x509/profile.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

namespace mutual::x509 {
namespace {

using constraints_ptr = std::unique_ptr<NAME_CONSTRAINTS, freed_by<NAME_CONSTRAINTS_free>>;

std::string subject_of(const X509* one) { return text::quoted(name_text(X509_get_subject_name(one))); }

bool has(const X509* one, int extension) { return X509_get_ext_by_NID(one, extension, -1) >= 0; }

bool is_critical(const X509* one, int extension) {
  const int at = X509_get_ext_by_NID(one, extension, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(one, at)) == 1;
}

error refused(std::string_view why) {
  return {errc::bad_input, fmt::format("whatever it issued would be refused by servers and clients: {}", why)};
}

x509_stack_ptr stack_of(const std::vector<certificate>& all) {
  x509_stack_ptr out(sk_X509_new_null());
  for (const auto& one : all) {
    if (!out || X509_up_ref(one.get()) != 1) return nullptr;
    if (sk_X509_push(out.get(), one.get()) > 0) continue;
    X509_free(one.get());
    return nullptr;
  }
  return out;
}

result<> ask_openssl(const certificate& leaf, const std::vector<certificate>& between, const certificate& root,
                     int purpose) {
  const x509_store_ptr store(X509_STORE_new());
  const x509_store_ctx_ptr context(X509_STORE_CTX_new());
  const auto untrusted = stack_of(between);
  const auto anchors = stack_of({root});
  if (!store || !context || !untrusted || !anchors ||
      X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), untrusted.get()) != 1) {
    return error(errc::internal, "a chain could not be judged: " + openssl_errors());
  }
  X509_STORE_CTX_set0_trusted_stack(context.get(), anchors.get());
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  judge_strictly(X509_STORE_CTX_get0_param(context.get()));
  if (X509_verify_cert(context.get()) == 1 && X509_STORE_CTX_get_error(context.get()) == X509_V_OK) return {};
  const auto words = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  const X509* about = X509_STORE_CTX_get_current_cert(context.get());
  return refused(about == nullptr || X509_cmp(about, leaf.get()) == 0
                     ? std::string(words)
                     : fmt::format("{} of {}", words, subject_of(about)));
}

}  // namespace

void judge_strictly(X509_VERIFY_PARAM* settings) {
  X509_VERIFY_PARAM_set_flags(settings, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN |
                                            X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_POLICY_CHECK |
                                            X509_V_FLAG_NO_CHECK_TIME);
  // 112 bits: RSA of 2048, SHA-224 and better. The verdict's own rules ask for more where RFCs do.
  X509_VERIFY_PARAM_set_auth_level(settings, 2);
}

// Policy constraints where there are no policies leave no good chain but by luck, and OpenSSL 3.0 loses the memory of
// each that it looks at.
std::optional<std::string> policy_fault(const X509* one) {
  if (!has(one, NID_policy_constraints) || has(one, NID_certificate_policies)) return std::nullopt;
  return fmt::format("{} has policy constraints and no certificate policies: have it issued anew without them",
                     subject_of(one));
}

std::optional<std::string> profile_fault(X509* one) {
  // RFC 5280 section 4.1.2.2: at most 20 octets; users need not be able to handle more.
  if (ASN1_STRING_length(X509_get0_serialNumber(one)) > 20) {
    return fmt::format("the serial number of {} is longer than 20 octets (RFC 5280, 4.1.2.2): have it issued anew",
                       subject_of(one));
  }
  if (!has(one, NID_name_constraints)) return std::nullopt;
  if (X509_check_ca(one) != 1) {
    return fmt::format(
        "{} carries name constraints, which only a CA may (RFC 5280, 4.2.1.10): have it issued anew "
        "without",
        subject_of(one));
  }
  if (!is_critical(one, NID_name_constraints)) {
    return fmt::format(
        "{} carries name constraints that are not marked critical, as RFC 5280 (4.2.1.10) demands: have "
        "the CA's certificate issued anew",
        subject_of(one));
  }
  return std::nullopt;
}

std::optional<std::string> constraints_fault(const X509* one) {
  if (!has(one, NID_name_constraints)) return std::nullopt;
  const constraints_ptr by(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(one, NID_name_constraints, nullptr, nullptr)));
  if (!by) return std::nullopt;  // OpenSSL refuses what it cannot read.
  if (sk_GENERAL_SUBTREE_num(by->permittedSubtrees) <= 0 && sk_GENERAL_SUBTREE_num(by->excludedSubtrees) <= 0) {
    return fmt::format(
        "the name constraints of {} are empty, which RFC 5280 (4.2.1.10) does not allow: have the CA's "
        "certificate issued anew",
        subject_of(one));
  }
  for (const auto* subtrees : {by->permittedSubtrees, by->excludedSubtrees}) {
    for (int at = 0; at < sk_GENERAL_SUBTREE_num(subtrees); ++at) {
      int type = 0;
      const auto* value =
          static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_SUBTREE_value(subtrees, at)->base, &type));
      if (type != GEN_DNS) continue;
      const std::string_view domain(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                    static_cast<std::size_t>(ASN1_STRING_length(value)));
      // RFC 5280 gives the leading period to URIs only; for DNS it is read in two ways (with or without the name).
      if (!domain.starts_with('.')) continue;
      return fmt::format(
          "the name constraint {} of {} begins with a dot, which RFC 5280 (4.2.1.10) does not allow for "
          "DNS names: have the CA's certificate issued anew without the dot",
          text::quoted(domain), subject_of(one));
    }
  }
  return std::nullopt;
}

result<> try_to_issue(const identity& issuer, const certificate& root) {
  auto above = issuer.chain;
  above.push_back(root);
  for (const auto& one : above) {
    for (const auto& fault : {policy_fault(one.get()), profile_fault(one.get()), constraints_fault(one.get())}) {
      if (fault) return refused(*fault);
    }
  }
  MUTUAL_TRY(const auto key, private_key::generate(key_kind::p256));
  // Named as all are that are issued: a CA may permit only certain subjects.
  MUTUAL_TRY(auto spec, describe_certificate(profile::client, {"trial", issuer.leaf().organizations(), {}}, {}, key,
                                             std::chrono::days(1)));
  spec.extended_key_usage = {NID_server_auth, NID_client_auth};
  MUTUAL_TRY(const auto leaf, issue_certificate(std::move(spec), key.get(), issuer.leaf(), issuer.key));
  ERR_set_mark();
  auto outcome = ask_openssl(leaf, issuer.chain, root, X509_PURPOSE_SSL_CLIENT);
  if (outcome) outcome = ask_openssl(leaf, issuer.chain, root, X509_PURPOSE_SSL_SERVER);
  ERR_pop_to_mark();
  return outcome;
}

}  // namespace mutual::x509
