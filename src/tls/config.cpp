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

// The names of the folder's certificates that a server may present and whose key is there.
std::vector<std::string> server_names(const fs::path& issued) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(issued, ignored)) {
    if (file.path().extension() != ".crt") continue;
    auto key = file.path();
    key.replace_extension(".key");
    if (!fs::exists(key, ignored)) continue;
    const auto read = x509::load_bundle(file.path(), {});
    if (!read || read->certificates.empty()) continue;
    const auto& leaf = read->certificates.front();
    // A SAN that names a host or an address is what sets a server apart from a client whose purpose is left open.
    const auto names_of_leaf = leaf.names();
    if (leaf.allows_server() && !leaf.is_ca() && !(names_of_leaf.dns.empty() && names_of_leaf.ips.empty())) {
      names.push_back(file.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

config from_pki(fs::path folder, std::string_view name) {
  config made;
  made.enabled = true;
  made.trust = {folder / "trust.crt"};
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
  std::error_code ignored;
  if (!fs::is_directory(settings.pki, ignored)) {
    return error(errc::not_found,
                 fmt::format("there is no PKI in {}: make one with mutual init --pki {}", shown, shown));
  }
  auto name = settings.pki_name;
  if (name.empty()) {
    const auto names = server_names(settings.pki / "issued");
    if (names.empty()) {
      return error(
          errc::not_found,
          fmt::format("{} holds no server certificate: make one with mutual issue server NAME --pki {}", shown, shown));
    }
    if (names.size() > 1) {
      return error(errc::bad_usage,
                   fmt::format("{} holds {} server certificates ({}): say which one this server is, with --name NAME",
                               shown, names.size(), fmt::join(names, ", ")));
    }
    name = names.front();
  }
  const auto issued = settings.pki / "issued";
  settings.certificate = issued / (name + ".crt");
  settings.key = issued / (name + ".key");
  if (fs::exists(settings.pki / "intermediate.crt", ignored)) {
    settings.known_intermediates.push_back(settings.pki / "intermediate.crt");
  }
  // From here on it is these files, whatever else is issued into the folder.
  settings.pki.clear();
  return settings;
}

}  // namespace mutual::tls
