#include "x509/lint.hpp"

#include "base/shell_word.hpp"
#include "base/text.hpp"
#include "x509/lint_rules.hpp"

#include <fmt/format.h>

#include <array>

namespace mutual::x509 {
namespace {

constexpr std::array<std::pair<use, std::string_view>, 4> uses{
    {{use::client, "client"}, {use::server, "server"}, {use::peer, "peer"}, {use::ca, "ca"}}};

// Says with OpenSSL 3: not without the legacy provider.
bool needs_legacy_provider(std::string_view cipher) {
  return cipher.find("RC2") != std::string_view::npos || cipher.find("RC4") != std::string_view::npos ||
         cipher == "pbeWithMD5AndDES-CBC" || cipher == "PBE-MD5-DES" || cipher == "PBE-SHA1-DES" ||
         cipher.find("RC2") != std::string_view::npos || cipher == "DES-CBC";
}

bool is_triple_des(std::string_view cipher) {
  return cipher.find("3DES") != std::string_view::npos || cipher.find("DES-EDE3") != std::string_view::npos;
}

void lint_part(const pkcs12_part& part, std::string_view path, std::string_view fix, std::vector<lint_finding>& found) {
  const auto add = [&](std::string_view code, weight how, std::string what) {
    found.push_back({code, how, std::string(path), std::move(what), std::string(fix)});
  };
  const auto what = part.holds_keys ? "the private key" : "a part of it";
  if (part.cipher.empty()) {
    if (part.holds_keys) add("p12_open_key", weight::advice, "the private key in it is not encrypted");
  } else if (needs_legacy_provider(part.cipher)) {
    add("p12_weak", weight::wrong,
        fmt::format("{} is encrypted with {}, which is broken, and which OpenSSL 3 does not open without its legacy "
                    "provider (curl says: unsupported)",
                    what, part.cipher));
  } else if (is_triple_des(part.cipher)) {
    add("p12_old", weight::advice,
        fmt::format("{} is encrypted with Triple DES ({}), which only old programs need", what, part.cipher));
  }
  if (!part.cipher.empty() && part.rounds < 1000) {
    add("p12_few_rounds", weight::advice,
        fmt::format("the password of {} is tried with {} rounds of key derivation, so that it is guessed quickly", what,
                    part.rounds));
  }
}

}  // namespace

std::string_view to_string(weight of) { return of == weight::wrong ? "wrong" : "advice"; }

std::string_view to_string(use of) {
  for (const auto& [value, name] : uses) {
    if (value == of) return name;
  }
  return "unknown";
}

std::optional<use> use_from_string(std::string_view name) {
  for (const auto& [value, known] : uses) {
    if (known == name) return value;
  }
  return std::nullopt;
}

void lint_case::add(std::string_view code, weight how, const certificate& about, std::string what,
                    std::string fix) const {
  found.push_back({code, how, about.subject(), std::move(what), std::move(fix)});
}

// Somebody copies it into a shell, and the names are a stranger's.
std::string lint_case::issue(bool may_have_its_name) const {
  if (as == use::ca) {
    return "have whoever runs it issue it anew, or make an authority with: mutual init --pki DIR --name ORG";
  }
  const auto names = first().names();
  std::string hosts;
  for (const auto* kind : {&names.dns, &names.ips}) {
    for (const auto& name : *kind) {
      if (!name.starts_with('-')) hosts += " " + text::shell_word(text::printable(name));
    }
  }
  const auto name = text::printable(first().display_name());
  const bool plain = may_have_its_name && name.find_first_of(" /\\'\"") == std::string::npos && !name.starts_with('-');
  return fmt::format("issue another with: mutual issue {} {}{}", to_string(as), plain ? text::shell_word(name) : "NAME",
                     as == use::client ? "" : hosts);
}

bool lint_case::is_own(const certificate& one) const {
  return options.renewal && !options.renewal(one, remedy::again).empty();
}

std::string lint_case::anew(const certificate& about, remedy how) const {
  if (is_own(about)) return options.renewal(about, how);
  if (as == use::ca) return issue(true);
  switch (how) {
    case remedy::other_key:
      return issue(true) + " --key-kind p256";
    case remedy::shorter:
      return issue(true) + " --days 397";
    case remedy::again:
      break;
  }
  return issue(true);
}

std::string lint_case::issue_other(std::string_view more) const {
  return fmt::format("{}{}{}", issue(!is_own(first())), more.empty() ? "" : " ", more);
}

use likely_use(const certificate& one) {
  const auto usage = X509_get_key_usage(one.get());
  if (one.is_ca() && usage != UINT32_MAX && (usage & KU_KEY_CERT_SIGN) != 0) return use::ca;
  if (one.extended_key_usages().empty()) return use::client;
  if (one.allows_client() && one.allows_server()) return use::peer;
  return one.allows_server() ? use::server : use::client;
}

std::vector<lint_finding> lint(const bundle& of, const lint_options& options) {
  std::vector<lint_finding> found;
  if (of.certificates.empty()) return found;
  const lint_case one{of, options.as.value_or(likely_use(of.certificates.front())), options, found};
  for (const auto& each : of.certificates) {
    lint_encoding(one, each);
    lint_serial(one, each);
    lint_key(one, each);
    lint_signature(one, each);
    lint_dates(one, each);
    lint_identifiers(one, each);
  }
  if (one.as == use::ca) {
    lint_authority(one, one.first());
  } else {
    lint_leaf(one);
    lint_names(one);
  }
  lint_chain(one);
  return found;
}

std::vector<lint_finding> lint_pkcs12(const pkcs12_algorithms& of, std::string_view path) {
  std::vector<lint_finding> found;
  const auto fix = fmt::format("write it anew with: mutual export {} --for modern", path);
  for (const auto& part : of.parts) lint_part(part, path, fix, found);
  const auto add = [&](std::string_view code, std::string what) {
    found.push_back({code, weight::advice, std::string(path), std::move(what), fix});
  };
  if (of.mac.empty()) {
    add("p12_no_mac", "it has no MAC, so that nobody notices when it is damaged or changed");
  } else if (of.mac == "MD5" || of.mac == "SHA1") {
    add("p12_old_mac", fmt::format("its MAC is made with {}, which only old programs need", of.mac));
  }
  if (!of.mac.empty() && of.mac_rounds < 1000) {
    add("p12_few_rounds", fmt::format("its MAC takes {} round{} of key derivation, so that the password is guessed "
                                      "quickly",
                                      of.mac_rounds, of.mac_rounds == 1 ? "" : "s"));
  }
  return found;
}

}  // namespace mutual::x509
