// mutual ca …: the authority as a service.

#include "authority/layout.hpp"
#include "base/duration.hpp"
#include "base/text.hpp"
#include "ca_service/service.hpp"
#include "cli/command.hpp"
#include "cli/open_to_sign.hpp"
#include "cli/usage.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace mutual::cli {
namespace {

outcome bad_duration(const std::string& given) {
  return result<>(
      error(errc::bad_usage, fmt::format("{} is no span of time: write a number and its unit, as in 30m, 24h "
                                         "or 7d (--renew-expired-for DURATION)",
                                         text::quoted(given))));
}

void add_ca_serve(CLI::App& ca, action& chosen) {
  auto* command = ca.add_subcommand("serve", "Serve the authority: enrolment (EST), revocation lists and OCSP");
  const auto given = std::make_shared<ca_service::options>();
  const auto quiet = std::make_shared<bool>(false);
  const auto grace = std::make_shared<std::string>();
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
  command
      ->add_option("--renew-expired-for", *grace,
                   "Renew certificates that have ended up to DURATION ago, by their key; never without it")
      ->type_name("DURATION");
  command
      ->add_option("--metrics-for", given->metrics_for,
                   "Who may read /metrics: the common name of a certificate, may be given again; every client that has "
                   "one without it")
      ->type_name("NAME")
      ->check(CLI::Validator([](const std::string& name) { return name.empty() ? "is empty" : ""; }, "", "not empty"))
      ->allow_extra_args(false);
  command->add_option("--threads", given->threads, "Threads that serve; one a core without it")
      ->check(whole_number(1, 1024));
  command->add_flag("--quiet", *quiet, "No access log");
  command->footer(
      "  /.well-known/est/                      EST (RFC 7030): cacerts, csrattrs, simpleenroll, simplereenroll,\n"
      "                                         serverkeygen; the first certificate by a token (mutual ca token)\n"
      "  /crl/intermediate.crl, /crl/root.crl   revocation lists (DER); /crl/all.pem has all of them in PEM\n"
      "                                         and, after mutual crl --delta, intermediate.delta.crl, delta.pem\n"
      "  /changes                               tells servers of each revocation (mutual serve --revocations-from)\n"
      "  /ocsp                                  OCSP by POST and GET (RFC 6960, RFC 5019)\n"
      "  /healthz                               whether all is well: 200, or 503 and (with a certificate) what is not\n"
      "  /metrics                               numbers for Prometheus, with a certificate (--metrics-for)\n\n"
      "It keeps its lists fresh by itself: each day, and as soon as somebody is revoked.\n"
      "Ctrl-C finishes the requests under way and stops; a second one stops at once.\n\n"
      "  mutual ca serve --listen ca.example:8443 --plain-listen ca.example:80");
  command->callback([given, quiet, grace, &chosen] {
    chosen = [given, quiet, grace]() -> outcome {
      if (!grace->empty()) {
        given->renew_expired_for = duration_from_text(*grace);
        if (!given->renew_expired_for) return bad_duration(*grace);
      }
      given->pki = authority::pki_folder(given->pki);
      given->access_log = !*quiet;
      say_exposed(authority::layout(given->pki));
      return ca_service::run(*given);
    };
  });
}

}  // namespace

void add_ca(CLI::App& program, action& chosen) {
  auto* ca = program.add_subcommand("ca", "The authority as a service, for other machines");
  ca->require_subcommand(1);
  add_ca_serve(*ca, chosen);
  add_ca_token(*ca, chosen);
}

}  // namespace mutual::cli
