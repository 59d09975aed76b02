// mutual init: a PKI from nothing.

#include "authority/init.hpp"

#include "authority/layout.hpp"
#include "base/text.hpp"
#include "cli/certificate_text.hpp"
#include "cli/command.hpp"
#include "cli/issued_text.hpp"
#include "cli/key_kind_option.hpp"
#include "cli/output.hpp"
#include "cli/password.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
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
    "Example: mutual init --name Acme --host localhost --client alice";

struct options {
  std::filesystem::path pki;
  authority::init_request request;
  std::string kind = "p256";
  password_source password;
  bool json = false;
};

void print_json(const authority::made_pki& made) {
  boost::json::array issued;
  for (const auto& one : made.issued) issued.push_back(issued_json(one));
  boost::json::array authorities;
  for (const auto& one : made.authorities) {
    authorities.push_back(boost::json::object{
        {"subject", one.subject()}, {"sha256", one.sha256()}, {"not_after", to_rfc3339(one.not_after())}});
  }
  print("{}\n", boost::json::serialize(boost::json::object{{"pki", made.places.folder().string()},
                                                           {"trust", made.places.trust().string()},
                                                           {"authorities", std::move(authorities)},
                                                           {"issued", std::move(issued)}}));
}

void print_text(const authority::made_pki& made, bool with_password) {
  const auto& places = made.places;
  if (made.authorities.empty()) {
    print("A PKI of self-signed certificates is in {}\n", places.folder().string());
  } else {
    print("The authority {} is in {}\n", subject_text(made.authorities.front()), places.folder().string());
    print("  root         {}, {}\n", places.root_certificate().string(), until_text(made.authorities[0].not_after()));
    print("  intermediate {}, {}\n", places.intermediate_certificate().string(),
          until_text(made.authorities[1].not_after()));
  }
  print("  trust        {} (give it to both sides)\n", places.trust().string());
  for (const auto& one : made.issued) print("\n{}", issued_text(one, with_password));
}

result<> run(options& given) {
  given.request.folder = authority::pki_folder(given.pki);
  MUTUAL_TRY(given.request.kind, key_kind_of(given.kind));
  MUTUAL_TRY(given.request.p12_password, read_password(given.password, "MUTUAL_P12_PASSWORD", true));
  MUTUAL_TRY(const auto made, authority::init(given.request));
  if (given.json) {
    print_json(made);
  } else {
    print_text(made, !given.request.p12_password.empty());
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
  add_key_kind_option(*command, given->kind);
  add_password_options(*command, given->password, "the PKCS#12 files", "MUTUAL_P12_PASSWORD");
  add_json_option(*command, given->json);
  command->footer(footer);
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
