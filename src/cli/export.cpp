// mutual export: a key and its chain as one PKCS#12 file, for the program that is to read it.

#include "base/file_aside.hpp"
#include "base/text.hpp"
#include "cli/certificate_text.hpp"
#include "cli/command.hpp"
#include "cli/find_bundle.hpp"
#include "cli/output.hpp"
#include "cli/password.hpp"
#include "cli/usage.hpp"
#include "x509/identity.hpp"
#include "x509/pkcs12.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <memory>

namespace mutual::cli {
namespace {

constexpr const char* footer =
    "Targets:\n"
    "  modern   AES-256 and SHA-256: OpenSSL 1.1 and later, curl, GnuTLS, NSS, browsers of today\n"
    "  legacy   Triple DES and SHA-1: programs that take nothing newer\n"
    "  macos    as legacy, which every macOS and iOS imports (before macOS 15 nothing newer); needs a password\n"
    "  windows  as modern, for Windows 10 1709, Server 2019 and later; needs a password\n"
    "  java     as modern, for Java 8u301, 11.0.12, 17 and later; needs a password of six characters\n"
    "\n"
    "The file is readable by its owner only. It is written aside, opened again and compared before it gets its name, "
    "so\n"
    "that a failure leaves the file that was there. What is no file is never replaced, nor is a symbolic link "
    "followed.\n"
    "The root stays out: who is to believe the certificate has it already.\n"
    "\n"
    "Example: mutual export alice --for macos --ask-password";

struct options {
  std::string what, target = "modern", friendly_name;
  std::filesystem::path pki, key, chain, out;
  password_source password, source_password;
  bool overwrite = false, json = false;
};

struct exported {
  std::filesystem::path file;
  x509::pkcs12_target target = x509::pkcs12_target::modern;
  x509::identity who;
  bool has_password = false;
};

// The key of FILE or --key, the certificate that is its own, and what lies above it in FILE and --chain.
result<x509::identity> load_identity(const options& given) {
  MUTUAL_TRY(const auto path, find_file_or_name(given.what, given.pki));
  MUTUAL_TRY(auto found, load_asking(path, given.source_password, "--source-password-file"));
  auto key_file = given.key;
  // Of an issued certificate the key lies beside it.
  if (key_file.empty() && !found.contents.key && path != std::filesystem::path(given.what)) {
    key_file = std::filesystem::path(path).replace_extension(".key");
  }
  if (!key_file.empty()) {
    MUTUAL_TRY(const auto keys, load_asking(key_file, given.source_password, "--source-password-file"));
    if (!keys.contents.key) return error(errc::bad_input, fmt::format("{} holds no private key", keys.where));
    found.contents.key = keys.contents.key;
  }
  auto& certificates = found.contents.certificates;
  if (!given.chain.empty()) {
    MUTUAL_TRY(const auto more, x509::load_certificates(given.chain));
    certificates.insert(certificates.end(), more.begin(), more.end());
  }
  return x509::to_identity(std::move(found.contents), found.where, key_file);
}

result<x509::secret> new_password(const options& given, x509::pkcs12_target target) {
  MUTUAL_TRY(auto password, read_password(given.password, "MUTUAL_P12_PASSWORD", true));
  if (password.empty() && x509::needs_password(target) && somebody_can_be_asked()) {
    return read_password({.file = {}, .ask = true}, "", true);
  }
  if (password.empty() && x509::needs_password(target)) {
    return error(errc::bad_usage, fmt::format("{} does not open a PKCS#12 file without a password: give one with "
                                              "--password-file FILE, --ask-password or $MUTUAL_P12_PASSWORD",
                                              to_string(target)));
  }
  return password;
}

std::filesystem::path file_for(const options& given, const x509::identity& who) {
  if (!given.out.empty()) return given.out;
  // A NAME is one, and a FILE is called after; what cannot be a file's name is not made one.
  const auto stem = std::filesystem::path(given.what).filename().replace_extension().string();
  const auto name = file::checked_name(stem.empty() ? who.leaf().display_name() : stem);
  return fmt::format("{}-{}.p12", name ? *name : "exported", given.target);
}

// What a disk keeps is what was made: the file is read again before it gets its name, and before an older one goes.
result<> write(const options& given, const std::filesystem::path& path, const x509::secret& made,
               std::string_view password, const x509::identity& who) {
  const auto shown = text::printable(path.string(), 4096);
  MUTUAL_CHECK(x509::check_pkcs12(made.view(), password, shown, who));
  const auto check = [&](const std::filesystem::path& aside) -> result<> {
    MUTUAL_TRY(auto bytes, file::read(aside));
    const x509::secret again(std::move(bytes));
    return x509::check_pkcs12(again.view(), password, shown, who);
  };
  const auto others = given.overwrite ? file::existing::replaced : file::existing::kept;
  auto written = file::put_checked(path, made.view(), file::access::owner_only, others, check);
  if (!written && written.error().code() == errc::already_exists) {
    return error(
        errc::already_exists,
        fmt::format("{} exists already and is not overwritten: name another with --out, or say --overwrite", shown));
  }
  return written;
}

result<exported> run_export(const options& given) {
  const auto target = *x509::pkcs12_target_from_string(given.target);
  MUTUAL_TRY(auto who, load_identity(given));
  MUTUAL_TRY(const auto password, new_password(given, target));
  const auto name = given.friendly_name.empty() ? who.leaf().display_name() : given.friendly_name;
  MUTUAL_TRY(const auto made, x509::to_pkcs12(who, password.view(), name, target));
  const auto path = file_for(given, who);
  MUTUAL_CHECK(write(given, path, made, password.view(), who));
  return exported{path, target, std::move(who), !password.empty()};
}

// A chain that stops short of an issuer is no fault of the file's, but whoever shows it would be refused.
bool lacks_issuer(const x509::identity& who) { return who.chain.size() == 1 && !who.leaf().is_self_issued(); }

constexpr const char* lacking =
    "it holds no intermediate; if one has issued the certificate, servers will say "
    "intermediate_missing: add it with --chain FILE";

void print_text(const exported& of) {
  print("{}\n", of.file.string());
  print("  for          {}: {}\n", to_string(of.target), describe(of.target));
  for (std::size_t at = 0; at < of.who.chain.size(); ++at) {
    print("  {}  {}\n", at == 0 ? "certificate" : "with       ", subject_text(of.who.chain[at]));
  }
  print("  password     {}\n",
        of.has_password ? "the one that you gave" : "none: whoever can read the file has the key");
  if (lacks_issuer(of.who)) print("  note         {}\n", lacking);
}

void print_json(const exported& of) {
  boost::json::array chain, notes;
  for (const auto& one : of.who.chain) chain.push_back(certificate_json(one));
  if (lacks_issuer(of.who)) notes.emplace_back(lacking);
  print("{}\n", boost::json::serialize(boost::json::object{{"p12", of.file.string()},
                                                           {"for", to_string(of.target)},
                                                           {"password", of.has_password},
                                                           {"chain", std::move(chain)},
                                                           {"notes", std::move(notes)}}));
}

result<> run(const options& given) {
  MUTUAL_TRY(const auto done, run_export(given));
  given.json ? print_json(done) : print_text(done);
  return {};
}

}  // namespace

void add_export(CLI::App& program, action& chosen) {
  auto* command =
      program.add_subcommand("export", "Write a key and its chain as PKCS#12 for the program that reads it");
  const auto given = std::make_shared<options>();
  command
      ->add_option("NAME|FILE", given->what,
                   "An issued certificate, or a file with a certificate and its chain (PEM, DER or PKCS#12)")
      ->required();
  command->add_option("--for", given->target, "Who is to read it")
      ->check(one_of({"modern", "legacy", "macos", "windows", "java"}))
      ->type_name("modern|legacy|macos|windows|java")
      ->capture_default_str();
  command->add_option("--out", given->out, "The file to write; NAME-TARGET.p12 if it is not said")->type_name("FILE");
  command->add_flag("--overwrite", given->overwrite, "Write over a file of that name");
  command->add_option("--key", given->key, "The private key, if FILE does not hold it")->type_name("FILE");
  command->add_option("--chain", given->chain, "The certificates above it, if FILE does not hold them")
      ->type_name("FILE");
  command->add_option("--friendly-name", given->friendly_name, "What certificate stores show; the subject's name else")
      ->type_name("TEXT");
  add_pki_option(*command, given->pki);
  add_password_options(*command, given->password, "the new file", "MUTUAL_P12_PASSWORD");
  command
      ->add_option("--source-password-file", given->source_password.file,
                   "A file whose first line is the password of FILE or of its key (or set $MUTUAL_PASSWORD)")
      ->type_name("FILE");
  add_json_option(*command, given->json);
  command->footer(footer);
  command->callback([given, &chosen] { chosen = [given] { return run(*given); }; });
}

}  // namespace mutual::cli
