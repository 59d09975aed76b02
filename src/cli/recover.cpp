// mutual recover: going on with an inventory from a backup.

#include "authority/recover.hpp"

#include "authority/footing.hpp"
#include "authority/layout.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

namespace mutual::cli {
namespace {

struct options {
  std::filesystem::path pki;
  std::string store;
  bool lost_machines = false, restored = false;
};

std::string listing(const std::vector<std::string>& words) {
  return words.empty() ? "none" : text::printable(fmt::format("{}", fmt::join(words, ", ")), 1U << 20U);
}

void print_blindness() {
  print(
      "note: this role may not see which PostgreSQL server it is, so an older one put back would not be noticed: let "
      "its "
      "owner say {}\n",
      authority::grant_to_see_server);
}

result<> run(const options& given) {
  MUTUAL_TRY(const auto told,
             authority::recover(authority::pki_folder(given.pki), given.store, given.lost_machines, given.restored));
  if (given.lost_machines) {
    print("Begun on machines that are lost, and issued from now on: {}. Revoke what nobody has.\n",
          listing(told.ended));
  }
  if (!told.was_older) {
    print(
        "The inventory is the newest that this folder has seen: there is nothing to recover. (If the folder itself is "
        "from a backup: --restored)\n");
    if (told.is_server_unseen) print_blindness();
    return {};
  }
  print("The inventory is taken as it was at act {}{}.\n", told.last_act,
        told.seen_act > told.last_act ? fmt::format("; acts up to {} were seen, and are gone", told.seen_act)
                                      : std::string());
  print("  certificates put back  {}\n", listing(told.certificates));
  print("  revoked again          {}\n", listing(told.revoked));
  if (!told.unknown.empty()) print("  known by serial only   {}\n", listing(told.unknown));
  print(
      "What other folders have issued or revoked since the backup is not known here. Make a new list now: mutual "
      "crl\n");
  if (told.is_server_unseen) print_blindness();
  return {};
}

}  // namespace

void add_recover(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("recover", "Go on with an inventory that was put back from a backup");
  const auto given = std::make_shared<options>();
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  command->add_flag("--lost-machines", given->lost_machines,
                    "All other folders that have begun certificates and not finished them are gone for good: these "
                    "may have left, and count as issued");
  command->add_flag("--restored", given->restored,
                    "The whole folder was put back from a backup with its inventory, which neither can tell: put a "
                    "server's copy of crl.pem there first, for who was revoked since");
  command->footer(
      "An older inventory may have forgotten certificates and revocations, so every command refuses it. This one "
      "takes\n"
      "it all the same, after it has put back what the folder still knows: certificates whose files are there, and\n"
      "whoever is on its revocation lists. List numbers go on from the highest that was seen. So it is with a\n"
      "PostgreSQL that was copied, restored or failed over since, whether or not anything is lacking; other folders\n"
      "that lack nothing go on by themselves then.\n"
      "A folder that was put back as a whole cannot tell, so it must be told: --restored.");
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
