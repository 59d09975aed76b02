// mutual import: a CA that was made elsewhere becomes a PKI.

#include "authority/adopt.hpp"
#include "authority/init.hpp"
#include "authority/layout.hpp"
#include "authority/list_numbers.hpp"
#include "authority/token_key.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/find_bundle.hpp"
#include "cli/init_text.hpp"
#include "cli/key_kind_option.hpp"
#include "cli/output.hpp"
#include "cli/password.hpp"
#include "cli/root_key_option.hpp"
#include "cli/token_option.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace mutual::cli {
namespace {

constexpr const char* footer =
    "A root gets a new intermediate below it, which issues from then on; its key is kept as root.key, or left where it "
    "is\n"
    "with --leave-root-key. An intermediate goes on issuing itself, and needs its root's certificate. What the CA "
    "issued\n"
    "before is not in the inventory, and stays valid; whom its last revocation list refuses (--crl), the new ones "
    "refuse\n"
    "too. Without that list nobody here knows whom it has revoked, and they are let in again.\n"
    "\n"
    "The certificates of openssl req -x509 are roots too: those who trust one trust what is issued then.\n"
    "\n"
    "Example: mutual import ca.crt --key ca.key --host localhost --client alice";

struct options {
  std::filesystem::path pki, file, key, root_key;
  std::vector<std::filesystem::path> chain, lists;
  authority::init_request request;
  std::string kind = "p256";
  password_source p12_password, source_password, root_password;
  bool leave_root_key = false;
  bool json = false;
};

// The CA, and the password that its root's key had, if it had one.
struct found_ca {
  authority::existing_ca ca;
  x509::secret root_password;
};

result<found_bundle> load_key(const std::filesystem::path& path, const password_source& password) {
  MUTUAL_TRY(auto found, load_asking(path, password, "--source-password-file"));
  if (!found.contents.key) return error(errc::bad_input, fmt::format("{} holds no private key", found.where));
  return found;
}

result<found_ca> load_ca(const options& given) {
  MUTUAL_TRY(auto found, load_asking(given.file, given.source_password, "--source-password-file"));
  auto password = found.password;
  std::string token_uri;
  if (authority::names_token_key(given.key.string())) {
    token_uri = given.key.string();
    MUTUAL_TRY(found.contents.key, authority::open_token_key(token_uri));
  } else if (!given.key.empty()) {
    MUTUAL_TRY(auto keys, load_key(given.key, given.source_password));
    found.contents.key = keys.contents.key;
    password = keys.password;
  }
  auto& certificates = found.contents.certificates;
  for (const auto& file : given.chain) {
    MUTUAL_TRY(const auto more, x509::load_certificates(file));
    certificates.insert(certificates.end(), more.begin(), more.end());
  }
  auto above = certificates;
  MUTUAL_TRY(auto ca, x509::to_identity(std::move(found.contents), found.where, given.key));
  found_ca out{{std::move(ca), std::move(above), {}, given.leave_root_key, {}, std::move(token_uri)},
               std::move(password)};
  if (!given.root_key.empty()) {
    MUTUAL_TRY(auto keys, load_key(given.root_key, given.source_password));
    out.ca.root_key = keys.contents.key;
    out.root_password = keys.password;
  }
  for (const auto& file : given.lists) {
    MUTUAL_TRY(auto more, x509::load_crls(file));
    std::move(more.begin(), more.end(), std::back_inserter(out.ca.lists));
  }
  return out;
}

// The organization that certificates of this CA carry; a CA without one lends its name.
std::string organization_of(const x509::certificate& ca) {
  const auto named = ca.organizations();
  return named.empty() ? ca.display_name() : named.front();
}

std::string root_key_text(const authority::init_request& request, bool same_password) {
  const auto& from = *request.existing;
  const bool is_root = from.ca.leaf().is_self_signed();
  if (from.leave_root_key || (!is_root && !from.root_key)) return "where it was, and not in the PKI";
  auto text = text::printable(authority::layout(request.folder).root_key().string(), 4096);
  if (request.root_password.empty()) return text;
  return text + (same_password ? ", encrypted with the password that opened it"
                               : ", encrypted with the password that you gave");
}

// A root that was made anew: what it means for those who trust the one before.
std::string about_new_root(const authority::init_request& request, const authority::made_pki& made) {
  const auto& root = made.authorities.front();
  const auto& from = *request.existing;
  const auto is_it = [&](const x509::certificate& one) { return one == root; };
  if (is_it(from.ca.leaf()) || std::any_of(from.above.begin(), from.above.end(), is_it)) return {};
  return fmt::format(
      "note: the root lacked what RFC 5280 wants of CAs, so its certificate was made anew, with the same name and key. "
      "Whoever trusts the one before believes what is issued here, but for servers and clients made with mutual: give "
      "them {}",
      text::printable(made.places.trust().string(), 4096));
}

// Whoever was revoked before is let in again by the first list that is made here: not without a word.
void say_what_is_forgotten(const authority::init_request& request, const authority::made_pki& made) {
  const auto& from = *request.existing;
  for (const auto& ca : authority::without_lists(from, made.authorities)) {
    if (ca == made.authorities.front().subject() && !from.root_key && !from.ca.leaf().is_self_signed()) {
      say(fmt::format(
          "mutual: note: no revocation list of {} was given, whose key is not here: its owner makes its lists. Put the "
          "newest into {}, and run mutual crl\n",
          text::quoted(ca), text::printable(made.places.revocation_list("root").string(), 4096)));
      continue;
    }
    const auto* called = ca == made.authorities.front().subject() ? "root" : "intermediate";
    say(fmt::format(
        "mutual: note: no revocation list of {} was given: whoever it has revoked so far counts as good from the first "
        "list on that is made here. If it ever made one, import it again, into another folder, with --crl FILE (its "
        "last list from before) and, once lists were made here, with --crl {} as well: else numbers go back, and whom "
        "this folder has revoked is let in. The numbers of its lists begin at {} here, and servers that have one with "
        "a larger number, as CAs have that count by the date, take none of them until it is imported with that list\n",
        text::quoted(ca), text::printable(made.places.revocation_list(called).string(), 4096),
        authority::more_lists_than_were_made + 1));
  }
}

result<> run(options& given) {
  auto& request = given.request;
  request.folder = authority::pki_folder(given.pki);
  MUTUAL_TRY(request.kind, key_kind_of(given.kind));
  MUTUAL_TRY(auto found, load_ca(given));
  request.existing = std::move(found.ca);
  if (request.organization.empty()) request.organization = organization_of(request.existing->ca.leaf());
  MUTUAL_TRY(request.root_password, read_root_password(given.root_password, true));
  // A key that was encrypted is not written in the open.
  const bool same_password = request.root_password.empty();
  if (same_password) request.root_password = std::move(found.root_password);
  MUTUAL_TRY(request.p12_password, read_password(given.p12_password, "MUTUAL_P12_PASSWORD", true));
  MUTUAL_TRY(const auto made, authority::init(request));
  if (given.json) {
    print_made_json(made);
  } else {
    print_made_text(made, !request.p12_password.empty(), root_key_text(request, same_password));
    if (const auto note = about_new_root(request, made); !note.empty()) print("{}\n", note);
  }
  say_what_is_forgotten(request, made);
  return {};
}

void add_options(CLI::App& command, options& given) {
  command.add_option("FILE", given.file, "The CA's certificate (PEM, DER or PKCS#12)")->required();
  const auto add_file = [&](const char* name, auto& to, const char* what) {
    command.add_option(name, to, what)->type_name("FILE")->allow_extra_args(false);
  };
  add_file("--key", given.key,
           "Its private key, if FILE does not hold it: a file, or of an intermediate a pkcs11: URI");
  add_file("--chain", given.chain, "Of an intermediate: its root, and what is between, if FILE lacks them");
  add_file("--crl", given.lists, "The last revocation list of the CA, of its root, or of one between");
  add_file("--root-key", given.root_key, "Of an intermediate: its root's key, if the PKI is to have it");
  add_file("--limits", given.request.limits, "What may be issued from now on: becomes authority.toml");
  command
      .add_option("--name", given.request.organization,
                  "The organization that stands in a new intermediate; without it, the CA's own")
      ->type_name("ORG");
  command.add_option("--host", given.request.hosts, "A DNS name or IP address of a first server")
      ->type_name("NAME|IP")
      ->allow_extra_args(false);
  command.add_option("--client", given.request.clients, "A client to issue a certificate to")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command.add_flag("--leave-root-key", given.leave_root_key,
                   "Of a root: use its key now, and keep no copy of it in the PKI");
  add_file("--source-password-file", given.source_password.file,
           "A file whose first line is the password of FILE or of a key (or set $MUTUAL_PASSWORD)");
}

}  // namespace

void add_import(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("import", "Make a PKI of a root or intermediate that was made elsewhere");
  const auto given = std::make_shared<options>();
  given->request.organization.clear();
  add_options(*command, *given);
  add_root_password_options(*command, given->root_password, "Encrypt the copy of a root's key with");
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->request.store);
  add_key_kind_option(*command, given->kind);
  add_token_option(*command, given->request.token_uri);
  add_password_options(*command, given->p12_password, "the PKCS#12 files", "MUTUAL_P12_PASSWORD");
  add_json_option(*command, given->json);
  command->footer(footer);
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
