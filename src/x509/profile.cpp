#include "x509/profile.hpp"

#include "base/text.hpp"
#include "x509/name_constraints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mutual::x509 {
namespace {

constexpr std::array<std::pair<profile, std::string_view>, 6> profiles{{{profile::root, "root"},
                                                                        {profile::intermediate, "intermediate"},
                                                                        {profile::server, "server"},
                                                                        {profile::client, "client"},
                                                                        {profile::peer, "peer"},
                                                                        {profile::responder, "responder"}}};

bool is_for_servers(profile purpose) { return purpose == profile::server || purpose == profile::peer; }
bool is_for_clients(profile purpose) { return purpose == profile::client || purpose == profile::peer; }

void set_usages(certificate_spec& spec, profile purpose, const EVP_PKEY* key) {
  if (purpose == profile::root || purpose == profile::intermediate) {
    spec.ca = true;
    spec.key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
    if (purpose == profile::intermediate) spec.path_length = 0;
    return;
  }
  spec.ca = false;
  spec.key_usage = KU_DIGITAL_SIGNATURE;
  // TLS 1.2's RSA key exchange encrypts to the key; we do not speak it, but a client may check for the bit.
  if (EVP_PKEY_is_a(key, "RSA") == 1) spec.key_usage |= KU_KEY_ENCIPHERMENT;
  if (is_for_servers(purpose)) spec.extended_key_usage.push_back(NID_server_auth);
  if (is_for_clients(purpose)) spec.extended_key_usage.push_back(NID_client_auth);
}

}  // namespace

std::string_view to_string(profile purpose) {
  for (const auto& [value, name] : profiles) {
    if (value == purpose) return name;
  }
  return "unknown";
}

std::optional<profile> profile_from_string(std::string_view name) {
  for (const auto& [value, known] : profiles) {
    if (known == name) return value;
  }
  return std::nullopt;
}

result<certificate_spec> describe_certificate(profile purpose, distinguished_name subject, alternative_names names,
                                              const private_key& key, std::chrono::seconds lifetime) {
  return describe_certificate(purpose, std::move(subject), std::move(names), key.get(), lifetime);
}

result<certificate_spec> describe_certificate(profile purpose, distinguished_name subject, alternative_names names,
                                              const EVP_PKEY* key, std::chrono::seconds lifetime) {
  if (lifetime <= std::chrono::seconds::zero()) {
    return error(errc::bad_usage, "a certificate must be valid for at least a day: give more days");
  }
  if (is_for_servers(purpose) && names.dns.empty() && names.ips.empty()) {
    return error(errc::bad_usage,
                 fmt::format("a {} certificate needs a subject alternative name that clients can check: name a host or "
                             "an IP address (nobody looks at the common name any more, RFC 9525)",
                             to_string(purpose)));
  }
  if (subject.empty() && names.empty()) {
    return error(errc::bad_usage, "a certificate needs a subject or a subject alternative name: name somebody");
  }
  certificate_spec spec;
  spec.subject = std::move(subject);
  spec.names = std::move(names);
  spec.not_before = now() - backdate;
  spec.not_after = now() + lifetime;
  set_usages(spec, purpose, key);
  return spec;
}

result<certificate> issue_certificate(certificate_spec spec, EVP_PKEY* subject_key, const certificate& issuer,
                                      const private_key& issuer_key, read_back how) {
  const auto issuer_name = text::printable(issuer.subject());
  if (!issuer.is_ca() || !issuer_key.belongs_to(issuer)) {
    return error(errc::bad_input, fmt::format("{} cannot issue: it is no CA, or the key is not its own", issuer_name));
  }
  if (issuer.not_after() <= now()) {
    return error(
        errc::bad_input,
        fmt::format("{} cannot issue any more: it ended on {}; make another with mutual rotate {}", issuer_name,
                    to_text(issuer.not_after()), issuer.is_self_issued() ? "root" : "intermediate"));
  }
  spec.not_before = std::max(spec.not_before, issuer.not_before());
  spec.not_after = std::min(spec.not_after, issuer.not_after());
  MUTUAL_TRY(auto made, make_certificate(spec, subject_key, issuer, issuer_key, how));
  MUTUAL_CHECK(check_constraints_of(issuer, made));
  return made;
}

}  // namespace mutual::x509
