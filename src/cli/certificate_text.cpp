#include "cli/certificate_text.hpp"

#include "base/text.hpp"
#include "cli/issued_text.hpp"
#include "x509/certificate_places.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mutual::cli {
namespace {

// A subject whole, however long, and with the backslashes and quotes that RFC 4514 puts there.
std::string safe(std::string_view name) {
  std::string out;
  for (;;) {
    const auto end = std::min(name.find_first_of("\\\""), name.size());
    out += text::printable(name.substr(0, end), end + 1);
    if (end == name.size()) return out;
    out += name[end];
    name.remove_prefix(end + 1);
  }
}

std::string validity(const x509::certificate& one) {
  const auto present = now();
  const auto dates = fmt::format("{} to {}", to_text(one.not_before()), to_text(one.not_after()));
  if (one.not_after() < present) return fmt::format("{} (ended {} ago)", dates, to_words(present - one.not_after()));
  if (one.not_before() > present) {
    return fmt::format("{} (begins in {})", dates, to_words(one.not_before() - present));
  }
  return fmt::format("{} ({} left)", dates, to_words(one.not_after() - present));
}

std::string purpose(const x509::certificate& one) {
  if (one.is_ca()) return "a CA";
  if (one.allows_server() && one.allows_client()) return "TLS servers and clients";
  if (one.allows_server()) return "TLS servers";
  if (one.allows_client()) return "TLS clients";
  return "neither TLS servers nor clients";
}

std::string issuer(const x509::certificate& one) {
  return one.is_self_signed() ? "itself (self-signed)" : safe(one.issuer());
}

template <class List>
boost::json::array strings(const List& list) {
  boost::json::array out;
  for (const auto& one : list) out.emplace_back(one);
  return out;
}

}  // namespace

std::string subject_text(const x509::certificate& one) { return safe(one.subject()); }

std::string certificate_text(const x509::certificate& one) {
  std::string out = fmt::format("  subject      {}\n", safe(one.subject()));
  out += fmt::format("  names        {}\n", names_line(one.names()));
  out += fmt::format("  issuer       {}\n", issuer(one));
  out += fmt::format("  valid        {}\n", validity(one));
  out += fmt::format("  good for     {}\n", purpose(one));
  if (const auto usages = one.key_usages(); !usages.empty()) {
    out += fmt::format("  key usage    {}\n", fmt::join(usages, ", "));
  }
  if (const auto usages = one.extended_key_usages(); !usages.empty()) {
    out += fmt::format("  extended     {}\n", fmt::join(usages, ", "));
  }
  const auto places = x509::places_in(one.get());
  for (const auto& [what, url] :
       {std::pair("OCSP", places.ocsp), std::pair("issuer at", places.issuer), std::pair("list at", places.list)}) {
    if (!url.empty()) out += fmt::format("  {:<12} {}\n", what, text::printable(url, 2048));
  }
  out += fmt::format("  key          {}, signed with {}\n", one.key_description(), one.signature_description());
  out += fmt::format("  serial       {}\n", one.serial());
  out += fmt::format("  SHA-256      {}\n", one.sha256());
  return out;
}

std::string request_text(const x509::request& one) {
  return fmt::format(
      "  subject      {}\n  names        {}\n  key          {}\n  possession   {}\n", safe(one.subject()),
      names_line(one.names()), one.key_description(),
      one.proves_possession() ? "proved: its sender holds the key" : "NOT proved: its signature is wrong");
}

std::string crl_text(const x509::crl& one) {
  const auto next = one.next_update();
  const bool stale = next && *next < now();
  return fmt::format("  issuer       {}\n  number       {}\n  made         {}\n  next         {}\n  revoked      {}\n",
                     safe(one.issuer()), one.number().empty() ? "-" : one.number(), to_text(one.this_update()),
                     next ? to_text(*next) + (stale ? " (stale)" : "") : "-", one.size());
}

boost::json::object certificate_json(const x509::certificate& one) {
  const auto places = x509::places_in(one.get());
  return {{"subject", safe(one.subject())},
          {"names", names_json(one.names())},
          {"issuer", safe(one.issuer())},
          {"serial", one.serial()},
          {"sha256", one.sha256()},
          {"not_before", to_rfc3339(one.not_before())},
          {"not_after", to_rfc3339(one.not_after())},
          {"ca", one.is_ca()},
          {"self_signed", one.is_self_signed()},
          {"server", !one.is_ca() && one.allows_server()},  // as the text has it: a CA is good for a CA
          {"client", !one.is_ca() && one.allows_client()},
          {"key_usage", strings(one.key_usages())},
          {"extended_key_usage", strings(one.extended_key_usages())},
          {"ocsp", text::printable(places.ocsp, 2048)},
          {"issuer_at", text::printable(places.issuer, 2048)},
          {"list_at", text::printable(places.list, 2048)},
          {"key", one.key_description()},
          {"signature", one.signature_description()}};
}

boost::json::object request_json(const x509::request& one) {
  return {{"subject", safe(one.subject())},
          {"names", names_json(one.names())},
          {"key", one.key_description()},
          {"possession", one.proves_possession()}};
}

boost::json::object crl_json(const x509::crl& one) {
  boost::json::object out{{"issuer", safe(one.issuer())},
                          {"number", one.number()},
                          {"this_update", to_rfc3339(one.this_update())},
                          {"revoked", one.size()}};
  if (const auto next = one.next_update()) out["next_update"] = to_rfc3339(*next);
  return out;
}

}  // namespace mutual::cli
