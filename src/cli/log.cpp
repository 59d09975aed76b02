// mutual log: who did what, when and why.

#include "app/json_text.hpp"
#include "authority/free_text.hpp"
#include "authority/layout.hpp"
#include "authority/pki.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mutual::cli {
namespace {

struct options {
  std::filesystem::path pki;
  std::string store;
  bool json = false;
};

// Whatever stands in an inventory that others may have written to, a terminal acts on none of it.
void print_lines(const std::vector<authority::act>& acts) {
  for (const auto& one : acts) {
    print("{}  {:16}  {:10}  {}{}{}{}{}\n", to_text(one.at), text::printable(one.who), text::printable(one.what),
          text::printable(one.name), one.serial.empty() ? "" : " ", text::printable(one.serial),
          one.why.empty() ? "" : "  ", text::printable(one.why, authority::longest_log_text));
  }
}

void print_json(const std::vector<authority::act>& acts) {
  std::string_view before = "[";
  for (const auto& one : acts) {
    std::string row;
    for (const auto& [name, value] :
         {std::pair("at", to_rfc3339(one.at)), std::pair("who", one.who), std::pair("what", one.what),
          std::pair("name", one.name), std::pair("serial", one.serial), std::pair("why", one.why)}) {
      row += fmt::format("{}\"{}\":", row.empty() ? "" : ",", name);
      json_text::append_string(row, value);
    }
    print("{}{{{}}}", before, row);
    before = ",";
  }
  print("{}]\n", acts.empty() ? "[" : "");
}

result<> run(const options& given) {
  MUTUAL_TRY(auto opened, authority::pki::open(authority::pki_folder(given.pki), given.store));
  MUTUAL_TRY(const auto acts, opened.acts());
  given.json ? print_json(acts) : print_lines(acts);
  return {};
}

}  // namespace

void add_log(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("log", "Say who did what with the authority, when and why");
  const auto given = std::make_shared<options>();
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  add_json_option(*command, given->json);
  command->footer("The log only grows: the inventory refuses to change or delete a line of it.");
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
