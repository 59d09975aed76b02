// mutual ca …: the authority as a service.

#include "authority/layout.hpp"
#include "ca_service/service.hpp"
#include "cli/command.hpp"
#include "cli/usage.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace mutual::cli {
namespace {

void add_ca_serve(CLI::App& ca, action& chosen) {
  auto* command = ca.add_subcommand("serve", "Serve the authority: revocation lists and OCSP");
  const auto given = std::make_shared<ca_service::options>();
  const auto quiet = std::make_shared<bool>(false);
  command->add_option("--listen", given->listen, "Where to listen with mutual TLS: HOST:PORT; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  command
      ->add_option("--plain-listen", given->plain_listen,
                   "Where to listen with plain HTTP for what is signed anyway: revocation lists and OCSP")
      ->type_name("HOST:PORT");
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  command->add_option("--name", given->name, "Which of the PKI's server certificates to present, if it has several")
      ->type_name("NAME");
  command->add_option("--threads", given->threads, "Threads that serve; one a core without it")
      ->check(whole_number(1, 1024));
  command->add_flag("--quiet", *quiet, "No access log");
  command->footer(
      "  /crl/intermediate.crl, /crl/root.crl   revocation lists (DER); /crl/all.pem has all of them in PEM\n"
      "  /ocsp                                  OCSP by POST and GET (RFC 6960, RFC 5019)\n\n"
      "It keeps its lists fresh by itself: each day, and as soon as somebody is revoked.\n"
      "Ctrl-C finishes the requests under way and stops; a second one stops at once.\n\n"
      "  mutual ca serve --listen ca.example:8443 --plain-listen ca.example:80");
  command->callback([given, quiet, &chosen] {
    chosen = [given, quiet] {
      given->pki = authority::pki_folder(given->pki);
      given->access_log = !*quiet;
      return ca_service::run(*given);
    };
  });
}

}  // namespace

void add_ca(CLI::App& program, action& chosen) {
  auto* ca = program.add_subcommand("ca", "The authority as a service, for other machines");
  ca->require_subcommand(1);
  add_ca_serve(*ca, chosen);
}

}  // namespace mutual::cli
