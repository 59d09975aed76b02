#include "explain/handshake_json.hpp"

#include "base/text.hpp"

#include <boost/json.hpp>

namespace mutual::explain {
namespace {

namespace json = boost::json;

// What certificates and servers say may be no UTF-8, which JSON must be.
std::string safe(std::string_view untrusted) { return text::printable(untrusted, 4096); }

template <class List>
json::array strings(const List& list) {
  json::array out;
  for (const auto& one : list) out.emplace_back(safe(one));
  return out;
}

json::object certificate(const x509::certificate& one) {
  const auto names = one.names();
  return {{"subject", safe(one.subject())},
          {"issuer", safe(one.issuer())},
          {"serial", one.serial()},
          {"sha256", one.sha256()},
          {"not_before", to_rfc3339(one.not_before())},
          {"not_after", to_rfc3339(one.not_after())},
          {"ca", one.is_ca()},
          {"self_signed", one.is_self_signed()},
          {"server", !one.is_ca() && one.allows_server()},  // as the text has it: a CA is good for a CA
          {"client", !one.is_ca() && one.allows_client()},
          {"key", one.key_description()},
          {"dns", strings(names.dns)},
          {"ips", strings(names.ips)},
          {"uris", strings(names.uris)},
          {"emails", strings(names.emails)}};
}

json::array chain(const std::vector<x509::certificate>& all) {
  json::array out;
  for (const auto& one : all) out.push_back(certificate(one));
  return out;
}

json::object verdict(const tls::verdict& judged, const std::string& by) {
  json::object out{{"good", bool(judged)}, {"by", by}};
  if (judged.refused) {
    out["reason"] = to_string(*judged.refused);
    out["detail"] = safe(judged.detail);
  }
  return out;
}

std::string_view whose(client::culprit fault) {
  switch (fault) {
    case client::culprit::client:
      return "client";
    case client::culprit::server:
      return "server";
    case client::culprit::unknown:
      break;
  }
  return "unknown";
}

json::object refusal(const client::diagnosis& why) {
  json::array reasons;
  for (const auto one : why.reasons) reasons.emplace_back(to_string(one));
  json::object out{
      {"by", why.by_us ? "client" : "server"}, {"reasons", std::move(reasons)}, {"fault", whose(why.fault)},
      {"sentence", safe(why.sentence)},        {"clue", safe(why.clue)},        {"fix", safe(why.fix)}};
  if (why.alert) out["alert"] = *why.alert;
  return out;
}

json::object negotiated(const client::handshake_report& report) {
  return {{"version", report.version},         {"cipher", report.cipher},
          {"cipher_bits", report.cipher_bits}, {"aead", report.aead},
          {"group", safe(report.group)},       {"forward_secret", report.forward_secret},
          {"protocol", safe(report.protocol)}, {"resumed", report.resumed}};
}

json::object server(const client::handshake_report& report) {
  json::object out{{"chain", chain(report.server_chain)}, {"signature", report.server_signature}};
  if (report.server_verdict) out["verdict"] = verdict(*report.server_verdict, safe(report.judged_by));
  out["any_accepted"] = report.any_server_accepted;
  return out;
}

json::object us(const client::handshake_report& report) {
  json::object out{
      {"asked", report.asked.has_value()}, {"presented", report.presented}, {"chain", chain(report.own_chain)}};
  if (report.asked) {
    out["acceptable_issuers"] = strings(report.asked->issuers);
    out["signature_algorithms"] = strings(report.asked->signature_algorithms);
  }
  return out;
}

}  // namespace

boost::json::object handshake_json(const client::handshake_report& report) {
  json::object out{{"host", safe(report.host)},   {"port", report.port},  {"address", report.address},
                   {"at", to_rfc3339(report.at)}, {"tls", report.secure}, {"finished", report.finished}};
  if (report.secure) {
    out["negotiated"] = negotiated(report);
    out["server"] = server(report);
    out["client"] = us(report);
  }
  if (report.refusal) out["refusal"] = refusal(*report.refusal);
  return out;
}

}  // namespace mutual::explain
