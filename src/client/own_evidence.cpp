#include "client/own_evidence.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::client {
namespace {

constexpr std::size_t most_told = 3;

std::string shown(const x509::certificate& one) { return text::printable(one.subject()); }

void look_at_dates(const handshake_report& report, std::vector<suspicion>& found) {
  for (const auto& one : report.own_chain) {
    if (report.at > one.not_after()) {
      found.push_back(
          {reason::expired, fmt::format("our certificate {} ended on {}", shown(one), to_text(one.not_after()))});
    } else if (report.at < one.not_before()) {
      found.push_back({reason::not_yet_valid,
                       fmt::format("our certificate {} begins only on {}", shown(one), to_text(one.not_before()))});
    }
  }
}

void look_at_purpose(const x509::certificate& leaf, std::vector<suspicion>& found) {
  const auto usages = leaf.key_usages();
  if (!leaf.allows_client()) {
    found.push_back({reason::wrong_purpose,
                     fmt::format("our certificate {} is not meant for clients: its extended key usage lacks clientAuth",
                                 shown(leaf))});
  } else if (!usages.empty() && std::find(usages.begin(), usages.end(), "digitalSignature") == usages.end()) {
    found.push_back(
        {reason::wrong_purpose,
         fmt::format("the key usage of our certificate {} lacks digitalSignature, so it cannot prove anything in TLS",
                     shown(leaf))});
  }
}

// Whether the server itself presents the certificate that has issued ours: then it knows it, and we did not send it.
bool server_presents_our_issuer(const handshake_report& report) {
  const auto& leaf = report.own_chain.front();
  return std::any_of(report.server_chain.begin(), report.server_chain.end(), [&](const x509::certificate& one) {
    return leaf.may_be_issued_by(one) && leaf.is_signed_by(one);
  });
}

}  // namespace

std::vector<suspicion> suspicions_of(const handshake_report& report) {
  std::vector<suspicion> found;
  if (!report.presented || report.own_chain.empty()) return found;
  look_at_dates(report, found);
  const auto& leaf = report.own_chain.front();
  look_at_purpose(leaf, found);
  if (leaf.is_self_signed()) {
    found.push_back({reason::self_signed, fmt::format("our certificate {} is signed by itself", shown(leaf))});
  }
  return found;
}

std::string accepted_issuers(const handshake_report& report) {
  if (!report.asked || report.asked->issuers.empty()) return {};
  const auto& names = report.asked->issuers;
  std::string list;
  for (std::size_t at = 0; at < std::min(names.size(), most_told); ++at) {
    list += (at == 0 ? "" : "; ") + text::printable(names[at]);
  }
  if (report.asked->issuer_count > most_told) {
    list += fmt::format("; and {} more", report.asked->issuer_count - most_told);
  }
  return fmt::format("it accepts certificates issued by {}", list);
}

issuer_evidence why_unknown_issuer(const handshake_report& report) {
  if (report.own_chain.empty()) return {{reason::unknown_issuer}, {}};
  const auto& leaf = report.own_chain.front();
  if (leaf.is_self_signed()) {
    return {{reason::self_signed}, fmt::format("our certificate {} is signed by itself", shown(leaf))};
  }
  const auto accepted = accepted_issuers(report);
  const auto& top = report.own_chain.back();
  auto clue = fmt::format("our certificate {} was issued by {}", shown(leaf), text::printable(leaf.issuer()));
  if (report.own_chain.size() > 1) {
    clue += fmt::format(", and the chain that we sent ends with {}, issued by {}", shown(top),
                        text::printable(top.issuer()));
  }
  if (!accepted.empty()) clue += "; " + accepted;
  if (report.own_chain.size() > 1) return {{reason::unknown_issuer}, clue};
  if (report.asked && report.asked->names_our_issuer) {
    // It names our issuer, and still does not find it: a CA of the same name with another key.
    return {{reason::unknown_issuer}, clue + " by name, so it may know another CA of that name, with another key"};
  }
  if (server_presents_our_issuer(report)) {
    return {{reason::intermediate_missing},
            clue +
                "; that issuer is in the chain that the server itself presents, so it is known there, and our file "
                "holds our own certificate alone"};
  }
  if (accepted.empty()) return {{reason::unknown_issuer, reason::intermediate_missing}, clue};
  return {{reason::intermediate_missing, reason::unknown_issuer},
          clue + "; our file holds our own certificate alone, so what lies between the two may be missing"};
}

}  // namespace mutual::client
