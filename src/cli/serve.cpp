// mutual serve: a folder, or a greeting, over plain HTTP, HTTPS or mutual TLS.

#include "app/folder.hpp"
#include "app/run.hpp"
#include "app/whoami.hpp"
#include "authority/layout.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/password.hpp"
#include "cli/usage.hpp"
#include "tls/patience.hpp"

#include <mutual/app.hpp>
#include <mutual/compression.hpp>
#include <mutual/tls.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <vector>

namespace mutual::cli {
namespace {

namespace fs = std::filesystem;

struct options {
  fs::path folder;
  std::string listen = "localhost:5000";
  fs::path pki;
  std::string name;
  fs::path certificate;
  fs::path key;
  std::vector<fs::path> trust;
  std::vector<fs::path> revocations;
  std::string revocations_from;
  fs::path feed_certificate, feed_key;
  std::string ocsp;
  std::string ocsp_policy = "strict";
  std::string stale_lists = "strict";
  std::string clients = "required";
  std::string tls_version;
  std::string http_version;
  std::string metrics;
  bool plain = false;
  bool quiet = false;
  bool compress = false;
  bool precompressed = false;
  unsigned threads = 0;
  password_source password;
};

tls::client_auth client_auth_of(std::string_view named) {
  if (named == "none") return tls::client_auth::none;
  return named == "optional" ? tls::client_auth::optional : tls::client_auth::required;
}

// What says nothing where no client is asked for a certificate: left unsaid, it would look as if it guarded something.
result<> check_judging_is_wanted(const options& given) {
  if (given.clients != "none" || (given.trust.empty() && given.revocations.empty())) return {};
  return error(
      errc::bad_usage,
      fmt::format("--client-auth none asks no client for a certificate, and {} says how to judge one: leave one of "
                  "them out",
                  given.trust.empty() ? "--crl" : "--trust"));
}

// `what` is what it is a policy for, in words.
result<tls::patience> patience_of(std::string_view policy, std::string_view what) {
  const auto read = tls::patience_from_text(policy);
  if (read) return *read;
  return error(errc::bad_usage, fmt::format("{} is no policy for {}: write strict, off, or grace= and a length of time "
                                            "(grace=6h)",
                                            text::quoted(policy), what));
}

result<tls::ocsp_check> ocsp_of(const options& given) {
  MUTUAL_TRY(const auto how, patience_of(given.ocsp_policy, "OCSP answers that do not come"));
  tls::ocsp_check made;
  made.ask = given.ocsp;
  made.policy = how.policy;
  made.grace = how.grace;
  return made;
}

result<> take_stale_lists(tls::config& to, const options& given) {
  MUTUAL_TRY(const auto how, patience_of(given.stale_lists, "revocation lists that have ended"));
  to.stale_lists = how.policy;
  to.stale_lists_grace = how.grace;
  return {};
}

result<tls::config> tls_of(const options& given) {
  if (given.plain) return tls::plain();
  MUTUAL_CHECK(check_judging_is_wanted(given));
  tls::config made;
  if (given.certificate.empty()) {
    const auto folder = authority::pki_folder(given.pki);
    MUTUAL_TRY(const bool there, file::exists(folder));
    if (given.pki.empty() && !there) {
      return error(
          errc::bad_usage,
          fmt::format(
              "there is nothing to serve with: no PKI in {} (make one with: mutual init), no --cert FILE, and no "
              "--plain for plain HTTP",
              text::printable(folder.string(), 4096)));
    }
    made = tls::from_pki(folder, given.name);
  } else {
    made = tls::from_files(given.certificate, given.key, given.trust);
    MUTUAL_TRY(const auto password, read_password(given.password, "MUTUAL_PASSWORD", false));
    made.password = std::string(password.view());
  }
  made.clients = client_auth_of(given.clients);
  made.revocations = given.revocations;
  MUTUAL_TRY(made.ocsp, ocsp_of(given));
  MUTUAL_CHECK(take_stale_lists(made, given));
  made.revocations_from = {given.revocations_from, given.feed_certificate, given.feed_key};
  if (!given.tls_version.empty()) {
    made.at_least = made.at_most = given.tls_version == "1.2" ? tls::version::v1_2 : tls::version::v1_3;
  }
  return made;
}

result<> add_routes(app& served, const options& given) {
  if (given.compress) served.use(compress());
  if (given.folder.empty()) {
    if (given.precompressed) {
      return error(errc::bad_usage, "--precompressed is for the files of a folder, and no DIR is given");
    }
    served.get("/", [](maybe_peer who) { return fmt::format("Hello, {}!\n", who ? who->name() : "World"); });
    served.get("/whoami", [](const request& asked) { return whoami(asked); });
    return {};
  }
  MUTUAL_TRY(const auto files, folder::open(given.folder, {.precompressed = given.precompressed}));
  served.get("/{path...}", [files](const request& asked, const std::string&) { return files.answer(asked); });
  return {};
}

result<> run(const options& given) {
  app served;
  MUTUAL_CHECK(add_routes(served, given));
  run_options how;
  MUTUAL_TRY(how.tls, tls_of(given));
  how.listen = given.listen;
  how.threads = given.threads;
  how.metrics = given.metrics;
  how.http2 = given.http_version != "1.1";
  how.access_log = !given.quiet;
  how.name = given.folder.empty() ? "the greeting at /, and who you are at /whoami" : given.folder.string();
  auto outcome = serve(served, how);
  if (outcome || !outcome.error().message().starts_with("cannot listen on ")) return outcome;
  return error(outcome.error().code(),
               outcome.error().message() +
                   (given.metrics.empty() ? " (--listen HOST:PORT)" : " (--listen HOST:PORT, --metrics HOST:PORT)"));
}

}  // namespace

void add_serve(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("serve", "Serve a folder, or a greeting, to clients that prove who they are");
  const auto given = std::make_shared<options>();
  command->add_option("DIR", given->folder,
                      "The folder to serve; without it, a greeting at / and the caller at /whoami");
  command->add_option("--listen", given->listen, "Where to listen: HOST:PORT; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  auto* pki = command
                  ->add_option("--pki", given->pki,
                               "Take certificate, key and trust from a folder that mutual init made (the default: "
                               "./pki, else $MUTUAL_PKI)")
                  ->type_name("DIR");
  auto* name = command->add_option("--name", given->name, "Which of the PKI's server certificates, if it has several")
                   ->type_name("NAME");
  auto* plain = command->add_flag("--plain", given->plain, "Plain HTTP: nothing is encrypted and nobody is known")
                    ->excludes(pki)
                    ->excludes(name);
  auto* certificate = command
                          ->add_option("--cert", given->certificate,
                                       "The server's certificate and its intermediates (PEM, DER or PKCS#12)")
                          ->type_name("FILE")
                          ->excludes(pki)
                          ->excludes(name)
                          ->excludes(plain);
  command->add_option("--key", given->key, "Its private key, if --cert does not hold it")
      ->type_name("FILE")
      ->needs(certificate);
  command
      ->add_option("--trust", given->trust,
                   "Whose clients to let in: a CA's certificate, or one client's own to pin; may be repeated")
      ->type_name("FILE")
      ->needs(certificate)
      ->allow_extra_args(false);
  command
      ->add_option("--crl", given->revocations,
                   "A revocation list; with one, every CA of a client's chain needs one; may be repeated")
      ->type_name("FILE")
      ->excludes(plain)
      ->allow_extra_args(false);
  auto* feed = command
                   ->add_option("--revocations-from", given->revocations_from,
                                "Follow the revocation lists of an authority (mutual ca serve) as they change: "
                                "https://HOST:PORT")
                   ->type_name("URL")
                   ->excludes(plain);
  auto* shown =
      command
          ->add_option("--revocations-cert", given->feed_certificate,
                       "What that authority is shown; without it the server's own certificate, if it is a peer's")
          ->type_name("FILE")
          ->needs(feed);
  command->add_option("--revocations-key", given->feed_key, "Its private key, if the file does not hold it")
      ->type_name("FILE")
      ->needs(shown);
  command
      ->add_option(
          "--stale-lists", given->stale_lists,
          "What counts where a revocation list has ended or is missing: strict (nobody is let in; the default), "
          "grace=6h (one that has ended counts for so long), or off (whoever no list speaks against is let in)")
      ->type_name("strict|grace=TIME|off")
      ->excludes(plain);
  auto* ocsp = command
                   ->add_option("--ocsp", given->ocsp,
                                "Ask whether clients are revoked: an OCSP responder (http://HOST/), or \"certificate\" "
                                "for the one that each client's certificate names")
                   ->type_name("URL|certificate")
                   ->excludes(plain);
  command
      ->add_option("--ocsp-policy", given->ocsp_policy,
                   "What counts while a responder is silent: strict (nobody is let in; the default), grace=6h (its "
                   "last answer, for so long), or off (everybody is let in)")
      ->type_name("strict|grace=TIME|off")
      ->needs(ocsp);
  command
      ->add_option("--client-auth", given->clients,
                   "What is asked of clients: required (the default), optional, or none")
      ->check(one_of({"none", "optional", "required"}))
      ->excludes(plain)
      ->type_name("none|optional|required");
  command->add_option("--tls", given->tls_version, "Speak only this version of TLS (both without it)")
      ->check(one_of({"1.2", "1.3"}))
      ->excludes(plain);
  command
      ->add_option("--http", given->http_version, "The highest version of HTTP offered: 2 (without it), or 1.1 alone")
      ->check(one_of({"1.1", "2"}))
      ->excludes(plain);
  command->add_option("--threads", given->threads, "Threads that serve; one a core without it")
      ->check(whole_number(1, 1024));
  command
      ->add_option(
          "--metrics", given->metrics,
          "Serve the numbers for Prometheus at /metrics, over plain HTTP: HOST:PORT, or a port of this machine "
          "alone")
      ->type_name("HOST:PORT");
  command->add_flag("--compress", given->compress, "Compress what clients take compressed (zstd, br, gzip)");
  command->add_flag("--precompressed", given->precompressed,
                    "Where FILE.zst, FILE.br or FILE.gz stands beside FILE and is not older, send it to clients that "
                    "take it");
  command->add_flag("--quiet", given->quiet, "No access log");
  add_password_options(*command, given->password, "an encrypted key or PKCS#12 file", "MUTUAL_PASSWORD", certificate);
  command->footer(
      "Files are watched: what changes and is sound is taken over within a second; SIGHUP does it at once.\n"
      "Ctrl-C finishes the requests under way and stops; a second one stops at once.\n\n"
      "  mutual serve --plain                                    plain HTTP\n"
      "  mutual serve --client-auth none                         HTTPS\n"
      "  mutual serve                                            mutual TLS, with the PKI in ./pki\n"
      "  mutual serve --cert server.crt --key server.key --trust client.crt");
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
