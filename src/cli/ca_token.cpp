// mutual ca token: what a machine that has no certificate yet shows to get its first one.

#include "authority/enroll.hpp"
#include "authority/layout.hpp"
#include "base/duration.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/given_names.hpp"
#include "cli/issued_text.hpp"
#include "cli/output.hpp"
#include "cli/usage.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <memory>

namespace mutual::cli {
namespace {

struct options {
  std::filesystem::path pki;
  std::string store, why, name, withdrawn;
  std::vector<std::string> names, uris, emails;
  std::string purpose = "client";
  std::string life = "24h";
  bool json = false;
  bool quiet = false;
};

result<authority::token_request> to_request(const options& given) {
  authority::token_request request;
  request.name = given.name;
  request.purpose = *x509::profile_from_string(given.purpose);
  MUTUAL_TRY(request.names, names_of(given.names, given.uris, given.emails));
  request.why = given.why;
  const auto life = duration_from_text(given.life);
  if (!life) {
    return error(errc::bad_usage,
                 fmt::format("{} is no span of time: write a number and its unit, as in 30m, 24h or 7d "
                             "(--for DURATION)",
                             text::quoted(given.life)));
  }
  request.life = *life;
  return request;
}

result<> withdraw(const options& given) {
  MUTUAL_TRY(auto opened, authority::pki::open(authority::pki_folder(given.pki), given.store));
  MUTUAL_TRY(const auto count, opened.withdraw_tokens(given.withdrawn, given.why));
  if (given.json) {
    print("{}\n", boost::json::serialize(boost::json::object{{"withdrawn", count}}));
  } else if (!given.quiet) {
    print("withdrawn: {} {} for {}\n", count, count == 1 ? "token" : "tokens", text::quoted(given.withdrawn));
  }
  return {};
}

result<> run(const options& given) {
  if (!given.withdrawn.empty()) return withdraw(given);
  if (given.name.empty()) {
    return error(errc::bad_usage, "a token is for somebody: give NAME, as in mutual ca token bob");
  }
  MUTUAL_TRY(const auto request, to_request(given));
  MUTUAL_TRY(auto opened, authority::pki::open(authority::pki_folder(given.pki), given.store));
  MUTUAL_TRY(const auto made, authority::make_token(opened, request));
  MUTUAL_TRY(const auto there, opened.records().find(request.name));
  if (!given.quiet && there && there->not_after > now()) {
    say(fmt::format(
        "mutual: note: {} has a certificate, which is good until {}, and gets none by this token before that "
        "(a revocation voids the token)\n",
        text::quoted(request.name), to_text(there->not_after)));
  }
  const auto& facts = made.facts;
  if (given.quiet) {
    print("{}\n", made.text.view());
  } else if (given.json) {
    print("{}\n", boost::json::serialize(boost::json::object{{"token", std::string(made.text.view())},
                                                             {"id", facts.id},
                                                             {"name", facts.name},
                                                             {"profile", to_string(facts.purpose)},
                                                             {"names", names_json(facts.names)},
                                                             {"ends", to_rfc3339(facts.ends_at)}}));
  } else {
    print("token for the {} certificate {}\n  token        {}\n  names        {}\n  good         once, until {}\n",
          to_string(facts.purpose), text::quoted(facts.name), made.text.view(), names_line(facts.names),
          to_text(facts.ends_at));
    print("It is shown this once, and kept nowhere: whoever has it gets that certificate.\n");
  }
  return {};
}

}  // namespace

void add_ca_token(CLI::App& ca, action& chosen) {
  auto* command = ca.add_subcommand("token", "Make a token, by which a machine gets its first certificate, once");
  const auto given = std::make_shared<options>();
  auto* name = command->add_option("NAME", given->name, "The certificate's common name, and what its file is called");
  command->add_option(
      "SAN", given->names,
      "What it is good for: DNS names, IP addresses, URIs (told apart by content). Without any, a server "
      "or peer gets NAME");
  command->add_option("--uri", given->uris, "A URI that stands for it")->type_name("URI")->allow_extra_args(false);
  command->add_option("--email", given->emails, "An e-mail address of it")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
  command
      ->add_option("--profile", given->purpose, "What the certificate may be used for: client, server or peer (both)")
      ->type_name("PROFILE")
      ->capture_default_str()
      ->check(one_of({"client", "server", "peer"}));
  command->add_option("--for", given->life, "How long the token can be used: a number and s, m, h or d")
      ->type_name("DURATION")
      ->capture_default_str();
  command
      ->add_option("--withdraw", given->withdrawn,
                   "Make no token, but void the one of this id (what stands before its dot), or all that were made for "
                   "this name and have not been used")
      ->type_name("ID|NAME")
      ->excludes(name);
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  add_why_option(*command, given->why);
  add_json_option(*command, given->json);
  command->add_flag("--quiet", given->quiet, "Print the token and nothing else")->excludes("--json");
  command->footer(
      "The machine makes a key and a request, and sends it to mutual ca serve (EST, RFC 7030); what lies between its\n"
      "certificate and the root, which it has to present too, comes from there as well:\n\n"
      "  openssl req -new -newkey ed25519 -nodes -keyout bob.key -subj /CN=bob -outform DER | openssl base64 >bob.b64\n"
      "  curl --cacert root.crt -u :TOKEN -H 'Content-Type: application/pkcs10' --data-binary @bob.b64 \\\n"
      "    https://ca.example:8443/.well-known/est/simpleenroll | openssl base64 -d |\n"
      "    openssl pkcs7 -inform DER -print_certs >bob.crt\n"
      "  curl --cacert root.crt https://ca.example:8443/.well-known/est/cacerts | openssl base64 -d |\n"
      "    openssl pkcs7 -inform DER -print_certs |\n"
      "    awk '/^subject=/ {s = substr($0, 9)} /^issuer=/ {root = s == substr($0, 8)} !root' >>bob.crt");
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
