// mutual list: what was issued, those that end first, first.

#include "authority/layout.hpp"
#include "authority/list_filter.hpp"
#include "authority/pki.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/record_text.hpp"
#include "cli/usage.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace mutual::cli {
namespace {

struct options {
  std::filesystem::path pki;
  std::string store, name, purpose, issuer;
  unsigned expiring = 0;
  bool revoked = false;
  bool json = false;
};

// A slip of the pen is told apart from an empty answer.
result<authority::record_filter> filter_of(const options& given, authority::inventory& in) {
  authority::record_filter out{.is_revoked = given.revoked};
  if (given.expiring != 0) out.ends_by = now() + std::chrono::days(given.expiring);
  if (!given.purpose.empty()) out.purpose = x509::profile_from_string(given.purpose);
  if (!given.name.empty()) {
    MUTUAL_CHECK(authority::check_name_is_known(in, given.name));
    out.name = given.name;
  }
  if (!given.issuer.empty()) {
    MUTUAL_TRY(out.issuer, authority::issuer_called(in, given.issuer));
  }
  return out;
}

// How many columns a terminal needs for UTF-8 text, one a character (wide characters need two, which no table is
// worth a dependency for).
std::size_t width(std::string_view text) { return text::count_characters(text); }

void print_line(std::size_t widest, std::string_view name, std::string_view purpose, std::string_view status,
                std::string_view ends, std::string_view left, std::string_view serial) {
  const std::string padding(widest - std::min(widest, width(name)), ' ');
  print("{}{}  {:12}  {:10}  {:23}  {:10}  {}\n", name, padding, purpose, status, ends, left, serial);
}

result<> print_table(authority::inventory& all, const authority::record_filter& which) {
  constexpr std::string_view name = "NAME";
  MUTUAL_TRY(const auto longest, all.longest_name(which));
  const auto widest = std::max(longest, name.size());
  print_line(widest, name, "PROFILE", "STATUS", "ENDS", "LEFT", "SERIAL");
  const auto present = now();
  return all.each(which, [&](const authority::record& one) {
    const auto left = one.not_after > present ? to_words(one.not_after - present) : std::string("-");
    print_line(widest, text::printable(one.name), to_string(one.purpose), standing_of(one, present),
               to_text(one.not_after), left, one.serial);
  });
}

// As they come: a million of them are not to be in memory at once. Whatever goes wrong on the way leaves the array
// open, so that nobody takes a part for the whole.
result<> print_json(authority::inventory& all, const authority::record_filter& which) {
  std::string_view before = "[";
  MUTUAL_CHECK(all.each(which, [&](const authority::record& one) {
    print("{}{}", before, boost::json::serialize(record_json(one)));
    before = ",";
  }));
  print("{}]\n", before == "[" ? "[" : "");
  return {};
}

result<> run(const options& given) {
  MUTUAL_TRY(auto opened, authority::pki::open(authority::pki_folder(given.pki), given.store));
  MUTUAL_TRY(const auto which, filter_of(given, opened.records()));
  return given.json ? print_json(opened.records(), which) : print_table(opened.records(), which);
}

}  // namespace

void add_list(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("list", "List what was issued, those that end first, first");
  const auto given = std::make_shared<options>();
  command->add_option("--expiring", given->expiring, "Only what is in use and ends within N days, or has ended")
      ->type_name("N")
      ->check(whole_number(1, 36500));
  command->add_flag("--revoked", given->revoked, "Only what is revoked or on hold");
  command->add_option("--name", given->name, "Only what was issued as NAME, whatever has become of it")
      ->type_name("NAME");
  command
      ->add_option("--profile", given->purpose,
                   "Only what is for that: server, client, peer; root, intermediate (CAs), responder (OCSP)")
      ->type_name("PROFILE")
      ->check(one_of({"server", "client", "peer", "root", "intermediate", "responder"}));
  command->add_option("--issuer", given->issuer, "Only what the CA of that common name has issued (or whole subject)")
      ->type_name("CN");
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  add_json_option(*command, given->json);
  command->footer(
      "Given together, all of them count: mutual list --profile server --expiring 30\n"
      "\n"
      "STATUS: valid; replaced (still good, but a later one has its name); expired; revoked; on-hold;\n"
      "incomplete (being issued just now, or interrupted: the next issue finishes it);\n"
      "lost (interrupted before its key was written: nobody has it, and its name is free).");
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
