#include "client/diagnosis.hpp"

#include "base/text.hpp"
#include "client/handshake_report.hpp"
#include "client/own_evidence.hpp"
#include "tls/handshake_failure.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>

namespace mutual::client {
namespace {

constexpr int ssl3_no_certificate = 41;  // Of SSL 3.0; RFC 8446 section 6 keeps the number reserved.

// What an alert stands for when nothing else is known: tls::alert_for read backwards.
std::vector<reason> reasons_behind(int alert) {
  switch (alert) {
    case SSL_AD_CERTIFICATE_REQUIRED:
    case ssl3_no_certificate:
      return {reason::no_certificate};
    case SSL_AD_UNKNOWN_CA:
      return {reason::unknown_issuer, reason::intermediate_missing, reason::self_signed};
    case SSL_AD_CERTIFICATE_EXPIRED:
      return {reason::expired, reason::not_yet_valid};
    case SSL_AD_CERTIFICATE_REVOKED:
      return {reason::revoked};
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
      return {reason::wrong_purpose};
    case SSL_AD_CERTIFICATE_UNKNOWN:
      return {reason::revocation_unknown, reason::revocation_stale};
    case SSL_AD_BAD_CERTIFICATE:
      return {reason::bad_signature, reason::malformed, reason::constraint_violated, reason::weak_key};
    case SSL_AD_DECRYPT_ERROR:
      return {reason::proof_failed};
    case SSL_AD_ACCESS_DENIED:
      return {reason::policy_denied};
    case SSL_AD_PROTOCOL_VERSION:
    case SSL_AD_INAPPROPRIATE_FALLBACK:
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return {reason::no_common_protocol};
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_INSUFFICIENT_SECURITY:
      return {reason::no_common_cipher};
    default:
      return {};
  }
}

// Alerts that servers other than ours send for nearly anything that is wrong with a certificate.
bool is_vague(int alert) {
  return alert == SSL_AD_BAD_CERTIFICATE || alert == SSL_AD_CERTIFICATE_UNKNOWN || alert == SSL_AD_HANDSHAKE_FAILURE;
}

bool is_about_certificates(int alert) {
  // decode_error: GnuTLS says it of an empty Certificate message under TLS 1.2.
  return is_vague(alert) || alert == SSL_AD_DECODE_ERROR || alert == SSL_AD_CERTIFICATE_REQUIRED ||
         alert == ssl3_no_certificate || alert == SSL_AD_UNKNOWN_CA || alert == SSL_AD_UNSUPPORTED_CERTIFICATE ||
         alert == SSL_AD_ACCESS_DENIED;
}

culprit culprit_of(reason code) {
  if (code == reason::no_common_protocol || code == reason::no_common_cipher) return culprit::unknown;
  return is_servers_fault(code) ? culprit::server : culprit::client;
}

culprit culprit_of(const std::vector<reason>& reasons) {
  if (reasons.empty()) return culprit::unknown;
  const auto first = culprit_of(reasons.front());
  const bool all = std::all_of(reasons.begin(), reasons.end(), [&](reason one) { return culprit_of(one) == first; });
  return all ? first : culprit::unknown;
}

std::string fix_for(const std::vector<reason>& reasons) {
  if (reasons.empty()) return "See the server's log: it says more than it tells us.";
  if (reasons.front() == reason::no_certificate) {
    return "Client: present a certificate issued by a CA that the server trusts (mutual get: --cert FILE, and --key "
           "FILE "
           "if the key is in a file of its own).";
  }
  std::string fix(remedy(reasons.front()));
  if (reasons.size() > 1) fix += " The server's log says which of the reasons it was.";
  return fix;
}

std::string when(const handshake_report& report) {
  return report.finished ? "after the handshake was complete for us (under TLS 1.3 a refusal comes that late)"
                         : "in the middle of the handshake";
}

diagnosis finish(diagnosis out) {
  out.fault = culprit_of(out.reasons);
  out.fix = fix_for(out.reasons);
  return out;
}

// We have a certificate, the server asked for one, and none was sent: OpenSSL found no way to sign that both know.
std::string why_not_presented(const handshake_report& report) {
  if (report.own_chain.empty()) {
    auto accepted = accepted_issuers(report);
    return accepted.empty() ? "the server asked for a certificate, and we have none to present"
                            : "the server asked for a certificate, and we have none to present; " + accepted;
  }
  return fmt::format(
      "the server asked for a certificate, but it accepts no signature that the key of ours ({}) can make: "
      "it takes {}",
      x509::describe_key(X509_get0_pubkey(report.own_chain.front().get())),
      fmt::join(report.asked->signature_algorithms, ", "));
}

// Brings what is visibly wrong with our certificate to the front, if the alert can stand for it.
void weigh(int alert, const handshake_report& report, diagnosis& out) {
  const auto suspicions = suspicions_of(report);
  for (auto one = suspicions.rbegin(); one != suspicions.rend(); ++one) {
    const auto listed = std::find(out.reasons.begin(), out.reasons.end(), one->why);
    if (listed == out.reasons.end() && !is_vague(alert)) continue;
    if (listed != out.reasons.end()) out.reasons.erase(listed);
    out.reasons.insert(out.reasons.begin(), one->why);
    out.clue = one->clue;
  }
  // One that is plain to see, of an alert that means just that, leaves no doubt.
  if (!out.clue.empty() && !is_vague(alert)) out.reasons.resize(1);
}

void explain_dates(const handshake_report& report, diagnosis& out) {
  if (!out.clue.empty() || report.own_chain.empty()) return;
  // Servers on OpenSSL say the same of a revocation list that has ended.
  out.reasons.push_back(reason::revocation_stale);
  out.clue = fmt::format(
      "by our clock ({}), everything that we sent is valid until {}: the server's clock may be wrong, "
      "or a certificate or revocation list of its own has ended",
      to_text(report.at), to_text(report.own_chain.front().not_after()));
}

void explain_vagueness(int alert, diagnosis& out) {
  if (alert == SSL_AD_CERTIFICATE_UNKNOWN) {
    out.clue += fmt::format(
        "{}a mutual server says this when it cannot check revocation; others (Java's) say it of any "
        "certificate that they do not accept",
        out.clue.empty() ? "" : "; ");
  } else if (alert == SSL_AD_BAD_CERTIFICATE && out.clue.empty()) {
    out.clue = "some servers (older Go's) say this of any certificate that they do not accept";
  }
}

}  // namespace

std::string_view to_string(culprit whose) {
  switch (whose) {
    case culprit::client:
      return "the client's (ours)";
    case culprit::server:
      return "the server's";
    case culprit::unknown:
      break;
  }
  return "the client's or the server's";
}

diagnosis diagnose_alert(int alert, const handshake_report& report) {
  diagnosis out;
  out.alert = alert;
  out.sentence =
      fmt::format("the server refused us with the alert {} ({}), {}", tls::alert_name(alert), alert, when(report));
  if (report.asked && !report.presented && is_about_certificates(alert)) {
    out.reasons = {report.own_chain.empty() ? reason::no_certificate : reason::no_common_cipher};
    out.clue = why_not_presented(report);
    return finish(std::move(out));
  }
  out.reasons = reasons_behind(alert);
  if (alert == SSL_AD_UNKNOWN_CA) {
    auto evidence = why_unknown_issuer(report);
    out.reasons = std::move(evidence.reasons);
    out.clue = std::move(evidence.clue);
    return finish(std::move(out));
  }
  weigh(alert, report, out);
  if (alert == SSL_AD_CERTIFICATE_EXPIRED) explain_dates(report, out);
  if (is_vague(alert) && report.presented) explain_vagueness(alert, out);
  if (alert == SSL_AD_UNRECOGNIZED_NAME) {
    out.clue = fmt::format("the server has no certificate for {}", text::quoted(report.host));
  }
  return finish(std::move(out));
}

diagnosis diagnose_silence(const handshake_report& report) {
  diagnosis out;
  out.sentence =
      fmt::format("the server closed the connection without saying why, {}",
                  report.finished ? "after the handshake and before any answer" : "in the middle of the handshake");
  if (!report.asked) return finish(std::move(out));
  if (!report.presented) {
    out.reasons = {report.own_chain.empty() ? reason::no_certificate : reason::no_common_cipher};
    out.clue = why_not_presented(report);
    return finish(std::move(out));
  }
  for (auto& one : suspicions_of(report)) {
    if (out.reasons.empty()) out.clue = one.clue;
    out.reasons.push_back(one.why);
  }
  if (out.clue.empty()) {
    out.clue = "it had asked for our certificate, so it may be that it does not accept it; its log says";
  }
  return finish(std::move(out));
}

}  // namespace mutual::client
