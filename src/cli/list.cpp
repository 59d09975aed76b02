// mutual list: what was issued, those that end first, first.

#include "authority/layout.hpp"
#include "authority/pki.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/record_text.hpp"
#include "cli/usage.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <memory>

namespace mutual::cli {
namespace {

struct options {
  std::filesystem::path pki;
  std::string store;
  unsigned expiring = 0;
  bool revoked = false;
  bool json = false;
};

bool is_wanted(const authority::record& one, const options& given, sys_seconds at) {
  if (given.revoked && !one.revoked) return false;
  if (given.expiring == 0) return true;
  // What nobody uses any more need not be renewed.
  const bool in_use = one.is_current && !one.revoked && one.state != authority::record_state::lost;
  return in_use && one.not_after <= at + std::chrono::days(given.expiring);
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
    line(text::printable(one.name), to_string(one.purpose), standing_of(one, now()), to_text(one.not_after), left,
         one.serial);
  }
}

result<> run(const options& given) {
  MUTUAL_TRY(auto opened, authority::pki::open(authority::pki_folder(given.pki), given.store));
  std::vector<authority::record> all;
  const auto present = now();
  MUTUAL_CHECK(opened.records().each([&](const authority::record& one) {
    if (is_wanted(one, given, present)) all.push_back(one), all.back().der.clear();
  }));
  if (given.json) {
    boost::json::array rows;
    for (const auto& one : all) rows.push_back(record_json(one));
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
  command->add_option("--expiring", given->expiring, "Only what is in use and ends within N days, or has ended")
      ->type_name("N")
      ->check(whole_number(1, 36500));
  command->add_flag("--revoked", given->revoked, "Only what is revoked or on hold");
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  add_json_option(*command, given->json);
  command->footer(
      "STATUS: valid; replaced (still good, but a later one has its name); expired; revoked; on-hold;\n"
      "incomplete (being issued just now, or interrupted: the next issue finishes it);\n"
      "lost (interrupted before its key was written: nobody has it, and its name is free).");
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
