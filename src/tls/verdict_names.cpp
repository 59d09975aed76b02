#include "tls/verdict_names.hpp"

#include "base/text.hpp"
#include "tls/verdict_rules.hpp"
#include "x509/certificate.hpp"
#include "x509/judging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace mutual::tls {
namespace {

// Comparisons of a name with a constraint that one chain may cost.
constexpr long most_comparisons = 65536;

using constraints_ptr = std::unique_ptr<NAME_CONSTRAINTS, x509::freed_by<NAME_CONSTRAINTS_free>>;

constraints_ptr constraints_of(const X509* one) {
  if (X509_get_ext_by_NID(one, NID_name_constraints, -1) < 0) return nullptr;
  return constraints_ptr(static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(one, NID_name_constraints, nullptr, nullptr)));
}

x509::general_names_ptr names_of(const X509* one) {
  return x509::general_names_ptr(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(one, NID_subject_alt_name, nullptr, nullptr)));
}

std::string_view text_of(const ASN1_STRING* value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

std::optional<std::string_view> dns_of(const GENERAL_NAME* name) {
  int type = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &type));
  if (type != GEN_DNS) return std::nullopt;
  return text_of(value);
}

// "a.example.com" is within "example.com" and within itself; everything is within "".
bool is_within(std::string_view name, std::string_view domain) {
  if (domain.empty()) return true;
  if (name.size() < domain.size()) return false;
  if (!text::iequals(name.substr(name.size() - domain.size()), domain)) return false;
  return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

void violated(findings& wrong, std::string detail) {
  wrong.push_back({reason::constraint_violated, std::move(detail)});
}

// "*.example.com" stands for every x.example.com. RFC 5280 compares the name as it is written; so that no name that it
// stands for escapes, all of them must be permitted and none excluded (CVE-2025-61727).
void check_wildcard(std::string_view name, const NAME_CONSTRAINTS* by, const X509* holder, const X509* issuer,
                    findings& wrong) {
  const auto base = name.substr(2);
  bool constrained = false;
  bool permitted = false;
  for (int at = 0; at < sk_GENERAL_SUBTREE_num(by->permittedSubtrees); ++at) {
    const auto domain = dns_of(sk_GENERAL_SUBTREE_value(by->permittedSubtrees, at)->base);
    if (!domain) continue;
    constrained = true;
    permitted = permitted || is_within(base, *domain);
  }
  bool excluded = false;
  for (int at = 0; at < sk_GENERAL_SUBTREE_num(by->excludedSubtrees); ++at) {
    const auto domain = dns_of(sk_GENERAL_SUBTREE_value(by->excludedSubtrees, at)->base);
    excluded = excluded || (domain && (is_within(base, *domain) || is_within(*domain, base)));
  }
  if ((permitted || !constrained) && !excluded) return;
  violated(wrong, fmt::format("the name {} of {} stands for names that its CA {} may not certify: have it issued with "
                              "the names themselves",
                              text::quoted(name), subject_of(holder), subject_of(issuer)));
}

bool is_dns_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  while (true) {
    const auto dot = std::min(name.find('.'), name.size());
    if (dot == 0 || dot > 63) return false;
    if (dot == name.size()) return true;
    name.remove_prefix(dot + 1);
  }
}

// RFC 5321 allows "@" in quotes before the last one; nobody's CA issues such, and readers disagree about them.
bool is_mailbox(std::string_view address) {
  const auto at = address.find('@');
  return at != std::string_view::npos && at > 0 && is_dns_name(address.substr(at + 1)) &&
         address.find('@', at + 1) == std::string_view::npos;
}

void check_names(const X509* holder, const NAME_CONSTRAINTS* by, const X509* issuer, findings& wrong) {
  const auto names = names_of(holder);
  for (int at = 0; at < sk_GENERAL_NAME_num(names.get()); ++at) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), at);
    if (const auto dns = dns_of(name)) {
      if (!is_dns_name(*dns)) {
        violated(wrong,
                 fmt::format("{} of {} is no DNS name: have it issued anew", text::quoted(*dns), subject_of(holder)));
      } else if (dns->starts_with("*.")) {
        check_wildcard(*dns, by, holder, issuer, wrong);
      }
    }
    if (wrong.size() > 8) return;  // Enough to tell.
  }
}

long count_names(const X509* one) {
  const auto names = names_of(one);
  return X509_NAME_entry_count(X509_get_subject_name(one)) + std::max(0, sk_GENERAL_NAME_num(names.get()));
}

}  // namespace

void check_name_costs(const path& chain, findings& wrong) {
  long below = 0;
  long comparisons = 0;
  // From the leaf upwards, counting names only once there is a constraint above them.
  const bool any = std::any_of(chain.begin(), chain.end(),
                               [](const X509* one) { return X509_get_ext_by_NID(one, NID_name_constraints, -1) >= 0; });
  if (!any) return;
  for (const X509* one : chain) {
    if (const auto by = constraints_of(one)) {
      comparisons += below * (std::max(0, sk_GENERAL_SUBTREE_num(by->permittedSubtrees)) +
                              std::max(0, sk_GENERAL_SUBTREE_num(by->excludedSubtrees)));
    }
    below += count_names(one);
  }
  if (comparisons <= most_comparisons) return;
  violated(wrong, fmt::format("the names and name constraints of the chain of {} would take {} comparisons; at most {} "
                              "are made here",
                              subject_of(chain.front()), comparisons, most_comparisons));
}

void check_name_constraints(const path& chain, findings& wrong) {
  for (std::size_t above = 1; above < chain.size(); ++above) {
    const auto by = constraints_of(chain[above]);
    if (!by) continue;
    if (auto fault = x509::constraints_fault(chain[above])) violated(wrong, *std::move(fault));
    for (std::size_t below = 0; below < above; ++below) {
      // RFC 5280 section 6.1.3 (b): a CA that certifies itself anew is not bound, unless it is the leaf.
      const bool self_issued = (X509_get_extension_flags(chain[below]) & EXFLAG_SI) != 0;
      if (below == 0 || !self_issued) check_names(chain[below], by.get(), chain[above], wrong);
    }
  }
}

void check_name_syntax(const peer& who, findings& wrong) {
  for (const auto& name : who.dns_names()) {
    if (is_dns_name(name)) continue;
    violated(wrong, fmt::format("{} of {} is no DNS name: have the certificate issued anew", text::quoted(name),
                                text::quoted(who.subject())));
    return;
  }
  for (const auto& address : who.emails()) {
    if (is_mailbox(address)) continue;
    violated(wrong, fmt::format("{} of {} is no e-mail address: have the certificate issued anew",
                                text::quoted(address), text::quoted(who.subject())));
    return;
  }
}

}  // namespace mutual::tls
