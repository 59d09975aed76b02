// mutual log: who did what, when and why.

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
  std::string store;
  bool json = false;
};

result<> run(const options& given) {
  MUTUAL_TRY(auto opened, authority::pki::open(authority::pki_folder(given.pki), given.store));
  MUTUAL_TRY(const auto acts, opened.acts());
  if (!given.json) {
    for (const auto& one : acts) {
      print("{}  {:16}  {:10}  {}{}{}{}\n", to_text(one.at), text::printable(one.who), one.what,
            text::printable(one.name), one.serial.empty() ? "" : " " + one.serial, one.why.empty() ? "" : "  ",
            text::printable(one.why, 1024));
    }
    return {};
  }
  boost::json::array rows;
  for (const auto& one : acts) {
    rows.push_back(boost::json::object{{"at", to_rfc3339(one.at)},
                                       {"who", one.who},
                                       {"what", one.what},
                                       {"name", one.name},
                                       {"serial", one.serial},
                                       {"why", one.why}});
  }
  print("{}\n", boost::json::serialize(rows));
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
