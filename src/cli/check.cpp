// mutual check: a certificate judged as a server would judge it, without a server.

#include "authority/layout.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "base/time_text.hpp"
#include "cli/certificate_text.hpp"
#include "cli/command.hpp"
#include "cli/find_bundle.hpp"
#include "cli/issued_text.hpp"
#include "cli/output.hpp"
#include "cli/usage.hpp"
#include "tls/trust_files.hpp"
#include "tls/verdict.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace mutual::cli {
namespace {

constexpr const char* footer =
    "Judges by the very code that mutual serve judges by, with what the file holds taken for what its owner would "
    "send:\n"
    "the certificate of the file's key (the first one, if there is no key), and everything else in it. Without "
    "--trust,\n"
    "by whom the PKI trusts.\n"
    "\n"
    "Exit code 0 if it would be let in, 1 if it would be refused; the reason is one of docs/reasons.md.\n"
    "\n"
    "Example: mutual check alice.p12 --trust ca.crt --crl ca.crl";

struct options {
  std::string what;
  std::filesystem::path pki;
  tls::trust_files files;
  std::string at, use = "client", host;
  password_source password;
  bool json = false;
};

// One certificate, the trust that it is judged by, and what came of it.
struct judged {
  std::string where;
  tls::judge_options how;
  std::vector<std::string> notes;
  tls::verdict outcome;
};

// Without --trust the PKI's own, and then its intermediate is known as it is to the server of that PKI.
result<tls::trust_files> files_of(const options& given) {
  auto files = given.files;
  if (!files.trusted.empty()) return files;
  const authority::layout places(authority::pki_folder(given.pki));
  MUTUAL_TRY(const bool there, file::exists(places.trust()));
  if (!there) {
    return error(errc::bad_usage,
                 fmt::format("nobody is trusted: name a CA's certificate, or a single one to pin, with "
                             "--trust FILE (there is no {})",
                             text::printable(places.trust().string(), 4096)));
  }
  files.trusted.push_back(places.trust());
  MUTUAL_TRY(const bool has_intermediate, file::exists(places.intermediate_certificate()));
  if (has_intermediate) files.known_intermediates.push_back(places.intermediate_certificate());
  MUTUAL_TRY(const bool has_lists, file::exists(places.revocation_lists()));
  if (has_lists) files.revocations.push_back(places.revocation_lists());
  return files;
}

result<tls::judge_options> how_to_judge(const options& given) {
  tls::judge_options how;
  how.use = given.use == "server" ? tls::purpose::server : tls::purpose::client;
  how.host = given.host;
  if (!given.host.empty() && how.use == tls::purpose::client) {
    return error(errc::bad_usage, "--host says which server is asked for: it needs --for server");
  }
  if (given.at.empty()) return how;
  const auto at = time_from_text(given.at);
  if (!at) {
    return error(errc::bad_usage,
                 fmt::format("{} is no time: write 2026-11-23 or 2026-11-23T14:05:00Z (UTC)", text::quoted(given.at)));
  }
  how.at = *at;
  return how;
}

x509::x509_stack_ptr sent_of(const std::vector<x509::certificate>& certificates) {
  x509::x509_stack_ptr sent(sk_X509_new_null());
  for (const auto& one : certificates) {
    X509_up_ref(one.get());
    if (sk_X509_push(sent.get(), one.get()) <= 0) X509_free(one.get());
  }
  return sent;
}

tls::verdict judge(const tls::trust& by, const found_bundle& found, const tls::judge_options& how) {
  const auto& certificates = found.contents.certificates;
  const auto& key = found.contents.key;
  // Nobody can prove by the handshake's signature that they are whom another's certificate speaks of.
  if (key && !certificates.empty() && !key->belongs_to(certificates.front())) {
    return tls::refusal(reason::proof_failed,
                        fmt::format("the private key in {} belongs to none of its certificates: put the pair that was "
                                    "made together into one file",
                                    found.where));
  }
  const auto sent = sent_of(certificates);
  return tls::judge(by, certificates.empty() ? nullptr : certificates.front().get(), sent.get(), how);
}

result<judged> run_judgement(const options& given) {
  judged out;
  MUTUAL_TRY(out.how, how_to_judge(given));
  MUTUAL_TRY(const auto files, files_of(given));
  MUTUAL_TRY(auto sources, tls::load_trust_sources(files));
  MUTUAL_TRY(const auto by, tls::trust::make(std::move(sources), 1));
  out.notes = by->notes(out.how.at);
  MUTUAL_TRY(const auto path, find_file_or_name(given.what, given.pki));
  MUTUAL_TRY(const auto found, load_asking(path, given.password));
  if (found.contents.certificates.empty()) {
    return error(errc::bad_input, fmt::format("{} holds no certificate to judge", found.where));
  }
  out.where = found.where;
  out.outcome = judge(*by, found, out.how);
  return out;
}

std::vector<x509::certificate> chain_of(const tls::verdict& good) {
  std::vector<x509::certificate> chain;
  for (const auto& der : good.who->chain()) {
    if (auto one = x509::certificate::from_der(der); one) chain.push_back(*std::move(one));
  }
  return chain;
}

void print_accepted(const judged& of) {
  print("{}: accepted as a {}\n", of.where, of.how.use == tls::purpose::client ? "client" : "server");
  const auto chain = chain_of(of.outcome);
  print("  who          {}\n", text::printable(of.outcome.who->name()));
  for (std::size_t at = 0; at < chain.size(); ++at) {
    print("  {}      {}\n", at == 0 ? "subject" : "issuer ", subject_text(chain[at]));
  }
  const auto end = of.outcome.who->chain_not_after();
  print("  until        {}{}\n", to_text(end), of.how.at < end ? fmt::format(" ({})", to_words(end - of.how.at)) : "");
}

void print_refused(const judged& of) {
  const auto why = *of.outcome.refused;
  print("{}: refused as a {}: {}\n", of.where, of.how.use == tls::purpose::client ? "client" : "server",
        to_string(why));
  print("  what         {}\n", of.outcome.detail);
  print("  meaning      {}\n", meaning(why));
  print("  remedy       {}\n", remedy(why));
  for (std::size_t at = 0; at < of.outcome.presented.size(); ++at) {
    const auto& one = of.outcome.presented[at];
    print("  {}    {}, by {}, serial {}, {} to {}\n", at == 0 ? "presented" : "    along", text::printable(one.subject),
          text::printable(one.issuer), one.serial, to_text(one.not_before), to_text(one.not_after));
  }
}

boost::json::object presented_json(const tls::presented_certificate& one) {
  return {{"subject", text::printable(one.subject, 4096)},
          {"issuer", text::printable(one.issuer, 4096)},
          {"serial", one.serial},
          {"not_before", to_rfc3339(one.not_before)},
          {"not_after", to_rfc3339(one.not_after)}};
}

void print_json(const judged& of) {
  boost::json::array notes, chain, presented;
  for (const auto& one : of.notes) notes.emplace_back(one);
  boost::json::object all{{"source", of.where},
                          {"for", of.how.use == tls::purpose::client ? "client" : "server"},
                          {"at", to_rfc3339(of.how.at)},
                          {"accepted", static_cast<bool>(of.outcome)},
                          {"notes", std::move(notes)}};
  if (of.outcome) {
    for (const auto& one : chain_of(of.outcome)) chain.push_back(certificate_json(one));
    all["name"] = text::printable(of.outcome.who->name(), 4096);
    all["until"] = to_rfc3339(of.outcome.who->chain_not_after());
    all["chain"] = std::move(chain);
  } else {
    for (const auto& one : of.outcome.presented) presented.push_back(presented_json(one));
    all["reason"] = to_string(*of.outcome.refused);
    all["detail"] = of.outcome.detail;
    all["meaning"] = meaning(*of.outcome.refused);
    all["remedy"] = remedy(*of.outcome.refused);
    all["presented"] = std::move(presented);
  }
  print("{}\n", boost::json::serialize(all));
}

result<> run(const options& given) {
  MUTUAL_TRY(const auto done, run_judgement(given));
  if (given.json) {
    print_json(done);
  } else {
    done.outcome ? print_accepted(done) : print_refused(done);
    for (const auto& note : done.notes) print("  note         {}\n", note);
  }
  if (done.outcome) return {};
  return error(errc::tls, fmt::format("{} would be refused ({}): {}", done.where, to_string(*done.outcome.refused),
                                      done.outcome.detail));
}

}  // namespace

