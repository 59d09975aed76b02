// mutual show: what a file, a server or an issued certificate holds.

#include "authority/layout.hpp"
#include "authority/pki.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/certificate_text.hpp"
#include "cli/command.hpp"
#include "cli/find_bundle.hpp"
#include "cli/output.hpp"
#include "cli/password.hpp"
#include "cli/record_text.hpp"
#include "client/fetch.hpp"
#include "client/url.hpp"
#include "x509/bundle.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <memory>

namespace mutual::cli {
namespace {

struct options {
  std::string what;
  std::filesystem::path pki;
  std::string store;
  password_source password;
  bool json = false;
};

// What the inventory says of what was found, if it has it.
struct known_bundle : found_bundle {
  std::optional<authority::record> known;
};

// What a server presents, whether or not it would let us in: it is looked at, and believed in nothing.
result<known_bundle> find_at_server(const options& given) {
  MUTUAL_TRY(const auto where, client::parse_url(given.what));
  MUTUAL_TRY(auto presented, client::fetch_chain(where));
  known_bundle found{{.where = text::printable(given.what, 4096), .contents = {}}, {}};
  found.contents.certificates = std::move(presented);
  return found;
}

// What the PKI's inventory says of the first certificate. Of a file from anywhere, a PKI that cannot be asked is none
// of its business; of an issued one it is.
result<std::optional<authority::record>> record_of(const x509::bundle& of, const options& given,
                                                   const std::filesystem::path& file) {
  std::optional<authority::record> known;
  const auto folder = authority::pki_folder(given.pki);
  std::error_code code;
  if (of.certificates.empty() || !std::filesystem::is_directory(folder, code)) return known;
  auto opened = authority::pki::open(folder, given.store);
  if (!opened) {
    const bool is_issued = std::filesystem::equivalent(file.parent_path(), authority::layout(folder).issued(), code);
    if (is_issued || !given.store.empty()) return std::move(opened).error();
    return known;
  }
  return opened->records().find_sha256(of.certificates.front().sha256());
}

result<known_bundle> find(const options& given) {
  if (given.what.starts_with("https://")) return find_at_server(given);
  if (given.what.starts_with("http://")) {
    return error(errc::bad_usage,
                 fmt::format("{} is plain HTTP, which shows no certificate: write https://", text::quoted(given.what)));
  }
  MUTUAL_TRY(const auto path, find_file_or_name(given.what, given.pki));
  MUTUAL_TRY(auto read, load_asking(path, given.password));
  known_bundle found{std::move(read), {}};
  MUTUAL_TRY(found.known, record_of(found.contents, given, path));
  return found;
}

std::string key_text(const x509::bundle& of) {
  const bool matches = !of.certificates.empty() && of.key->belongs_to(of.certificates.front());
  if (matches) return fmt::format("  {}, of the first certificate\n", of.key->description());
  if (of.certificates.empty()) return fmt::format("  {}\n", of.key->description());
  return fmt::format("  {}, of NONE of these certificates\n", of.key->description());
}

void print_text(const known_bundle& found) {
  const auto& of = found.contents;
  print("{}\n", found.where);
  for (std::size_t at = 0; at < of.certificates.size(); ++at) {
    print("\ncertificate {} of {}\n{}", at + 1, of.certificates.size(), certificate_text(of.certificates[at]));
    if (at == 0 && found.known) print("  status       {}\n", status_text(*found.known));
  }
  if (of.key) print("\nprivate key\n{}", key_text(of));
  for (const auto& one : of.requests) print("\ncertificate signing request\n{}", request_text(one));
  for (const auto& one : of.crls) print("\nrevocation list\n{}", crl_text(one));
}

void print_json(const known_bundle& found) {
  const auto& of = found.contents;
  boost::json::array certificates, requests, crls;
  for (const auto& one : of.certificates) certificates.push_back(certificate_json(one));
  for (const auto& one : of.requests) requests.push_back(request_json(one));
  for (const auto& one : of.crls) crls.push_back(crl_json(one));
  if (found.known) add_status(certificates.front().as_object(), *found.known);
  boost::json::object all{{"source", found.where}, {"certificates", std::move(certificates)}};
  if (of.key) {
    all["key"] = boost::json::object{
        {"kind", of.key->description()},
        {"of_first_certificate", !of.certificates.empty() && of.key->belongs_to(of.certificates.front())}};
  }
  if (!requests.empty()) all["requests"] = std::move(requests);
  if (!crls.empty()) all["crls"] = std::move(crls);
  print("{}\n", boost::json::serialize(all));
}

result<> run(const options& given) {
  MUTUAL_TRY(const auto found, find(given));
  given.json ? print_json(found) : print_text(found);
  return {};
}

}  // namespace

void add_show(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("show", "Show what a file, a server or an issued certificate holds");
  const auto given = std::make_shared<options>();
  command
      ->add_option(
          "FILE|URL|NAME", given->what,
          "A file (PEM, DER or PKCS#12, whatever it is called), a server (https://HOST:PORT, whose certificates "
          "are shown and not judged), or an issued NAME")
      ->required();
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  add_password_options(*command, given->password, "an encrypted file", "MUTUAL_PASSWORD");
  add_json_option(*command, given->json);
  command->footer("Nothing secret is shown: of a private key, only what kind it is and whose.");
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
