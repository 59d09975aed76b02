// mutual list: what was issued, those that end first, first.

#include "authority/layout.hpp"
#include "authority/pki.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <memory>

namespace mutual::cli {
namespace {

struct options {
  std::filesystem::path pki;
  bool json = false;
};

std::string_view status_of(const authority::record& one) {
  if (one.state == authority::record_state::lost) return "lost";
  if (one.not_after <= now()) return "expired";
  if (one.state == authority::record_state::recorded) return "incomplete";
  return "valid";
}

boost::json::object to_json(const authority::record& one) {
  return {{"name", one.name},
          {"profile", to_string(one.purpose)},
          {"status", status_of(one)},
          {"subject", one.subject},
          {"issuer", one.issuer},
          {"serial", one.serial},
          {"sha256", one.sha256},
          {"not_before", to_rfc3339(one.not_before)},
          {"not_after", to_rfc3339(one.not_after)},
          {"recorded_at", to_rfc3339(one.recorded_at)}};
}

// How many columns a terminal needs for UTF-8 text, one a character (wide characters need two, which no table is
// worth a dependency for).
std::size_t width(std::string_view text) { return text::count_characters(text); }

void print_table(const std::vector<authority::record>& all) {
  std::size_t widest = 4;
  for (const auto& one : all) widest = std::max(widest, width(one.name));
  const auto line = [&](std::string_view name, std::string_view purpose, std::string_view status, std::string_view ends,
                        std::string_view left, std::string_view serial) {
    const std::string padding(widest - std::min(widest, width(name)), ' ');
    print("{}{}  {:12}  {:10}  {:23}  {:10}  {}\n", name, padding, purpose, status, ends, left, serial);
  };
  line("NAME", "PROFILE", "STATUS", "ENDS", "LEFT", "SERIAL");
  for (const auto& one : all) {
    const auto left = one.not_after > now() ? to_words(one.not_after - now()) : std::string("-");
    line(text::printable(one.name), to_string(one.purpose), status_of(one), to_text(one.not_after), left, one.serial);
  }
}

result<> run(const options& given) {
  MUTUAL_TRY(auto opened, authority::pki::open(authority::pki_folder(given.pki)));
  MUTUAL_TRY(const auto all, opened.list());
  if (given.json) {
    boost::json::array rows;
    for (const auto& one : all) rows.push_back(to_json(one));
    print("{}\n", boost::json::serialize(rows));
  } else {
    print_table(all);
  }
  return {};
}

}  // namespace

void add_list(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("list", "List what was issued, those that end first, first");
  const auto given = std::make_shared<options>();
  add_pki_option(*command, given->pki);
  add_json_option(*command, given->json);
  command->footer(
      "STATUS: valid; expired; incomplete (being issued just now, or interrupted: the next issue finishes it);\n"
      "lost (interrupted before its key was written: nobody has it, and its name is free).");
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
