#include "authority/record.hpp"

#include "base/text.hpp"

#include <array>
#include <utility>

namespace mutual::authority {
namespace {

using enum revocation_reason;
constexpr std::array<std::pair<revocation_reason, std::string_view>, 9> reasons{
    {{unspecified, "unspecified"},
     {key_compromise, "keyCompromise"},
     {ca_compromise, "cACompromise"},
     {affiliation_changed, "affiliationChanged"},
     {superseded, "superseded"},
     {cessation_of_operation, "cessationOfOperation"},
     {certificate_hold, "certificateHold"},
     {privilege_withdrawn, "privilegeWithdrawn"},
     {aa_compromise, "aACompromise"}}};

}  // namespace

std::string_view to_string(record_state state) {
  switch (state) {
    case record_state::recorded:
      return "recorded";
    case record_state::issued:
      return "issued";
    case record_state::lost:
      return "lost";
  }
  return "recorded";
}

std::string_view to_string(revocation_reason reason) {
  for (const auto& [value, name] : reasons) {
    if (value == reason) return name;
  }
  return "unspecified";
}

std::optional<revocation_reason> revocation_reason_from_code(std::int64_t code) {
  for (const auto& [value, name] : reasons) {
    if (static_cast<std::int64_t>(value) == code) return value;
  }
  return std::nullopt;
}

std::optional<revocation_reason> revocation_reason_from_string(std::string_view name) {
  auto plain = text::lower(name);
  std::erase(plain, '-');
  for (const auto& [value, known] : reasons) {
    if (text::lower(known) == plain) return value;
  }
  return std::nullopt;
}

result<bool> is_for_same_key(const record& before, const x509::certificate& later) {
  MUTUAL_TRY(const auto other, x509::certificate::from_der(before.der));
  return EVP_PKEY_eq(X509_get0_pubkey(later.get()), X509_get0_pubkey(other.get())) == 1;
}

record to_record(const x509::certificate& one, std::string_view name, x509::profile purpose, bool p12_has_password) {
  record out;
  out.name = name;
  out.purpose = purpose;
  out.serial = one.serial();
  out.subject = one.subject();
  out.issuer = one.issuer();
  out.sha256 = one.sha256();
  out.not_before = one.not_before();
  out.not_after = one.not_after();
  out.recorded_at = now();
  out.p12_has_password = p12_has_password;
  out.der = one.der();
  return out;
}

std::string_view standing_of(const record& one, sys_seconds at) {
  if (one.state == record_state::lost) return "lost";
  if (one.revoked) return one.revoked->is_hold() ? "on-hold" : "revoked";
  if (one.not_after <= at) return "expired";
  // Without a key of ours only its file may be missing, and whoever asked for it may have it already.
  if (one.state == record_state::recorded && one.has_key) return "incomplete";
  return one.is_current ? "valid" : "replaced";
}

}  // namespace mutual::authority
