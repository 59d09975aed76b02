// mutual store: where the inventory is.

#include "authority/layout.hpp"
#include "authority/move_store.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <memory>

namespace mutual::cli {
namespace {

struct options {
  std::filesystem::path pki;
  std::string to;
  std::string why;
  bool json = false;
};

result<> run(const options& given) {
  MUTUAL_TRY(const auto moved, authority::move_store(authority::pki_folder(given.pki), given.to, given.why));
  if (given.json) {
    print("{}\n", boost::json::serialize(boost::json::object{{"from", moved.from},
                                                             {"to", moved.to},
                                                             {"certificates", moved.held.certificates},
                                                             {"acts", moved.held.acts},
                                                             {"lists", moved.held.lists}}));
    return {};
  }
  print("The inventory is in {} now: {} certificates, {} acts and {} revocation lists, each of them compared.\n",
        moved.to, moved.held.certificates, moved.held.acts, moved.held.lists);
  print("{} is closed: nothing is issued from it any more.\n", moved.from);
  return {};
}

void add_move(CLI::App& store, action& chosen) {
  auto* command = store.add_subcommand("move", "Move the inventory to PostgreSQL, or back to an SQLite file");
  const auto given = std::make_shared<options>();
  command
      ->add_option("--to", given->to,
                   "The PostgreSQL database: postgresql://HOST/DATABASE, without a password; or sqlite, for the file "
                   "inventory.db in the PKI's folder")
      ->type_name("URL")
      ->required();
  add_why_option(*command, given->why);
  add_pki_option(*command, given->pki);
  add_json_option(*command, given->json);
  command->footer(
      "Everything is copied, read again in the new place and compared; then the old store is closed for good, so that\n"
      "no two are ever in use, and the folder names the new one: commands and services go on as before. Interrupted "
      "at\n"
      "any moment, the old one is in charge still, or the next command finishes the move. Nobody can change anything\n"
      "meanwhile. Other machines that use the same inventory need the new URL in the file store of their folder.");
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace

void add_store(CLI::App& program, action& chosen) {
  auto* store = program.add_subcommand("store", "Where the inventory is kept");
  store->require_subcommand(1);
  add_move(*store, chosen);
}

}  // namespace mutual::cli
