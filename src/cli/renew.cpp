// mutual renew and mutual needs-renewal: a certificate anew, in time.

#include "authority/layout.hpp"
#include "authority/pki.hpp"
#include "base/file.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/issued_text.hpp"
#include "cli/key_kind_option.hpp"
#include "cli/output.hpp"
#include "cli/password.hpp"
#include "cli/usage.hpp"
#include "x509/bundle.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <memory>

namespace mutual::cli {
namespace {

struct renew_options {
  std::filesystem::path pki;
  std::string store, why, name, kind;
  bool new_key = false;
  unsigned days = 0;
  password_source password;
  bool json = false;
};

result<> renew(const renew_options& given) {
  authority::renew_request request;
  request.name = given.name;
  request.new_key = given.new_key;
  request.why = given.why;
  if (given.days > 0) request.lifetime = std::chrono::days(given.days);
  if (!given.kind.empty()) {
    MUTUAL_TRY(request.kind, key_kind_of(given.kind));
  }
  MUTUAL_TRY(request.p12_password, read_password(given.password, "MUTUAL_P12_PASSWORD", true));
  MUTUAL_TRY(auto opened, authority::pki::open(authority::pki_folder(given.pki), given.store));
  MUTUAL_TRY(const auto issued, opened.renew(request));
  if (given.json) {
    print("{}\n", boost::json::serialize(issued_json(issued)));
  } else {
    print("{}", issued_text(issued, !request.p12_password.empty()));
    say_note(issued);
  }
  return {};
}

struct due_options {
  std::filesystem::path pki;
  std::string store, what;
  unsigned percent = 66;
  bool quiet = false;
};

// What was revoked is never renewed: a timer that skips it goes on skipping. A folder may hold the files alone; then
// nobody here knows.
result<> check_not_revoked(const due_options& given, const x509::certificate& one) {
  const authority::layout places(authority::pki_folder(given.pki));
  MUTUAL_TRY(const bool has_file, file::exists(places.inventory()));
  MUTUAL_TRY(const bool has_store, file::exists(places.store()));
  if (!has_file && !has_store && given.store.empty()) return {};
  MUTUAL_TRY(auto opened, authority::pki::open(places.folder(), given.store));
  MUTUAL_TRY(const auto known, opened.records().find_sha256(one.sha256()));
  if (!known || !known->revoked) return {};
  const auto since = to_text(known->revoked->at);
  return error(errc::bad_input,
               known->revoked->is_hold()
                   ? fmt::format("{0} is on hold since {1}, and is not renewed: release it first, with mutual revoke "
                                 "{0} --release",
                                 text::quoted(given.what), since)
                   : fmt::format("{} was revoked on {} ({}), and is not renewed: issue it anew with mutual issue, or "
                                 "take its timer away",
                                 text::quoted(given.what), since, to_string(known->revoked->reason)));
}

result<x509::certificate> find_certificate(const due_options& given) {
  MUTUAL_TRY(const bool there, file::exists(given.what));
  MUTUAL_TRY(const bool is_folder, file::is_folder(given.what));
  std::filesystem::path path = given.what;
  if (!there || is_folder) {
    MUTUAL_TRY(const auto name, authority::checked_name(given.what));
    path = authority::layout(authority::pki_folder(given.pki)).certificate(name);
  }
  MUTUAL_TRY(const auto all, x509::load_certificates(path));
  if (path != std::filesystem::path(given.what)) MUTUAL_CHECK(check_not_revoked(given, all.front()));
  return all.front();
}

// Made for systemd's ExecCondition=: 0 goes on, 1 skips quietly, 255 is a failure that is told.
constexpr int is_due_code = 0;
constexpr int not_yet_code = 1;
constexpr int cannot_tell_code = 255;

int ask_if_due(const due_options& given) {
  const auto found = find_certificate(given);
  if (!found) {
    say(fmt::format("mutual: {}\n", found.error().message()));
    return cannot_tell_code;
  }
  const auto life = found->not_after() - found->not_before();
  if (life.count() <= 0) {
    say(fmt::format("mutual: the certificate {} has dates that make no sense\n", text::quoted(given.what)));
    return cannot_tell_code;
  }
  const bool due = authority::is_due(*found, given.percent, now());
  if (!given.quiet) {
    const auto from = found->not_before() + life * given.percent / 100;
    print("{}\n",
          due ? fmt::format("to be renewed since {}; it is valid {}", to_text(from), until_text(found->not_after()))
              : fmt::format("not yet: to be renewed from {}", to_text(from)));
  }
  return due ? is_due_code : not_yet_code;
}

}  // namespace

void add_renew(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("renew", "Issue a certificate anew, under its name");
  const auto given = std::make_shared<renew_options>();
  command->add_option("NAME", given->name, "What it was issued as")->required();
  auto* const new_key = command->add_flag("--new-key", given->new_key, "With a new key; without it, the same");
  command->add_option("--key-kind", given->kind, "The kind of the new key; as the one before, if it is not said")
      ->type_name("KIND")
      ->needs(new_key);
  command->add_option("--days", given->days, "How long it is valid; as long as the one before, if it is not said")
      ->type_name("N")
      ->check(whole_number(1, 36500));
  add_password_options(*command, given->password, "the PKCS#12 file", "MUTUAL_P12_PASSWORD");
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  add_why_option(*command, given->why);
  add_json_option(*command, given->json);
  command->footer(
      "The names and the purpose stay the same. The files before it are kept in issued/replaced. A running mutual "
      "serve\n"
      "takes the new ones up by itself. The certificate before it stays good until it ends: mutual revoke NAME takes\n"
      "all of a name away.\n"
      "\n"
      "Example, for a timer: mutual needs-renewal web && mutual renew web");
  command->callback([given, &chosen] { chosen = [given] { return renew(*given); }; });
}

void add_needs_renewal(CLI::App& program, action& chosen) {
  auto* command =
      program.add_subcommand("needs-renewal", "Say by the exit code whether a certificate should be renewed");
  const auto given = std::make_shared<due_options>();
  command->add_option("NAME|FILE", given->what, "An issued NAME, or a file with a certificate")->required();
  command->add_option("--at", given->percent, "From which part of its life on, in percent: 66 is two thirds")
      ->type_name("PERCENT")
      ->capture_default_str()
      ->check(whole_number(1, 100));
  command->add_flag("--quiet", given->quiet, "Print nothing but failures");
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  command->footer(
      "Exit codes: 0 renew it, 1 not yet, 255 cannot be told (there is no such certificate, it cannot be read, or the\n"
      "command line makes no sense) or never (NAME was revoked or is on hold). So ExecCondition= of a systemd unit "
      "goes "
      "on,\n"
      "skips, or fails.");
  command->callback([given, &chosen] { chosen = [given] { return ask_if_due(*given); }; });
}

}  // namespace mutual::cli
