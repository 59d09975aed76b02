// mutual get: one request, and what the handshake was.

#include "base/streams.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/get_output.hpp"
#include "cli/output.hpp"
#include "cli/password.hpp"
#include "cli/usage.hpp"
#include "client/blocking.hpp"
#include "client/connection.hpp"
#include "client/load.hpp"
#include "explain/handshake.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <functional>
#include <memory>

namespace mutual::cli {
namespace {

// What --json keeps in memory.
constexpr std::size_t most_collected = std::size_t{16} * 1024 * 1024;

struct options {
  std::string url;
  client::files files;
  password_source password;
  std::string version;
  unsigned patience = 0;
  bool verbose = false;
  bool json = false;
};

void choose_versions(const std::string& named, client::files& files) {
  if (named.empty()) return;
  files.at_least = files.at_most = named == "1.2" ? tls::version::v1_2 : tls::version::v1_3;
}

// Asks for a password only if the files do not open without, and if somebody is there to be asked.
result<client::options> load(const options& given) {
  auto files = given.files;
  choose_versions(given.version, files);
  MUTUAL_TRY(auto password, read_password(given.password, "MUTUAL_PASSWORD", false));
  files.password = std::string(password.view());
  auto loaded = client::load(files);
  if (!loaded && loaded.error().code() == errc::password_needed && somebody_can_be_asked()) {
    MUTUAL_TRY(password,
               ask_password(fmt::format("Password of {}: ", text::printable(files.certificate.string(), 4096))));
    files.password = std::string(password.view());
    loaded = client::load(files);
  }
  OPENSSL_cleanse(files.password.data(), files.password.size());
  return loaded;
}

void set_patience(client::options& how, unsigned seconds) {
  if (seconds == 0) return;
  const std::chrono::milliseconds limit = std::chrono::seconds(seconds);
  how.timeouts.connect = how.timeouts.handshake = how.timeouts.head = how.timeouts.idle = limit;
}

void warn(std::string_view words) { say(fmt::format("mutual: {}\n", words)); }

task<result<got>> exchange(client::connection& server, client::url where, const options& given) {
  request what;
  what.target = where.target;
  what.headers.set("User-Agent", "mutual/" MUTUAL_VERSION);
  what.headers.set("Accept", "*/*");
  what.headers.set("Connection", "close");
  auto opening = server.open(std::move(where));
  auto opened = co_await std::move(opening);
  if (given.files.accept_any_server && server.report().secure) warn(explain::insecure_text(server.report()));
  if (!opened) co_return std::move(opened).error();
  const bool tells = given.verbose && !given.json;
  const std::function<void(const response&)> tell = [&server, tells](const response& head) {
    if (tells) say(explain::handshake_text(server.report()) + head_text(head));
  };
  auto asking = get_answer(server, what, given.json, tell);
  auto outcome = co_await std::move(asking);
  co_return outcome;
}

error in_words(const error& failure, const client::handshake_report& report) {
  return report.refusal ? error(failure.code(), explain::refusal_text(*report.refusal)) : failure;
}

// Somebody who sees nothing at all would not know that there was somewhere to go.
void tell_of_redirect(const response& head) {
  const auto location = head.headers.get("Location");
  if (head.status >= 400 || !location) return;
  warn(fmt::format("the server answered {}, to {}; not followed", head.status, text::printable(*location, 4096)));
}

result<> run(const options& given) {
  MUTUAL_TRY(auto where, client::parse_url(given.url));
  MUTUAL_TRY(auto how, load(given));
  set_patience(how, given.patience);
  if (given.json) how.limits.body_bytes = most_collected;
  if (!where.secure && !given.files.certificate.empty()) {
    warn("plain HTTP asks nobody who they are: the certificate is not used, and nothing is protected");
  }
  net::loop loop;
  client::connection server(loop, std::move(how));
  auto done = client::run_to_end(loop, exchange(server, std::move(where), given));
  const auto& report = server.report();
  got outcome;
  if (done) {
    outcome = *std::move(done);
  } else {
    outcome.failure = std::move(done).error();
  }
  if (given.verbose && !given.json && !outcome.head) say(explain::handshake_text(report));
  if (given.json) print("{}\n", exchange_json(given.url, report, outcome));
  if (outcome.failure) return in_words(*outcome.failure, report);
  if (outcome.head->status >= 300) tell_of_redirect(*outcome.head);
  if (outcome.head->status >= 400) return refused_by_status(*outcome.head, outcome.body);
  return {};
}

}  // namespace

void add_get(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("get", "Fetch a URL with a client certificate, and say why if that fails");
  const auto given = std::make_shared<options>();
  command->add_option("URL", given->url, "https://HOST:PORT/PATH, or http:// without any certificates")->required();
  auto* certificate =
      command
          ->add_option("--cert", given->files.certificate,
                       "What to prove who we are with: our certificate and its intermediates (PEM, DER or PKCS#12)")
          ->type_name("FILE");
  command->add_option("--key", given->files.key, "Its private key, if the certificate's file does not hold it")
      ->type_name("FILE")
      ->needs(certificate);
  command
      ->add_option("--trust", given->files.trust,
                   "Whom to believe: CA certificates, or the server's own to pin; without it, this system's CAs")
      ->type_name("FILE");
  command->add_flag("--insecure", given->files.accept_any_server,
                    "Believe any server, without proof (says loudly what that gives up)");
  command->add_option("--tls", given->version, "Speak this version only")
      ->check(one_of({"1.2", "1.3"}))
      ->type_name("1.2|1.3");
  command->add_option("--timeout", given->patience, "Give up after so many seconds of waiting for any one step")
      ->check(whole_number(1, 86400))
      ->type_name("SECONDS");
  command->add_flag("-v,--verbose", given->verbose, "Tell the handshake step by step, on standard error");
  add_password_options(*command, given->password, "an encrypted key or PKCS#12 file", "MUTUAL_PASSWORD", certificate);
  add_json_option(*command, given->json);
  command->footer(
      "The body goes to standard output, all else to standard error. No redirect is followed.\n"
      "Exit code 1 if the connection is refused or fails, and for a status of 400 and above.");
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
