// mutual issue server|client|peer: a certificate from the authority.

#include "authority/pki.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/given_names.hpp"
#include "cli/issued_text.hpp"
#include "cli/key_kind_option.hpp"
#include "cli/open_to_sign.hpp"
#include "cli/output.hpp"
#include "cli/password.hpp"
#include "cli/usage.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <memory>

namespace mutual::cli {
namespace {

using x509::profile;

struct options {
  std::filesystem::path pki;
  profile purpose = profile::client;
  std::string name;
  std::vector<std::string> names, uris, emails;
  unsigned days = 0;
  std::string kind = "p256";
  password_source password;
  std::string store, why;
  bool json = false;
};

result<authority::issue_request> to_request(const options& given) {
  authority::issue_request request;
  request.purpose = given.purpose;
  request.name = given.name;
  MUTUAL_TRY(request.names, names_of(given.names, given.uris, given.emails));
  if (given.days > 0) request.lifetime = std::chrono::days(given.days);
  MUTUAL_TRY(request.kind, key_kind_of(given.kind));
  request.why = given.why;
  MUTUAL_TRY(request.p12_password, read_password(given.password, "MUTUAL_P12_PASSWORD", true));
  return request;
}

result<> run(const options& given) {
  MUTUAL_TRY(const auto request, to_request(given));
  MUTUAL_TRY(auto opened, open_to_sign(given.pki, given.store));
  MUTUAL_TRY(const auto issued, opened.issue(request));
  if (given.json) {
    print("{}\n", boost::json::serialize(issued_json(issued)));
  } else {
    print("{}", issued_text(issued, !request.p12_password.empty()));
    say_note(issued);
  }
  return {};
}

void add_purpose(CLI::App& issue, action& chosen, profile purpose, const char* help, const char* footer) {
  auto* command = issue.add_subcommand(std::string(to_string(purpose)), help);
  const auto given = std::make_shared<options>();
  given->purpose = purpose;
  command->add_option("NAME", given->name, "Its common name, and what its files are called")->required();
  if (purpose != profile::client) {
    command->add_option(
        "SAN", given->names,
        "What it is good for: DNS names, IP addresses, URIs (told apart by content). Without any, NAME; "
        "localhost brings 127.0.0.1 and ::1 along");
  }
  command->add_option("--uri", given->uris, "A URI that stands for it, as in spiffe://acme/ops/bob")
      ->type_name("URI")
      ->allow_extra_args(false);
  command->add_option("--email", given->emails, "An e-mail address of it")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
  command->add_option("--days", given->days, "How long it is valid; 397 days if it is not said")
      ->type_name("N")
      ->check(whole_number(1, 36500));
  add_key_kind_option(*command, given->kind);
  add_password_options(*command, given->password, "the PKCS#12 file", "MUTUAL_P12_PASSWORD");
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  add_why_option(*command, given->why);
  add_json_option(*command, given->json);
  command->footer(footer);
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace

void add_issue(CLI::App& program, action& chosen) {
  auto* issue = program.add_subcommand("issue", "Issue a certificate to a server, a client or a peer (both)");
  issue->require_subcommand(1);
  issue->footer(
      "NAME.crt holds the certificate and then its intermediate, NAME.key the key, and NAME.p12 all of them. Files "
      "that\n"
      "exist are never overwritten, but for those of a certificate of that name that has expired or was revoked: they\n"
      "are kept in issued/replaced.");
  add_purpose(*issue, chosen, profile::server, "For a TLS server",
              "Example: mutual issue server web www.example.com 192.0.2.1");
  add_purpose(*issue, chosen, profile::client, "For a TLS client",
              "Example: mutual issue client bob --uri spiffe://acme/ops/bob --email bob@acme.example");
  add_purpose(*issue, chosen, profile::peer, "For one that is both a server and a client",
              "Example: mutual issue peer node1 node1.example.com");
}

}  // namespace mutual::cli
