#include "base/file.hpp"
#include "base/text.hpp"
#include "tls/server_context.hpp"
#include "x509/bundle.hpp"

#include <mutual/tls.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace mutual::tls {
namespace {

namespace fs = std::filesystem;

// Whether a server may present it. A SAN that names a host or an address is what sets a server apart from a client
// whose purpose is left open.
bool is_for_servers(const fs::path& certificate) {
  const auto read = x509::load_bundle(certificate, {});
  if (!read || read->certificates.empty()) return false;
  const auto& leaf = read->certificates.front();
  const auto names = leaf.names();
  return leaf.allows_server() && !leaf.is_ca() && !(names.dns.empty() && names.ips.empty());
}

// The names of the folder's certificates that a server may present and whose key is there.
result<std::vector<std::string>> server_names(const fs::path& issued) {
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator at(issued, code), end; !code && at != end; at.increment(code)) {
    auto key = at->path();
    key.replace_extension(".key");
    std::error_code ignored;
    if (at->path().extension() == ".crt" && fs::exists(key, ignored) && is_for_servers(at->path())) {
      names.push_back(at->path().stem().string());
    }
  }
  if (code && code != std::errc::no_such_file_or_directory) {
    return error(errc::io, fmt::format("cannot look into {}: {}", text::printable(issued.string(), 4096),
                                       file::advice(code.value())));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The certificate of the PKI that a server presents: the one of that name, or else the only one there is.
result<std::string> server_name(const fs::path& pki, const std::string& wanted) {
  const auto shown = text::printable(pki.string(), 4096);
  if (!wanted.empty()) {
    MUTUAL_TRY(auto name, file::checked_name(wanted));
    MUTUAL_TRY(const bool there, file::exists(pki / "issued" / (name + ".crt")));
    if (there) return name;
  }
  MUTUAL_TRY(const auto names, server_names(pki / "issued"));
  if (names.empty()) {
    return error(
        errc::not_found,
        fmt::format("{} holds no server certificate: make one with mutual issue server NAME --pki {}", shown, shown));
  }
  if (!wanted.empty()) {
    return error(
        errc::not_found,
        fmt::format("{} holds no certificate {}: its server certificates are {}; name one of them with --name, or "
                    "make one with mutual issue server NAME --pki {}",
                    shown, text::quoted(wanted), fmt::join(names, ", "), shown));
  }
  if (names.size() > 1) {
    return error(errc::bad_usage,
                 fmt::format("{} holds {} server certificates ({}): say which one this server is, with --name NAME",
                             shown, names.size(), fmt::join(names, ", ")));
  }
  return names.front();
}

}  // namespace

config from_pki(fs::path folder, std::string_view name) {
  config made;
  made.enabled = true;
  made.trust = {folder / "trust.crt"};
  made.revocations_once_there = {folder / "crl.pem"};
  made.pki = std::move(folder);
  made.pki_name = name;
  return made;
}

config from_files(fs::path certificate, fs::path key, std::vector<fs::path> trust) {
  config made;
  made.enabled = true;
  made.certificate = std::move(certificate);
  made.key = std::move(key);
  made.clients = trust.empty() ? client_auth::none : client_auth::required;
  made.trust = std::move(trust);
  return made;
}

result<config> with_files_named(config settings) {
  if (settings.pki.empty()) {
    if (settings.certificate.empty()) {
      return error(errc::bad_usage,
                   "a TLS server needs a certificate: name its file (--cert FILE), or a folder that mutual init made "
                   "(--pki DIR)");
    }
    return settings;
  }
  const auto shown = text::printable(settings.pki.string(), 4096);
  MUTUAL_TRY(const bool there, file::is_folder(settings.pki));
  if (!there) {
    return error(errc::not_found,
                 fmt::format("there is no PKI in {}: make one with mutual init --pki {}", shown, shown));
  }
  MUTUAL_TRY(const auto name, server_name(settings.pki, settings.pki_name));
  const auto issued = settings.pki / "issued";
  settings.certificate = issued / (name + ".crt");
  settings.key = issued / (name + ".key");
  MUTUAL_TRY(const bool has_intermediate, file::exists(settings.pki / "intermediate.crt"));
  if (has_intermediate) {
    settings.known_intermediates.push_back(settings.pki / "intermediate.crt");
  }
  // Only a CA that has made a list leaves this one: from then on the lists for servers are not optional, or one that is
  // lost would let everybody in again who was revoked.
  MUTUAL_TRY(const bool has_made_lists, file::exists(settings.pki / "intermediate.crl"));
  for (const auto& one : settings.revocations_once_there) {
    MUTUAL_TRY(const bool is_there, file::exists(one));
    if (is_there || !has_made_lists) continue;
    return error(errc::not_found, fmt::format("the revocation list {} has gone: make another with mutual crl",
                                              text::printable(one.string(), 4096)));
  }
  // From here on it is these files, whatever else is issued into the folder.
  settings.pki.clear();
  return settings;
}

}  // namespace mutual::tls
