#include <mutual/reason.hpp>

#include <array>
#include <cstddef>

namespace mutual {
namespace {

struct entry {
  reason code;
  std::string_view name;
  std::string_view meaning;
  std::string_view remedy;
  bool servers_fault = false;
};

// In the order of the enumeration: an entry is found by its position (checked below).
constexpr std::array entries{
    entry{reason::no_certificate, "no_certificate", "The client sent no certificate, and this service requires one.",
          "Client: present a certificate issued by a CA that the service trusts (curl: --cert FILE --key FILE)."},
    entry{reason::unknown_issuer, "unknown_issuer", "The certificate was issued by nobody that this service trusts.",
          "Client: present a certificate from a CA that the service trusts. If this CA should be trusted, the server's "
          "operator adds it to the trust."},
    entry{reason::intermediate_missing, "intermediate_missing",
          "The issuer is known here, but the client did not send the certificates between its own and the CA.",
          "Client: send the chain: put the intermediate's certificate after the client's own in the certificate file "
          "(cat client.crt intermediate.crt > chain.crt)."},
    entry{reason::self_signed, "self_signed",
          "The certificate is signed by itself, and this exact certificate is not pinned here.",
          "Client: present a certificate issued by a CA that the service trusts, or have the server's operator add "
          "this exact certificate to the trust."},
    entry{reason::expired, "expired", "A certificate in the chain is past its last day.",
          "Client: renew the certificate and present the new one; if it is a CA's certificate that ended, its operator "
          "renews that. If the date looks right, check the server's clock."},
    entry{reason::not_yet_valid, "not_yet_valid", "A certificate in the chain is before its first day.",
          "Check the clocks of the server and of whoever issued the certificate; otherwise wait until its first day."},
    entry{reason::wrong_purpose, "wrong_purpose",
          "The certificate is not meant for this use: its key usage, extended key usage or names say otherwise.",
          "Client: present a certificate issued for this use (a client's has extendedKeyUsage clientAuth and keyUsage "
          "digitalSignature); one issued for servers only does not do."},
    entry{reason::revoked, "revoked", "The issuer has revoked a certificate in the chain.",
          "Client: get a new certificate with a new key from the issuer; renewing the revoked one does not help."},
    entry{
        reason::revocation_unknown, "revocation_unknown",
        "No usable revocation list of the issuer is here, and no OCSP responder has answered, so nobody can say "
        "whether the certificate is revoked.",
        "Server's operator: add the issuer's current revocation list (CRL), one for every CA of the chain; if OCSP is "
        "asked, see in the log why it has not answered.",
        true},
    entry{
        reason::revocation_stale, "revocation_stale",
        "The issuer's revocation list here, or what OCSP has answered, is past its date, so nobody can say whether the "
        "certificate is revoked.",
        "Server's operator: fetch the issuer's current revocation list (CRL) and see why it was not updated; if "
        "OCSP is asked, see in the log why it does not answer.",
        true},
    entry{reason::bad_signature, "bad_signature",
          "A signature in the chain does not verify: a certificate was changed, or was signed by another key than its "
          "issuer's.",
          "Client: present the certificate as it was issued; if it is unchanged, its issuer's name is used by two CAs "
          "with different keys, and the wrong one's certificate was sent or is trusted."},
    entry{reason::weak_key, "weak_key", "A key or a signature's digest in the chain is too weak or of no known kind.",
          "Client: get a certificate with a P-256, Ed25519 or RSA key of 2048 bits or more, signed with SHA-256 or "
          "better."},
    entry{reason::constraint_violated, "constraint_violated",
          "The chain breaks a rule of RFC 5280 or of a CA in it: names, depth, the CA flag, extensions.",
          "Whoever runs the CA: issue the certificate anew so that it keeps the rule that the detail names."},
    entry{reason::malformed, "malformed", "What was sent is not a certificate that can be read.",
          "Client: check the certificate file (mutual show FILE, or openssl x509 -in FILE -text) and have it issued "
          "anew."},
    entry{reason::proof_failed, "proof_failed",
          "The client does not hold the certificate's private key: its signature over the handshake does not verify.",
          "Client: use the key that belongs to the certificate; the two files do not match."},
    entry{reason::policy_denied, "policy_denied",
          "The certificate is good, but the policy does not let its bearer do this.",
          "Ask the server's operator for access, or use a certificate that the policy names."},
    entry{reason::no_common_protocol, "no_common_protocol",
          "Client and server have no TLS version, or no application protocol, in common.",
          "Client: speak TLS 1.2 or 1.3 (and http/1.1 if it offers ALPN). Server's operator: see the configured "
          "versions."},
    entry{reason::no_common_cipher, "no_common_cipher",
          "Client and server have no cipher suite, group or signature algorithm in common.",
          "Client: offer ECDHE with AES-GCM or ChaCha20, and X25519 or P-256; current TLS libraries do so by default."},
    entry{reason::not_tls, "not_tls", "Something else than TLS arrived on a TLS port.",
          "Client: use https:// (or a TLS client) for this port."},
    entry{
        reason::handshake_timeout, "handshake_timeout",
        "The handshake was not finished in time, or gave way to newer ones when as many were under way as are allowed.",
        "Client: see whether the network loses packets or the client waits for input (a password, a card) during the "
        "handshake."},
    entry{reason::probe, "probe", "The connection was closed before it said anything.",
          "Nothing to mend: port scanners, health checks and browsers' spare connections do this."},
};

constexpr bool in_order() {
  for (std::size_t at = 0; at < entries.size(); ++at) {
    if (static_cast<std::size_t>(entries[at].code) != at) return false;
  }
  return static_cast<std::size_t>(reason::probe) + 1 == entries.size();
}
static_assert(in_order(), "every reason has its entry, in the order of the enumeration");

const entry& find(reason code) { return entries[static_cast<std::size_t>(code)]; }

}  // namespace

std::string_view to_string(reason code) { return find(code).name; }

std::optional<reason> reason_from_string(std::string_view name) {
  for (const auto& each : entries) {
    if (each.name == name) return each.code;
  }
  return std::nullopt;
}

std::string_view meaning(reason code) { return find(code).meaning; }

std::string_view remedy(reason code) { return find(code).remedy; }

bool is_servers_fault(reason code) { return find(code).servers_fault; }

}  // namespace mutual
