// mutual revoke and mutual crl: taking certificates back, and telling everybody.

#include "authority/issuer_end.hpp"
#include "authority/layout.hpp"
#include "authority/list_numbers.hpp"
#include "authority/old_issuers.hpp"
#include "authority/pki.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/open_to_sign.hpp"
#include "cli/output.hpp"
#include "cli/root_key_option.hpp"
#include "cli/usage.hpp"
#include "x509/bundle.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <memory>

namespace mutual::cli {
namespace {

constexpr unsigned default_days = static_cast<unsigned>(authority::default_list_lifetime.count());

struct revoke_options {
  std::filesystem::path pki;
  std::string store, why, what;
  std::string reason = "unspecified";
  bool release = false;
  bool no_list = false;
  root_key_options root;
  bool json = false;
};

struct list_options {
  std::filesystem::path pki;
  std::string store, why;
  unsigned days = default_days;
  bool delta = false;
  root_key_options root;
  bool json = false;
};

boost::json::array lists_json(const std::vector<authority::made_list>& made) {
  boost::json::array out;
  for (const auto& one : made) {
    out.push_back(boost::json::object{{"issuer", one.issuer},
                                      {"number", one.number},
                                      {"revoked", one.revoked},
                                      {"next_update", to_rfc3339(one.next_update)},
                                      {"file", one.file.string()}});
  }
  return out;
}

std::string lists_text(const std::vector<authority::made_list>& made, const authority::layout& places, bool delta) {
  std::string out;
  for (const auto& one : made) {
    out += fmt::format("list {} of {}\n  revoked      {}\n  next         {}\n  DER          {}\n", one.number,
                       text::quoted(one.issuer), one.revoked, to_text(one.next_update), one.file.string());
  }
  if (delta) return out + fmt::format("PEM of these: {}\n", places.delta_lists().string());
  return out + fmt::format("PEM of all lists: {} (a running mutual serve --pki takes it up)\n",
                           places.revocation_lists().string());
}

result<std::optional<authority::revocation_reason>> reason_of(const revoke_options& given) {
  if (given.release) return std::optional<authority::revocation_reason>();
  auto reason = authority::revocation_reason_from_string(given.reason);
  if (reason) return reason;
  return error(errc::bad_usage,
               fmt::format("there is no reason {}: choose keyCompromise, cACompromise, affiliationChanged, superseded, "
                           "cessationOfOperation, certificateHold, privilegeWithdrawn or unspecified",
                           text::quoted(given.reason)));
}

std::string revoking(const authority::record& one, authority::revocation_reason reason) {
  return fmt::format("mutual revoke {} --reason {}", one.serial, to_string(reason));
}

// Whoever has a key that is compromised is let in by every certificate of it.
std::string others_text(const std::vector<authority::record>& others, authority::revocation_reason reason) {
  if (others.empty()) return {};
  auto out = fmt::format("The same key has {} that {} still good:\n",
                         others.size() == 1 ? "another certificate" : fmt::format("{} others", others.size()),
                         others.size() == 1 ? "is" : "are");
  for (const auto& one : others) {
    out += fmt::format("  {} {}{}, until {}\n    {}\n", to_string(one.purpose), text::quoted(one.name),
                       one.revoked ? " (on hold)" : "", to_text(one.not_after), revoking(one, reason));
  }
  return out;
}

boost::json::array others_json(const std::vector<authority::record>& others, authority::revocation_reason reason) {
  boost::json::array out;
  for (const auto& one : others) {
    out.push_back({{"name", one.name},
                   {"serial", one.serial},
                   {"profile", to_string(one.purpose)},
                   {"not_after", to_rfc3339(one.not_after)},
                   {"command", revoking(one, reason)}});
  }
  return out;
}

// What was done, and what is left to do.
struct revoked {
  std::vector<authority::record> which, others;
  authority::revocation_reason reason = authority::revocation_reason::unspecified;
};

void print_revoked(const revoke_options& given, const revoked& what, const std::vector<authority::made_list>& lists,
                   const authority::layout& places) {
  if (given.json) {
    boost::json::array serials;
    for (const auto& one : what.which) serials.push_back({{"name", one.name}, {"serial", one.serial}});
    boost::json::object told{{given.release ? "released" : "revoked", std::move(serials)},
                             {"lists", lists_json(lists)}};
    if (is_compromise(what.reason)) told["same_key"] = others_json(what.others, what.reason);
    print("{}\n", boost::json::serialize(told));
    return;
  }
  for (const auto& one : what.which) {
    print("{} {} certificate {}, serial {}\n", given.release ? "released" : "revoked", to_string(one.purpose),
          text::quoted(one.name), one.serial);
  }
  if (given.no_list) {
    print("No revocation list was made: servers do not know it before mutual crl.\n");
  } else {
    print("{}", lists_text(lists, places, false));
  }
  print("{}", others_text(what.others, what.reason));
}

// What is not wrong yet, and will be: to standard error, where timers' logs have it.
result<> advise(authority::pki& opened) {
  MUTUAL_TRY(const auto advice, opened.root_list_advice());
  if (!advice.empty()) say(fmt::format("mutual: note: {}\n", advice));
  if (!opened.unfinished()) say(fmt::format("mutual: note: {}\n", opened.unfinished().error().message()));
  return {};
}

// Whether servers lack a revocation, of one that was interrupted: lists that say nothing new would use numbers up.
result<bool> are_lists_behind(authority::pki& of) {
  MUTUAL_TRY(const auto issuer, x509::load_certificates(of.places().intermediate_certificate()));
  MUTUAL_TRY(const auto number, authority::list_number_in(of.places().revocation_lists(), issuer.front().subject()));
  MUTUAL_TRY(const auto list, of.records().list_numbered(issuer.front().subject(), number));
  MUTUAL_TRY(const auto last, of.records().last_revocation());
  if (!list || list->covers < last) return true;
  const auto list_of = [&](const std::string& name) {
    return authority::list_number_in(of.places().revocation_lists(), name);
  };
  MUTUAL_TRY(const auto behind, authority::old_issuers_behind(of.records(), issuer.front(), list_of));
  if (!behind.empty()) return true;
  MUTUAL_TRY(const auto root, authority::current_root(of.places()));
  return of.needs_root_key(root);
}

// The others of their keys, if these are compromised.
result<std::vector<authority::record>> others_of(authority::pki& opened, const std::vector<authority::record>& which,
                                                 std::optional<authority::revocation_reason> reason) {
  if (!reason || !is_compromise(*reason)) return std::vector<authority::record>();
  return opened.others_of_their_keys(which);
}

// An earlier one may have been interrupted before the lists, or before anybody read what else there is of the key:
// whoever says it again wants both.
result<> say_again(authority::pki& opened, const revoke_options& given, const authority::list_options& how,
                   std::optional<authority::revocation_reason> reason) {
  MUTUAL_TRY(const bool has_lists, opened.has_lists());
  if (has_lists && !given.no_list) {
    MUTUAL_TRY(const bool are_behind, are_lists_behind(opened));
    if (are_behind) MUTUAL_CHECK(opened.make_lists(how));
  }
  const auto meant = opened.identify(given.what, reason);
  if (!meant) return {};
  MUTUAL_TRY(const auto others, others_of(opened, *meant, reason));
  if (!others.empty()) say(others_text(others, *reason));
  return {};
}

result<> revoke(const revoke_options& given) {
  MUTUAL_TRY(const auto reason, reason_of(given));
  authority::list_options how;
  MUTUAL_TRY(how.root, to_root_access(given.root));
  MUTUAL_TRY(auto opened, open_to_sign(given.pki, given.store));
  const auto which = opened.revoke(given.what, reason, given.why);
  if (!which) {
    MUTUAL_CHECK(say_again(opened, given, how, reason));
    return which.error();
  }
  revoked what{*which, {}, reason.value_or(authority::revocation_reason::unspecified)};
  std::vector<authority::made_list> lists;
  if (!given.no_list) {
    auto made = opened.make_lists(how);
    if (!made) {
      if (const auto others = others_of(opened, *which, reason)) say(others_text(*others, what.reason));
      return made.error().in(
          fmt::format("{} is {} in the inventory, but servers do not know it yet: mend this, and run "
                      "mutual crl",
                      text::quoted(given.what), given.release ? "released" : "revoked"));
    }
    lists = *std::move(made);
  }
  // Last: servers do not wait for it.
  auto others = others_of(opened, *which, reason);
  if (!others) return others.error().in("it is revoked, but whether others have the same key could not be looked up");
  what.others = *std::move(others);
  print_revoked(given, what, lists, opened.places());
  return given.no_list ? result<>() : advise(opened);
}

result<> make_lists(const list_options& given) {
  MUTUAL_TRY(auto opened, open_to_sign(given.pki, given.store));
  authority::list_options how;
  how.is_delta = given.delta;
  how.lifetime = std::chrono::days(given.days);
  how.why = given.why;
  MUTUAL_TRY(how.root, to_root_access(given.root));
  MUTUAL_TRY(const auto made, opened.make_lists(how));
  if (given.json) {
    print("{}\n", boost::json::serialize(lists_json(made)));
  } else {
    print("{}", lists_text(made, opened.places(), given.delta));
    const auto note = authority::issuer_end_note(opened.places());
    if (note && !note->empty()) say(fmt::format("mutual: note: {}\n", *note));
  }
  return given.delta ? result<>() : advise(opened);
}

}  // namespace

void add_revoke(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("revoke", "Take certificates back, before they end");
  const auto given = std::make_shared<revoke_options>();
  command
      ->add_option("NAME|SERIAL|FILE", given->what,
                   "A name (all certificates of it that are still good), a serial number, or a file with the "
                   "certificate")
      ->required();
  command
      ->add_option("--reason", given->reason,
                   "keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn, "
                   "cACompromise, unspecified; or certificateHold, which can be taken back")
      ->type_name("R")
      ->capture_default_str();
  auto* const release = command->add_flag("--release", given->release, "Take a hold back");
  release->excludes("--reason");
  command->add_flag("--no-crl", given->no_list, "Only note it; the next mutual crl tells it to servers");
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  add_why_option(*command, given->why);
  add_root_key_options(*command, given->root);
  add_json_option(*command, given->json);
  command->footer(
      "A new revocation list is made at once, and a running mutual serve --pki refuses the certificate within a "
      "second:\n"
      "new connections, sessions that are taken up again, and those that are open. The name can be issued anew then.\n"
      "What is revoked already may be so for keyCompromise or cACompromise later: its key is certified no more then, "
      "and\n"
      "renews nothing. Other certificates of the same key that are still good are told, with the command for each.\n"
      "\n"
      "Example: mutual revoke alice --reason keyCompromise --why 'laptop stolen'");
  command->callback([given, &chosen] { chosen = [given] { return revoke(*given); }; });
}

void add_crl(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("crl", "Make revocation lists (CRLs), for servers and for others");
  const auto given = std::make_shared<list_options>();
  command->add_option("--days", given->days, "When the next one comes at the latest")
      ->type_name("N")
      ->capture_default_str()
      ->check(whole_number(1, 3650));
  command->add_flag("--delta", given->delta, "Only what has changed since the last full list");
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  add_why_option(*command, given->why);
  add_root_key_options(*command, given->root);
  add_json_option(*command, given->json);
  command->footer(
      "intermediate.crl and root.crl are the lists in DER, crl.pem holds both in PEM. From then on servers of this "
      "PKI\n"
      "check revocation, and refuse everybody when the list is past its date: let a timer run mutual crl every day.\n"
      "--delta writes intermediate.delta.crl (DER) and delta.pem instead, for whoever wants them.\n"
      "Numbers only grow. The root's list lasts a year, and its key is needed only to make another: in its last third "
      "if\n"
      "the key can be opened without asking, at its end, or when a CA was revoked.");
  command->callback([given, &chosen] { chosen = [given] { return make_lists(*given); }; });
}

}  // namespace mutual::cli
