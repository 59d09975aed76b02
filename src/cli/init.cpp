// mutual init: a PKI from nothing.

#include "authority/init.hpp"

#include "authority/layout.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/init_text.hpp"
#include "cli/key_kind_option.hpp"
#include "cli/password.hpp"
#include "cli/root_key_option.hpp"
#include "cli/token_option.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace mutual::cli {
namespace {

constexpr const char* footer =
    "Without --self-signed: a root (10 years), an intermediate (5 years) that signs everything else, one server\n"
    "certificate for all hosts (named by the first), and one client certificate for each client.\n"
    "\n"
    "With --self-signed there is no CA: each certificate is signed by its own key, is no CA itself, and is good for "
    "one\n"
    "use only (server or client). trust.crt holds exactly these certificates, so that each is pinned: a server that\n"
    "trusts trust.crt lets in the clients made here and nobody else, and a client that trusts it talks to the server\n"
    "made here and no other. Nothing can be issued in such a PKI later.\n"
    "\n"
    "Keys, PKCS#12 files and the inventory are readable by their owner only. A folder that holds something is never\n"
    "touched, and one that cannot be finished is not there at all; what a killed init leaves is taken away by the "
    "next.\n"
    "\n"
    "The root's key is needed again once a year, for the root's revocation list, and to rotate. It may be encrypted, "
    "or\n"
    "written elsewhere with --root-key-out; mutual crl and revoke then take --root-key and --root-password-file.\n"
    "\n"
    "Example: mutual init --name Acme --host localhost --client alice";

struct options {
  std::filesystem::path pki;
  authority::init_request request;
  std::string kind = "p256";
  password_source password, root_password;
  bool json = false;
};

// Where the root's key is, if it is not where everybody expects it, or not as.
std::string root_key_text(const authority::init_request& request) {
  const auto& elsewhere = request.root_key_file;
  if (elsewhere.empty() && request.root_password.empty()) return {};
  const auto& path = elsewhere.empty() ? authority::layout(request.folder).root_key() : elsewhere;
  return fmt::format("{}{}", text::printable(path.string(), 4096),
                     request.root_password.empty() ? "" : ", encrypted with the password that you gave");
}

result<> run(options& given) {
  given.request.folder = authority::pki_folder(given.pki);
  MUTUAL_TRY(given.request.kind, key_kind_of(given.kind));
  MUTUAL_TRY(given.request.p12_password, read_password(given.password, "MUTUAL_P12_PASSWORD", true));
  if (!given.request.self_signed) {
    MUTUAL_TRY(given.request.root_password, read_root_password(given.root_password, true));
  }
  MUTUAL_TRY(const auto made, authority::init(given.request));
  if (given.json) {
    print_made_json(made);
  } else {
    print_made_text(made, !given.request.p12_password.empty(), root_key_text(given.request));
  }
  return {};
}

}  // namespace

void add_init(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("init", "Make a PKI: a CA, a server certificate, client certificates");
  const auto given = std::make_shared<options>();
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->request.store);
  command->add_option("--name", given->request.organization, "The organization that stands in every certificate")
      ->type_name("ORG")
      ->capture_default_str();
  command
      ->add_option("--host", given->request.hosts, "A DNS name or IP address of the server; localhost if none is named")
      ->type_name("NAME|IP")
      ->allow_extra_args(false);
  command->add_option("--client", given->request.clients, "A client to issue a certificate to")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command->add_flag("--self-signed", given->request.self_signed,
                    "No CA: single certificates that sign themselves, to be pinned (see below)");
  command
      ->add_option(
          "--limits", given->request.limits,
          "What the authority may issue (names, lives, kinds of keys): a file that becomes its authority.toml; "
          "see docs/certificates.md")
      ->type_name("FILE");
  command
      ->add_option("--root-key-out", given->request.root_key_file,
                   "Write the root's key to this file, on a medium that is then taken away, and never into the PKI")
      ->type_name("FILE");
  add_root_password_options(*command, given->root_password, "Encrypt the root's key with");
  for (const char* option : {"--root-key-out", "--root-password-file", "--ask-root-password"}) {
    command->get_option(option)->excludes("--self-signed");
  }
  add_key_kind_option(*command, given->kind);
  add_token_option(*command, given->request.token_uri);
  add_password_options(*command, given->password, "the PKCS#12 files", "MUTUAL_P12_PASSWORD");
  add_json_option(*command, given->json);
  command->footer(footer);
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
