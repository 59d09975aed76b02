// mutual sign: a certificate for a key that is elsewhere.

#include "authority/pki.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/issued_text.hpp"
#include "cli/open_to_sign.hpp"
#include "cli/output.hpp"
#include "cli/usage.hpp"
#include "x509/bundle.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <memory>

namespace mutual::cli {
namespace {

struct options {
  std::filesystem::path pki, file;
  std::string store, why, name;
  std::string purpose = "client";
  unsigned days = 0;
  bool json = false;
};

result<x509::request> load_request(const std::filesystem::path& file) {
  MUTUAL_TRY(auto found, x509::load_bundle(file));
  if (found.requests.size() == 1) return std::move(found.requests.front());
  return error(errc::bad_input,
               fmt::format("{} holds {} certificate signing requests, and one is signed at a time",
                           text::printable(file.string(), 4096), found.requests.empty() ? "no" : "several"));
}

result<> run(const options& given) {
  MUTUAL_TRY(auto asked, load_request(given.file));
  authority::sign_request request{
      std::move(asked), *x509::profile_from_string(given.purpose), given.name, {}, given.why};
  if (given.days > 0) request.lifetime = std::chrono::days(given.days);
  MUTUAL_TRY(auto opened, open_to_sign(given.pki, given.store));
  MUTUAL_TRY(const auto issued, opened.sign(request));
  if (given.json) {
    print("{}\n", boost::json::serialize(issued_json(issued)));
  } else {
    print("{}", issued_text(issued, false));
    say_note(issued);
  }
  return {};
}

}  // namespace

void add_sign(CLI::App& program, action& chosen) {
  auto* command = program.add_subcommand("sign", "Sign a certificate signing request (CSR) from elsewhere");
  const auto given = std::make_shared<options>();
  command->add_option("REQUEST", given->file, "The request (PEM or DER)")->required();
  command->add_option("--profile", given->purpose, "What it may be used for: client, server or peer (both)")
      ->type_name("PROFILE")
      ->capture_default_str()
      ->check(one_of({"client", "server", "peer"}));
  command->add_option("--name", given->name, "Its common name, and what its file is called; else the request's own")
      ->type_name("NAME");
  command->add_option("--days", given->days, "How long it is valid; 397 days if it is not said")
      ->type_name("N")
      ->check(whole_number(1, 36500));
  add_pki_option(*command, given->pki);
  add_store_option(*command, given->store);
  add_why_option(*command, given->why);
  add_json_option(*command, given->json);
  command->footer(
      "The request must be signed by the key that it names, and its key strong. Its common name and its alternative\n"
      "names are granted, so read them first with mutual show REQUEST; the organization is the authority's, and what "
      "else\n"
      "it asks for is left out. It is refused if it asks to be a CA.");
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