void add_check(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("check", "Judge a certificate exactly as a server would");
  const auto given = std::make_shared<options>();
  command
      ->add_option("FILE|NAME", given->what,
                   "A certificate with its chain, in PEM, DER or PKCS#12, or the NAME of an issued one")
      ->required();
  command
      ->add_option("--trust", given->files.trusted,
                   "Whom the server trusts: CA certificates, or single ones to pin; without it, the PKI's trust.crt")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      ->add_option("--crl", given->files.revocations,
                   "Revocation lists (PEM or DER); with one, every CA of the chain needs one that is current")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      ->add_option("--known", given->files.known_intermediates,
                   "Intermediates that the server knows, as it knows those that it presents itself; only by them can "
                   "it tell who forgot one (intermediate_missing) from a stranger")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      ->add_option("--at", given->at, "The time to judge for, as 2026-11-23 or 2026-11-23T14:05:00Z; without it, now")
      ->type_name("TIME");
  command->add_option("--for", given->use, "What the certificate is shown as")
      ->check(one_of({"client", "server"}))
      ->type_name("client|server")
      ->capture_default_str();
  command->add_option("--host", given->host, "With --for server: the host that must be among its names")
      ->type_name("NAME|IP");
  add_pki_option(*command, given->pki);
  add_password_options(*command, given->password, "an encrypted file", "MUTUAL_PASSWORD");
  add_json_option(*command, given->json);
  command->footer(footer);
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
