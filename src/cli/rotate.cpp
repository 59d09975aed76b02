// mutual rotate: a new intermediate or a new root, while the old one's certificates go on.

#include "authority/rotate.hpp"

#include "base/streams.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/key_kind_option.hpp"
#include "cli/open_to_sign.hpp"
#include "cli/output.hpp"
#include "cli/root_key_option.hpp"
#include "cli/token_option.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace mutual::cli {
namespace {

struct options {
  std::filesystem::path pki;
  std::string store;
  std::string kind = "p256";
  root_key_options root;
  authority::rotation_request request;
  bool imported_too = false;
  bool root_key_is_lost = false;
  bool json = false;
};

void print_text(const authority::rotation_state& state) {
  print("root          {}\n", text::quoted(state.root));
  print("intermediate  {} ({})\n", text::quoted(state.issuing), state.stopped.empty() ? "issues" : state.stopped);
  if (!state.note.empty()) print("  {}\n", state.note);
  if (state.old.empty()) print("No older CA is left.\n");
  for (const auto& one : state.old) {
    print("{} {}: ", one.is_root ? "old root     " : "old          ", text::quoted(one.subject));
    if (one.is_imported && one.on_it.in_use == 0) {
      print(
          "nothing that was issued here depends on it, but it was imported: if nothing else does, mutual rotate finish "
          "--imported-too\n");
    } else if (one.may_go()) {
      print("nothing depends on it, and it may go: mutual rotate finish\n");
    } else {
      print("{} good certificate{} on it, until {}\n", one.on_it.in_use,
            one.on_it.in_use == 1 ? " depends" : "s depend", to_text(one.on_it.last_end));
    }
    if (!one.cannot_sign.empty()) print("  {}\n", one.cannot_sign);
  }
}

void print_json(const authority::rotation_state& state) {
  boost::json::array old;
  for (const auto& one : state.old) {
    boost::json::object row{
        {"subject", one.subject}, {"root", one.is_root}, {"in_use", one.on_it.in_use}, {"may_go", one.may_go()}};
    if (!one.cannot_sign.empty()) row["cannot_sign"] = one.cannot_sign;
    if (!one.may_go()) row["until"] = to_rfc3339(one.on_it.last_end);
    old.push_back(std::move(row));
  }
  boost::json::object all{{"root", state.root},
                          {"issuing", state.issuing},
                          {"issuing_until", to_rfc3339(state.until)},
                          {"old", std::move(old)}};
  if (!state.stopped.empty()) all["stopped"] = state.stopped;
  if (!state.note.empty()) all["note"] = state.note;
  print("{}\n", boost::json::serialize(all));
}

result<authority::rotation_state> finish(authority::pki& opened, const options& given) {
  MUTUAL_TRY(const auto root, to_root_access(given.root));
  MUTUAL_TRY(const auto before, authority::state_of_rotation(opened));
  MUTUAL_TRY(auto state, authority::finish_rotation(opened, given.imported_too, root, given.root_key_is_lost));
  const auto roots = [](const authority::rotation_state& of) {
    return std::count_if(of.old.begin(), of.old.end(), [](const auto& one) { return one.is_root; });
  };
  if (roots(state) < roots(before)) {
    say("mutual: note: trust.crt has one root less: bring it to all who trust this PKI\n");
  }
  return state;
}

enum class step { intermediate, root, status, finish };

result<authority::rotation_state> take(step which, authority::pki& opened, options& given) {
  if (which == step::status) return authority::state_of_rotation(opened);
  if (which == step::finish) return finish(opened, given);
  given.request.with_root = which == step::root;
  MUTUAL_TRY(given.request.kind, key_kind_of(given.kind));
  MUTUAL_TRY(given.request.root, to_root_access(given.root));
  return authority::begin_rotation(opened, given.request);
}

result<> run(options& given, step which) {
  MUTUAL_TRY(auto opened, open_to_sign(given.pki, given.store));
  MUTUAL_TRY(const auto state, take(which, opened, given));
  given.json ? print_json(state) : print_text(state);
  return {};
}

void add_step(CLI::App& rotate, action& chosen, step which, const char* name, const char* help) {
  auto* command = rotate.add_subcommand(name, help);
  const auto given = std::make_shared<options>();
  if (which != step::status) add_root_key_options(*command, given->root);
  if (which == step::intermediate || which == step::root) {
    add_key_kind_option(*command, given->kind);
    add_token_option(*command, given->request.token_uri);
    add_why_option(*command, given->request.why);
  }
  if (which == step::root) {
    command
        ->add_option(
            "--root-key-out", given->request.root_key_file,
            "Write the new root's key to this file, and never into the PKI; needed if the old one is elsewhere")
        ->type_name("FILE");
  }
  if (which == step::intermediate || which == step::root) {
    command
        ->add_option(
            "--lost", given->request.lost,
            "Another machine has made a newer CA of this serial number, and is lost with its key: take its place")
        ->type_name("SERIAL");
  }
  if (which == step::finish) {
    command->add_flag("--imported-too", given->imported_too,
                      "Also old CAs that were imported, though what they issued elsewhere is on no record here");
    command->add_flag("--old-root-key-lost", given->root_key_is_lost,
                      "An old root's key is lost for good: let the root go, though its last revocation list lacks what "
                      "was revoked since. Whoever trusts it still goes on believing a CA of it that was revoked: see "
                      "first that nobody does");
  }
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  add_json_option(*command, given->json);
  command->callback([given, which, &chosen] { chosen = [given, which] { return run(*given, which); }; });
}

}  // namespace

void add_rotate(CLI::App& program, action& chosen) {
  auto* rotate = program.add_subcommand("rotate", "Replace the intermediate or the root, without a gap");
  rotate->require_subcommand(1);
  add_step(*rotate, chosen, step::intermediate, "intermediate", "A new intermediate, which issues from now on");
  add_step(*rotate, chosen, step::root, "root", "A new root and a new intermediate");
  add_step(*rotate, chosen, step::status, "status", "Say when the old ones may go");
  add_step(*rotate, chosen, step::finish, "finish", "Take away the old ones on which nothing depends");
  rotate->footer(
      "The root's key must be at hand; a new root's key is encrypted with the password that opens the old one's. With "
      "a\n"
      "new root, trust.crt holds both roots: give it to everybody. Who has only the old one still believes new\n"
      "certificates, for the new root, signed by the old, is sent along. Renew what the old CA has issued; when "
      "nothing\n"
      "depends on it any more, finish deletes its key, and trusts an old root no more.");
}

}  // namespace mutual::cli
