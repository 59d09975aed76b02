#include "explain/handshake.hpp"

#include "base/text.hpp"
#include "explain/hierarchy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace mutual::explain {
namespace {

using client::handshake_report;

constexpr std::size_t most_issuers = 8;

std::string version_words(const std::string& version) {
  return version.starts_with("TLSv") ? "TLS " + version.substr(4) : version;
}

std::string cipher_words(const handshake_report& report) {
  const auto has = [&](std::string_view part) { return report.cipher.find(part) != std::string::npos; };
  if (has("CHACHA20")) return "ChaCha20-Poly1305";
  if (has("GCM")) return fmt::format("AES-{}-GCM", report.cipher_bits);
  return report.cipher;
}

std::string group_words(const std::string& group) {
  const auto name = text::lower(group);
  if (name == "x25519") return "X25519";
  if (name == "x25519mlkem768") return "X25519 with ML-KEM-768";
  if (name == "secp256r1" || name == "prime256v1") return "P-256";
  if (name == "secp384r1") return "P-384";
  return text::printable(group);
}

std::string agreed(const handshake_report& report) {
  std::string out = "1. What was agreed\n";
  if (report.version.empty()) return out + "   nothing: the handshake did not come that far\n";
  out += fmt::format("   {} with {}\n", version_words(report.version), report.cipher);
  if (!report.group.empty()) out += fmt::format("   keys exchanged over {}\n", group_words(report.group));
  out += report.protocol.empty() ? "   no application protocol was chosen (ALPN); HTTP/1.1 is spoken\n"
                                 : fmt::format("   {} is spoken (ALPN)\n", text::printable(report.protocol));
  out += report.resumed ? "   an earlier session was taken up again\n" : "   a new session\n";
  return out;
}

std::vector<x509::certificate> judged_chain(const handshake_report& report) {
  std::vector<x509::certificate> chain;
  if (report.server_verdict && report.server_verdict->who) {
    for (const auto& der : report.server_verdict->who->chain()) {
      if (auto one = x509::certificate::from_der(der)) chain.push_back(*std::move(one));
    }
  }
  return chain.empty() ? report.server_chain : chain;
}

std::string server_side(const handshake_report& report) {
  std::string out = "   The server\n";
  if (report.server_chain.empty()) return out + "     presented no certificate\n";
  drawing of;
  of.leaf_first = judged_chain(report);
  of.sent = report.server_chain;
  of.indent = "     ";
  of.at = report.at;
  out += hierarchy(of);
  if (report.finished && !report.server_signature.empty()) {
    out += fmt::format("     It proved that it holds the key of this certificate, by a signature ({}).\n",
                       report.server_signature);
  }
  if (!report.server_verdict) return out;
  const auto& judged = *report.server_verdict;
  if (judged) {
    out += fmt::format("     Judged by {}: good, and for {}.\n", report.judged_by, text::printable(report.host));
  } else {
    out += fmt::format("     Judged by {}: {}: {}.\n", report.judged_by,
                       to_string(judged.refused.value_or(reason::malformed)), judged.detail);
    if (report.any_server_accepted) out += "     That was not acted upon: --insecure accepts any server.\n";
  }
  return out;
}

std::string asked_for(const tls::certificate_request& asked) {
  if (asked.issuers.empty())
    return "     asked by the server who we are (it does not say whose certificates it takes)\n";
  std::string out = "     asked by the server who we are; it takes certificates that lead to\n";
  for (std::size_t at = 0; at < std::min(asked.issuers.size(), most_issuers); ++at) {
    out += fmt::format("       {}\n", text::printable(asked.issuers[at]));
  }
  if (asked.issuer_count > most_issuers) out += fmt::format("       and {} more\n", asked.issuer_count - most_issuers);
  return out;
}

std::string judged_there(const handshake_report& report) {
  if (report.refusal && !report.refusal->by_us) {
    std::string reasons;
    for (const auto one : report.refusal->reasons) {
      reasons += (reasons.empty() ? "" : " or ") + std::string(to_string(one));
    }
    return fmt::format("     Judged by the server: refused{}{}.\n", reasons.empty() ? "" : ": ", reasons);
  }
  if (report.refusal || !report.finished) return "     The server has not judged it: the handshake ended before.\n";
  return "     Judged by the server: it goes on with us.\n";
}

std::string our_side(const handshake_report& report) {
  std::string out = "   We, the client\n";
  out += report.asked ? asked_for(*report.asked) : "     not asked by the server who we are\n";
  if (report.own_chain.empty()) {
    out += report.asked ? "     We have no certificate, and said so.\n" : "";
    return report.asked ? out + judged_there(report) : out;
  }
  if (!report.asked) return out + "     so our certificate was not shown.\n";
  drawing of;
  of.leaf_first = report.own_chain;
  of.indent = "     ";
  of.missing = "not sent; the server has it if it trusts it";
  of.at = report.at;
  out += hierarchy(of);
  if (!report.presented) {
    return out + "     It was not shown: the server accepts no signature that its key can make.\n" +
           judged_there(report);
  }
  return out + "     We showed it and proved that we hold its key, by a signature.\n" + judged_there(report);
}

std::string protection(const handshake_report& report) {
  std::string out = "3. What protects the data\n";
  if (!report.finished) return out + "   nothing: there is no connection\n";
  out += fmt::format("   {} keeps it secret{}\n", cipher_words(report),
                     report.aead ? ", and shows every change on the way (AEAD)" : "");
  if (report.forward_secret) {
    out += fmt::format(
        "   its keys come from {}, made for this connection alone and thrown away: who steals the server's key later "
        "cannot read what was recorded (forward secrecy)\n",
        group_words(report.group.empty() ? "ephemeral Diffie-Hellman" : report.group));
  }
  return out;
}

}  // namespace

std::string handshake_text(const handshake_report& report) {
  const auto place = fmt::format("{}:{}{}", text::printable(report.host), report.port,
                                 report.address.empty() ? "" : " (" + report.address + ")");
  if (!report.secure) {
    return fmt::format(
        "Plain HTTP with {}: nothing was agreed, nobody proved who they are, and nothing protects the "
        "data.\n",
        place);
  }
  return fmt::format("The handshake with {}\n{}2. Who proved what\n{}{}{}", place, agreed(report), server_side(report),
                     our_side(report), protection(report));
}

}  // namespace mutual::explain
