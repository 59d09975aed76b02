// mutual renew and mutual needs-renewal: a certificate anew, in time.

#include "authority/layout.hpp"
#include "authority/pki.hpp"
#include "authority/reserved_name.hpp"
#include "authority/revoked_issuer.hpp"
#include "base/file.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/issued_text.hpp"
#include "cli/key_kind_option.hpp"
#include "cli/open_to_sign.hpp"
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
  MUTUAL_TRY(auto opened, open_to_sign(given.pki, given.store));
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
  unsigned percent = authority::due_percent;
  bool quiet = false;
};

// A certificate whose CA was revoked is refused, however long it lasts. A sentence if a renewal mends that, since
// another CA issues by now; an error if it does not, so that a timer does not stay quiet.
result<std::string> about_issuer(const due_options& given, authority::pki& opened, const x509::certificate& one) {
  MUTUAL_TRY(const auto found, authority::revoked_issuer(opened.records(), opened.places(), one));
  if (!found) return std::string();
  const auto& by = *found->ca.revoked;
  const auto state =
      fmt::format("{} {} {}, so servers refuse {}", text::quoted(found->ca.subject),
                  by.is_hold() ? "is on hold since" : "was revoked on", to_text(by.at), text::quoted(given.what));
  const bool is_passed_over = !found->passed_over.empty();
  if (!found->is_issuing && !is_passed_over) return fmt::format("to be renewed now: its CA {}", state);
  const auto another = is_passed_over ? "the CA of this folder " + found->passed_over
                                      : std::string("make another with mutual rotate intermediate");
  return error(errc::bad_input,
               by.is_hold() ? fmt::format("the CA {}, and no renewal mends that: release it with mutual revoke {} "
                                          "--release, or {}",
                                          state, found->ca.serial, another)
                            : fmt::format("the CA {}, and no renewal mends that: {}, and then renew what this one has "
                                          "issued",
                                          state, another));
}

// What was revoked is never renewed: a timer that skips it goes on skipping. A folder may hold the files alone; then
// nobody here knows. A sentence if it must be renewed whatever its dates say.
result<std::string> check_not_revoked(const due_options& given, const x509::certificate& one) {
  const authority::layout places(authority::pki_folder(given.pki));
  MUTUAL_TRY(const bool has_file, file::exists(places.inventory()));
  MUTUAL_TRY(const bool has_store, file::exists(places.store()));
  if (!has_file && !has_store && given.store.empty()) return std::string();
  MUTUAL_TRY(auto opened, authority::pki::open(places.folder(), given.store));
  MUTUAL_TRY(const auto known, opened.records().find_sha256(one.sha256()));
  if (!known || !known->revoked) return about_issuer(given, opened, one);
  const auto since = to_text(known->revoked->at);
  return error(errc::bad_input,
               known->revoked->is_hold()
                   ? fmt::format("{0} is on hold since {1}, and is not renewed: release it first, with mutual revoke "
                                 "{0} --release",
                                 text::quoted(given.what), since)
                   : fmt::format("{} was revoked on {} ({}), and is not renewed: issue it anew{} with mutual issue, or "
                                 "take its timer away",
                                 text::quoted(given.what), since, to_string(known->revoked->reason),
                                 authority::to_issue_anew(known->name, opened.records(), places).under));
}

// What is asked about, and a sentence if it must be renewed whatever its dates say.
struct found_certificate {
  x509::certificate one;
  std::string must;
};

result<found_certificate> find_certificate(const due_options& given) {
  MUTUAL_TRY(const bool there, file::exists(given.what));
  MUTUAL_TRY(const bool is_folder, file::is_folder(given.what));
  std::filesystem::path path = given.what;
  if (!there || is_folder) {
    MUTUAL_TRY(const auto name, authority::checked_name(given.what));
    path = authority::layout(authority::pki_folder(given.pki)).certificate(name);
  }
  MUTUAL_TRY(const auto all, x509::load_certificates(path));
  found_certificate out{all.front(), {}};
  if (path != std::filesystem::path(given.what)) {
    MUTUAL_TRY(out.must, check_not_revoked(given, out.one));
  }
  return out;
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
  const auto& one = found->one;
  const auto life = one.not_after() - one.not_before();
  if (life.count() <= 0) {
    say(fmt::format("mutual: the certificate {} has dates that make no sense\n", text::quoted(given.what)));
    return cannot_tell_code;
  }
  if (!found->must.empty()) {
    if (!given.quiet) print("{}\n", found->must);
    return is_due_code;
  }
  const bool due = authority::is_due(one, given.percent, now());
  if (!given.quiet) {
    const auto from = one.not_before() + life * given.percent / 100;
    print("{}\n",
          due ? fmt::format("to be renewed since {}; it is valid {}", to_text(from), until_text(one.not_after()))
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
      "command line makes no sense) or never (NAME was revoked or is on hold, or the CA that issues was). So\n"
      "ExecCondition= of a systemd unit goes on, skips, or fails. What an older CA has issued that was revoked since "
      "is to\n"
      "be renewed at once.");
  command->callback([given, &chosen] { chosen = [given] { return ask_if_due(*given); }; });
}

}  // namespace mutual::cli
