// mutual lint: what is wrong with a certificate for mutual TLS, and the command that mends it.

#include "x509/lint.hpp"

#include "authority/layout.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/certificate_text.hpp"
#include "cli/command.hpp"
#include "cli/find_bundle.hpp"
#include "cli/lint_revoked.hpp"
#include "cli/output.hpp"
#include "cli/own_renewal.hpp"
#include "cli/usage.hpp"
#include "x509/list_files.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <sys/stat.h>

namespace mutual::cli {
namespace {

constexpr const char* footer =
    "A finding is wrong, which somebody refuses or which is dangerous, or advice, which could be better. Exit code 0 "
    "if\n"
    "nothing is wrong (there may be advice), 1 if something is, 2 for a command line that makes no sense.\n"
    "\n"
    "Of a PKCS#12 file the algorithms are seen without its password. What the PKI at hand knows to be revoked\n"
    "is told. What a given server says of a certificate tells mutual check.\n"
    "\n"
    "Example: mutual lint client.pfx --for client";

struct options {
  std::string what, use;
  std::filesystem::path pki;
  std::vector<std::filesystem::path> trust;
  password_source password;
  bool json = false;
};

struct linted {
  std::string where;
  std::optional<x509::use> as;  ///< Nothing: the file could not be opened.
  std::string unopened;         ///< And this is why.
  std::vector<x509::lint_finding> findings;

  std::size_t count(x509::weight how) const {
    return static_cast<std::size_t>(
        std::count_if(findings.begin(), findings.end(), [how](const auto& one) { return one.how == how; }));
  }
};

result<std::vector<x509::certificate>> trusted_by(const options& given, bool is_issued) {
  auto files = given.trust;
  // Of a certificate that was issued here, it is known who trusts it.
  const authority::layout places(authority::pki_folder(given.pki));
  if (files.empty() && is_issued) files.push_back(places.trust());
  std::vector<x509::certificate> all;
  for (const auto& file : files) {
    MUTUAL_TRY(const auto some, x509::load_certificates(file));
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

// A key that others may read is theirs as well.
void lint_mode(const std::filesystem::path& path, std::vector<x509::lint_finding>& found) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0 || (about.st_mode & (S_IRWXG | S_IRWXO)) == 0) return;
  const auto where = text::printable(path.string(), 4096);
  found.push_back({"readable_key", x509::weight::wrong, where,
                   fmt::format("it holds a private key, and others than its owner have rights to it ({:04o})",
                               about.st_mode & 07777U),
                   fmt::format("chmod 600 {}", where)});
}

// What was issued here has its key in a file beside it.
void lint_permissions(const std::filesystem::path& path, bool is_issued, const x509::bundle& contents,
                      std::vector<x509::lint_finding>& found) {
  if (contents.key) return lint_mode(path, found);
  auto beside = path;
  if (is_issued) lint_mode(beside.replace_extension(".key"), found);
}

void append(std::vector<x509::lint_finding>& to, std::vector<x509::lint_finding> more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

result<linted> run_lint(const options& given) {
  MUTUAL_TRY(const auto path, find_file_or_name(given.what, given.pki));
  const bool is_issued = path != std::filesystem::path(given.what);
  MUTUAL_TRY(auto trusted, trusted_by(given, is_issued));
  linted out;
  out.where = text::printable(path.string(), 4096);
  // The outside of a PKCS#12 file first: it needs no password, and may be why the file does not open.
  MUTUAL_TRY(auto bytes, file::read(path, x509::largest_lists));
  const x509::secret contents(std::move(bytes));
  if (const auto algorithms = x509::pkcs12_algorithms_of(contents.view())) {
    append(out.findings, x509::lint_pkcs12(*algorithms, out.where));
  }
  auto found = load_asking(path, given.password);
  if (!found) {
    if (out.findings.empty()) return std::move(found).error();
    out.unopened = found.error().message();
    return out;
  }
  if (found->contents.certificates.empty()) {
    return error(errc::bad_input, fmt::format("{} holds no certificate to look over", out.where));
  }
  x509::lint_options how;
  how.as = x509::use_from_string(given.use);
  how.trusted = std::move(trusted);
  how.renewal = own_renewal(given.pki);
  out.as = how.as.value_or(x509::likely_use(found->contents.certificates.front()));
  lint_permissions(path, is_issued, found->contents, out.findings);
  append(out.findings, lint_revoked(found->contents.certificates, given.pki));
  append(out.findings, x509::lint(found->contents, how));
  return out;
}

void print_text(const linted& of) {
  print("{}{}\n", of.where, of.as ? fmt::format(", as a {}", *of.as == x509::use::ca ? "CA" : to_string(*of.as)) : "");
  for (const auto how : {x509::weight::wrong, x509::weight::advice}) {
    for (const auto& one : of.findings) {
      if (one.how != how) continue;
      print("\n{:<7} {}\n", to_string(how), one.code);
      print("  of       {}\n", text::printable(one.about, 4096));
      print("  what     {}\n", one.what);
      print("  mend it  {}\n", one.fix);
    }
  }
  if (!of.unopened.empty()) print("\nIts contents were not looked over: {}\n", of.unopened);
  if (of.findings.empty()) print("  nothing is wrong\n");
}

void print_json(const linted& of) {
  boost::json::array findings;
  for (const auto& one : of.findings) {
    findings.push_back(boost::json::object{{"code", one.code},
                                           {"weight", to_string(one.how)},
                                           {"about", text::printable(one.about, 4096)},
                                           {"what", one.what},
                                           {"fix", one.fix}});
  }
  boost::json::object all{{"source", of.where},
                          {"wrong", of.count(x509::weight::wrong)},
                          {"advice", of.count(x509::weight::advice)},
                          {"findings", std::move(findings)}};
  if (of.as) all["for"] = to_string(*of.as);
  if (!of.unopened.empty()) all["unopened"] = of.unopened;
  print("{}\n", boost::json::serialize(all));
}

result<> run(const options& given) {
  MUTUAL_TRY(const auto done, run_lint(given));
  given.json ? print_json(done) : print_text(done);
  const auto wrong = done.count(x509::weight::wrong);
  if (wrong > 0) {
    return error(errc::bad_input,
                 fmt::format("{} thing{} wrong with {}", wrong, wrong == 1 ? " is" : "s are", done.where));
  }
  // What was not seen is not good.
  if (!done.unopened.empty()) return error(errc::bad_input, done.unopened);
  return {};
}

}  // namespace

void add_lint(CLI::App& program, action& chosen) {
  auto* command =
      program.add_subcommand("lint", "Say what is wrong with a certificate for mutual TLS, and what mends it");
  const auto given = std::make_shared<options>();
  command
      ->add_option("FILE|NAME", given->what,
                   "A certificate with its chain and key, in PEM, DER or PKCS#12, or the NAME of an issued one")
      ->required();
  command->add_option("--for", given->use, "What it is to be used as; without it, what it says that it is for")
      ->check(one_of({"client", "server", "peer", "ca"}))
      ->type_name("client|server|peer|ca");
  command
      ->add_option("--trust", given->trust,
                   "The CAs that the other end trusts, to tell whether an intermediate is missing")
      ->type_name("FILE")
      ->allow_extra_args(false);
  add_pki_option(*command, given->pki);
  add_password_options(*command, given->password, "an encrypted file", "MUTUAL_PASSWORD");
  add_json_option(*command, given->json);
  command->footer(footer);
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
