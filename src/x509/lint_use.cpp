// What the first certificate must have for its use.

#include "base/text.hpp"
#include "x509/alternative_names.hpp"
#include "x509/lint_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::x509 {
namespace {

std::uint32_t key_usage_of(const certificate& one) { return X509_get_key_usage(one.get()); }

bool serves(const lint_case& of) { return of.as == use::server || of.as == use::peer; }
bool logs_in(const lint_case& of) { return of.as == use::client || of.as == use::peer; }

// What `openssl req -x509` makes, and so the tutorials: a certificate that is a CA of its own.
void lint_leaf_as_ca(const lint_case& of) {
  const auto& one = of.first();
  if (!one.is_ca()) return;
  if (one.is_self_signed()) {
    of.add(
        "self_signed_ca", weight::wrong, one,
        fmt::format("it is a CA (CA:TRUE) and its own issuer, as openssl req -x509 makes it: whoever has its key can "
                    "make certificates in any name for everybody who trusts it, and as a {} it lets itself in "
                    "nowhere else",
                    to_string(of.as)),
        of.as == use::client ? "make one that is no CA with: mutual init --self-signed --client NAME, or an authority "
                               "with: mutual init --client NAME"
                             : "make one that is no CA with: mutual init --self-signed --host HOST, or an authority "
                               "with: mutual init --host HOST");
  } else {
    of.add("leaf_is_ca", weight::wrong, one,
           fmt::format("it is a CA (CA:TRUE) and is used as a {}: whoever has its key can issue certificates",
                       to_string(of.as)),
           of.issue_other());
  }
}

void lint_key_usage(const lint_case& of) {
  const auto& one = of.first();
  const auto usage = key_usage_of(one);
  if (usage == UINT32_MAX) {
    of.add("no_key_usage", weight::advice, one, "it has no key usage, so that its key may be used for anything",
           of.issue_other());
    return;
  }
  if ((usage & KU_DIGITAL_SIGNATURE) == 0) {
    of.add("key_usage", weight::wrong, one,
           "its key usage lacks digitalSignature, which TLS signs with (RFC 8446, 4.4.2.2)", of.issue_other());
  }
  if (!one.is_ca() && (usage & KU_KEY_CERT_SIGN) != 0) {
    of.add("key_usage", weight::wrong, one,
           "its key usage has keyCertSign, which only a CA may have (RFC 5280, 4.2.1.3)", of.issue_other());
  }
}

void lint_purpose(const lint_case& of) {
  const auto& one = of.first();
  if (one.extended_key_usages().empty()) {
    of.add("no_purpose", weight::advice, one,
           "it has no extended key usage: a server's certificate could log in as a client, and a client's could serve",
           of.issue_other());
    return;
  }
  if (logs_in(of) && !one.allows_client()) {
    of.add("wrong_purpose", weight::wrong, one, "its extended key usage lacks clientAuth, so that servers refuse it",
           of.issue_other());
  }
  if (serves(of) && !one.allows_server()) {
    of.add("wrong_purpose", weight::wrong, one, "its extended key usage lacks serverAuth, so that clients refuse it",
           of.issue_other());
  }
}

bool is_host(const std::string& name) {
  return (name.find('.') != std::string::npos || name == "localhost") && (checked_dns_name(name) || checked_ip(name));
}

}  // namespace

void lint_leaf(const lint_case& of) {
  lint_leaf_as_ca(of);
  lint_key_usage(of);
  lint_purpose(of);
  const auto& key = of.all.key;
  if (key && !key->belongs_to(of.first())) {
    of.add("key_mismatch", weight::wrong, of.first(), "the private key in the file belongs to none of its certificates",
           "put the pair that was made together into one file");
  }
}

void lint_names(const lint_case& of) {
  const auto& one = of.first();
  const auto names = one.names();
  const auto common_name = one.common_name();
  if (serves(of) && names.dns.empty() && names.ips.empty()) {
    of.add("no_names", weight::wrong, one,
           fmt::format("it has no subject alternative name with a host; its common name {} counts for nobody any more "
                       "(RFC 9525)",
                       text::quoted(common_name)),
           fmt::format("issue another with: mutual issue server {}",
                       is_host(common_name) ? text::printable(common_name) : "NAME HOST"));
    return;
  }
  if (serves(of)) {
    const bool named = std::find(names.dns.begin(), names.dns.end(), text::lower(common_name)) != names.dns.end() ||
                       std::find(names.ips.begin(), names.ips.end(), common_name) != names.ips.end();
    if (is_host(common_name) && !named) {
      of.add("name_only_common", weight::advice, one,
             fmt::format("its common name {} is not among its subject alternative names, so that it is not good for it",
                         text::quoted(common_name)),
             of.issue_other(text::printable(common_name)));
    }
    return;
  }
  if (names.empty()) {
    of.add("no_names", weight::advice, one,
           "it has no subject alternative name, only a common name: policies cannot tell it by a URI or an address",
           fmt::format("issue another with a name that programs can rely on: mutual issue client {} --uri "
                       "spiffe://ORG/NAME",
                       is_host(common_name) ? text::printable(common_name) : "NAME"));
  }
}

void lint_authority(const lint_case& of, const certificate& one) {
  const auto usage = key_usage_of(one);
  const auto anew = [&] { return of.anew(one); };
  if ((X509_get_extension_flags(one.get()) & EXFLAG_CA) == 0) {
    of.add("not_a_ca", weight::wrong, one, "it is no CA (basicConstraints CA:TRUE is not there), and can issue nothing",
           anew());
    return;
  }
  const int at = X509_get_ext_by_NID(one.get(), NID_basic_constraints, -1);
  if (at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(one.get(), at)) != 1) {
    of.add("constraints_not_critical", weight::wrong, one,
           "its basicConstraints are not marked critical, as a CA's must be (RFC 5280, 4.2.1.9)", anew());
  }
  if (usage == UINT32_MAX) {
    of.add("no_key_usage", weight::wrong, one,
           "it has no key usage, and a CA must have one with keyCertSign (RFC 5280, 4.2.1.3)", anew());
    return;
  }
  if ((usage & KU_KEY_CERT_SIGN) == 0) {
    of.add("key_usage", weight::wrong, one, "its key usage lacks keyCertSign, so that nothing it signs is believed",
           anew());
  }
  if ((usage & KU_CRL_SIGN) == 0) {
    of.add("no_crl_sign", weight::advice, one,
           "its key usage lacks cRLSign, so that it cannot revoke what it has issued", anew());
  }
}

}  // namespace mutual::x509
