#include "cli/issued_text.hpp"

#include "base/clock.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mutual::cli {

std::string names_line(const alternative_names& names) {
  std::vector<std::string> all;
  for (const auto* kind : {&names.dns, &names.ips, &names.uris, &names.emails}) {
    for (const auto& name : *kind) all.push_back(text::printable(name));
  }
  return all.empty() ? "-" : fmt::format("{}", fmt::join(all, ", "));
}

std::string until_text(sys_seconds end) {
  if (end <= now()) return fmt::format("until {} (ended {} ago)", to_text(end), to_words(now() - end));
  return fmt::format("until {} ({})", to_text(end), to_words(end - now()));
}

std::string issued_text(const authority::issued_certificate& one, bool p12_has_password) {
  std::string out = fmt::format("{} certificate {}\n", to_string(one.purpose), text::quoted(one.name));
  if (const auto names = one.leaf.names(); !names.empty()) out += fmt::format("  names        {}\n", names_line(names));
  out += fmt::format("  valid        {}\n", until_text(one.leaf.not_after()));
  out += fmt::format("  certificate  {}\n", one.certificate_file.string());
  if (one.key_file.empty()) return out + "  key          is where the request came from\n";
  out += fmt::format("  key          {}\n", one.key_file.string());
  out += fmt::format("  PKCS#12      {} ({})\n", one.p12_file.string(),
                     p12_has_password ? "with the password that you gave" : "no password");
  return out;
}

void say_note(const authority::issued_certificate& one) {
  if (!one.note.empty()) say(fmt::format("mutual: note: {}\n", one.note));
}

boost::json::object names_json(const alternative_names& names) {
  const auto array = [](const std::vector<std::string>& list) {
    boost::json::array out;
    for (const auto& name : list) out.emplace_back(text::printable(name, name.size() + 1));
    return out;
  };
  return {{"dns", array(names.dns)},
          {"ips", array(names.ips)},
          {"uris", array(names.uris)},
          {"emails", array(names.emails)}};
}

boost::json::object issued_json(const authority::issued_certificate& one) {
  return {{"name", one.name},
          {"profile", to_string(one.purpose)},
          {"subject", one.leaf.subject()},
          {"names", names_json(one.leaf.names())},
          {"serial", one.leaf.serial()},
          {"sha256", one.leaf.sha256()},
          {"not_before", to_rfc3339(one.leaf.not_before())},
          {"not_after", to_rfc3339(one.leaf.not_after())},
          {"certificate", one.certificate_file.string()},
          {"key", one.key_file.string()},
          {"p12", one.p12_file.string()}};
}

}  // namespace mutual::cli
