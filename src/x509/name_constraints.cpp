#include "x509/name_constraints.hpp"

#include "base/text.hpp"
#include "x509/alternative_names.hpp"
#include "x509/name.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>

namespace mutual::x509 {
namespace {

using constraints_ptr = std::unique_ptr<NAME_CONSTRAINTS, freed_by<NAME_CONSTRAINTS_free>>;
using subtree_ptr = std::unique_ptr<GENERAL_SUBTREE, freed_by<GENERAL_SUBTREE_free>>;

bool add(STACK_OF(GENERAL_SUBTREE) * *to, int kind, std::string_view bytes) {
  if (*to == nullptr) *to = sk_GENERAL_SUBTREE_new_null();
  subtree_ptr subtree(GENERAL_SUBTREE_new());
  ASN1_STRING* value = ASN1_STRING_type_new(kind == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
  if (*to == nullptr || !subtree || value == nullptr) return ASN1_STRING_free(value), false;
  GENERAL_NAME_set0_value(subtree->base, kind, value);
  if (ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  if (sk_GENERAL_SUBTREE_push(*to, subtree.get()) <= 0) return false;
  (void)subtree.release();
  return true;
}

bool fill(NAME_CONSTRAINTS* out, const name_constraints& of) {
  bool done = true;
  for (const auto& domain : of.dns) done = done && add(&out->permittedSubtrees, GEN_DNS, domain);
  for (const auto& host : of.emails) done = done && add(&out->permittedSubtrees, GEN_EMAIL, host);
  for (const auto& range : of.ips) done = done && add(&out->permittedSubtrees, GEN_IPADD, range.network + range.mask);
  // As public CAs say that there are none: the empty name, and the ranges of everything.
  if (of.no_dns) done = done && add(&out->excludedSubtrees, GEN_DNS, {});
  for (const std::size_t size : {8U, 32U}) {
    if (of.no_ips) done = done && add(&out->excludedSubtrees, GEN_IPADD, std::string(size, '\0'));
  }
  // That no address is permitted cannot be written, but that only those of a host are which nobody has (RFC 2606).
  if (of.no_emails) done = done && add(&out->permittedSubtrees, GEN_EMAIL, "none.invalid");
  return done;
}

constraints_ptr constraints_of(const certificate& one) {
  ERR_set_mark();
  constraints_ptr out(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(one.get(), NID_name_constraints, nullptr, nullptr)));
  ERR_pop_to_mark();
  return out;
}

bool constrains_dns(const certificate& one) {
  const auto by = constraints_of(one);
  if (!by) return false;
  for (const auto* subtrees : {by->permittedSubtrees, by->excludedSubtrees}) {
    for (int at = 0; at < sk_GENERAL_SUBTREE_num(subtrees); ++at) {
      if (sk_GENERAL_SUBTREE_value(subtrees, at)->base->type == GEN_DNS) return true;
    }
  }
  return false;
}

bool is_name_of(const distinguished_name& name, const certificate& one) {
  const auto made = to_x509_name(name);
  return made && X509_NAME_cmp(made->get(), X509_get_subject_name(one.get())) == 0;
}

}  // namespace

result<raw_extension> to_extension(const name_constraints& of) {
  const constraints_ptr made(NAME_CONSTRAINTS_new());
  const x509_extension_ptr extension(made && fill(made.get(), of) ? X509V3_EXT_i2d(NID_name_constraints, 1, made.get())
                                                                  : nullptr);
  if (!extension) return error(errc::internal, "cannot make name constraints: " + openssl_errors());
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension.get());
  return raw_extension{"nameConstraints",
                       true,
                       {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                        static_cast<std::size_t>(ASN1_STRING_length(value))}};
}

result<> check_constraints_of(const certificate& issuer, const certificate& issued) {
  const auto constraints = constraints_of(issuer);
  ERR_set_mark();
  int outcome = constraints ? NAME_CONSTRAINTS_check(issued.get(), constraints.get()) : X509_V_OK;
  if (constraints && outcome == X509_V_OK && !issued.is_ca()) {
    outcome = NAME_CONSTRAINTS_check_CN(issued.get(), constraints.get());
  }
  ERR_pop_to_mark();
  if (outcome == X509_V_OK) return {};
  return error(errc::bad_usage,
               fmt::format("{} may not certify these names: its own certificate constrains them (nameConstraints), and "
                           "whoever checks that would refuse it; ask for names that it permits",
                           text::quoted(issuer.subject())));
}

void leave_out_address(certificate_spec& spec, const certificate& issuer, const std::vector<certificate>& above) {
  const auto address = checked_ip(spec.subject.common_name);
  const auto& own = spec.names.ips;
  if (!address || std::find(own.begin(), own.end(), *address) == own.end()) return;
  if (!constrains_dns(issuer) && std::none_of(above.begin(), above.end(), constrains_dns)) return;
  spec.subject.common_name.clear();
  // It would look as if it had issued itself.
  if (is_name_of(spec.subject, issuer)) spec.subject = {};
}

result<> check_constraints_of(const std::vector<certificate>& above, const certificate& issued) {
  for (const auto& one : above) MUTUAL_CHECK(check_constraints_of(one, issued));
  return {};
}

}  // namespace mutual::x509
