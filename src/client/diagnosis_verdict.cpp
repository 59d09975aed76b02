// Our own refusal of a server: the same reasons, seen from the other side.

#include "client/diagnosis.hpp"
#include "client/handshake_report.hpp"

#include <fmt/format.h>

namespace mutual::client {
namespace {

// What a reason means when it is we who refuse a server; base/reason.hpp speaks of servers that refuse clients.
struct server_side {
  culprit fault;
  std::string fix;
};

server_side seen_from_here(reason code, const handshake_report& report) {
  switch (code) {
    case reason::unknown_issuer:
      return {culprit::unknown,
              fmt::format("If the CA that issued it is the right one, name its certificate (--trust FILE); if not, "
                          "somebody may be answering in the place of {}.",
                          report.host)};
    case reason::self_signed:
      return {culprit::unknown,
              fmt::format("If this is the right server, get its certificate from its operator by another way and name "
                          "it (--trust FILE); if not, somebody may be answering in the place of {}.",
                          report.host)};
    case reason::intermediate_missing:
      return {culprit::server,
              "Server's operator: send the chain: put the intermediate's certificate after the server's own in its "
              "certificate file."};
    case reason::expired:
      return {culprit::server,
              "Server's operator: renew the certificate that has ended. If its date looks right, check this machine's "
              "clock."};
    case reason::not_yet_valid:
      return {culprit::unknown, "Check the clock of this machine and of whoever issued the certificate."};
    case reason::wrong_purpose:
      return {culprit::unknown,
              "Use a name that the certificate is for, or have the server's operator present one that is issued for "
              "servers (extendedKeyUsage serverAuth) and for this name."};
    case reason::revoked:
      return {culprit::server, "Server's operator: get a new certificate with a new key from the issuer."};
    case reason::revocation_unknown:
    case reason::revocation_stale:
      return {culprit::client, "Give this client the issuer's current revocation list (CRL)."};
    case reason::weak_key:
      return {culprit::server,
              "Server's operator: get a certificate with a P-256, Ed25519 or RSA key of 2048 bits or more, signed with "
              "SHA-256 or better."};
    case reason::proof_failed:
      return {culprit::server, "Server's operator: use the key that belongs to the certificate."};
    default:
      return {culprit::server, "Server's operator: have the certificate issued anew, so that it keeps the rule."};
  }
}

}  // namespace

diagnosis diagnose_verdict(const handshake_report& report) {
  diagnosis out;
  out.by_us = true;
  const auto& judged = *report.server_verdict;
  const auto code = judged.refused.value_or(reason::malformed);
  auto seen = seen_from_here(code, report);
  out.reasons = {code};
  out.fault = seen.fault;
  out.fix = std::move(seen.fix);
  out.sentence = fmt::format("we refused the server, judged by {}", report.judged_by);
  out.clue = judged.detail;
  return out;
}

}  // namespace mutual::client
