#include "app/curl_line.hpp"

#include "base/shell_word.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace mutual {
namespace {

namespace fs = std::filesystem;
using text::shell_word;

bool contains(const std::vector<std::string>& list, std::string_view one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

// curl takes what follows a colon for a password; a backslash keeps it from that.
std::string curl_certificate(const fs::path& file) {
  std::string out;
  for (const char c : file.string()) {
    if (c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return shell_word(out);
}

bool is_client_now(const fs::path& certificate) {
  const auto read = x509::load_bundle(certificate, {});
  if (!read || read->certificates.empty()) return false;
  const auto& leaf = read->certificates.front();
  const auto present = now();
  return leaf.allows_client() && leaf.not_before() <= present && present <= leaf.not_after();
}

// One that was made for a request has its key elsewhere.
bool has_key(fs::path certificate) {
  std::error_code ignored;
  if (fs::exists(certificate.replace_extension(".key"), ignored)) return true;
  return bool(x509::load_bundle(certificate.replace_extension(".p12"), {}));
}

// The first client's certificate (issued/NAME.crt) whose key is here; a server that may act as a client comes last.
fs::path client_certificate(const fs::path& issued, const x509::certificate& own) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (fs::directory_iterator at(issued, ignored), end; !ignored && at != end; at.increment(ignored)) {
    const auto& file = at->path();
    if (file.extension() == ".crt" && is_client_now(file) && has_key(file)) found.push_back(file);
  }
  std::sort(found.begin(), found.end());
  std::stable_partition(found.begin(), found.end(), [&](const fs::path& one) {
    const auto read = x509::load_bundle(one, {});
    return read && !read->certificates.empty() && !(read->certificates.front() == own);
  });
  return found.empty() ? fs::path() : found.front();
}

// How curl is to prove who it is; the PKCS#12 if it opens without a password.
std::string as_client(const fs::path& certificate) {
  auto p12 = certificate, key = certificate;
  p12.replace_extension(".p12");
  key.replace_extension(".key");
  if (x509::load_bundle(p12, {})) return fmt::format(" --cert {} --cert-type p12", curl_certificate(p12));
  return fmt::format(" --cert {} --key {}", curl_certificate(certificate), shell_word(key.string()));
}

std::string bracketed(const std::string& address) {
  return address.find(':') != std::string::npos ? "[" + address + "]" : address;
}

// A URL whose host the certificate is for, and what makes curl go to where the server listens.
std::string to_server(const x509::certificate& own, const net::endpoint& where, std::string_view path) {
  const auto names = own.names();
  const bool everywhere = where.address() == "0.0.0.0" || where.address() == "::";
  const auto reached = everywhere ? std::string(where.address() == "::" ? "::1" : "127.0.0.1") : where.address();
  const auto url = [&](const std::string& host) {
    return fmt::format("https://{}:{}{}", bracketed(host), where.port(), path);
  };
  if ((reached == "127.0.0.1" || reached == "::1") && contains(names.dns, "localhost")) return " " + url("localhost");
  if (contains(names.ips, reached)) return " " + url(reached);
  if (!names.dns.empty()) {
    auto host = names.dns.front();
    if (host.starts_with("*")) host.replace(0, 1, "www");
    return fmt::format(" --resolve {}:{}:{} {}", host, where.port(), bracketed(reached), url(host));
  }
  if (names.ips.empty()) return {};
  const auto host = bracketed(names.ips.front());
  return fmt::format(" --connect-to {}:{}:{}:{} {}", host, where.port(), bracketed(reached), where.port(),
                     url(names.ips.front()));
}

// Whether a terminal shows it as it is.
bool is_plain(std::string line) {
  std::erase_if(line, [](char c) { return c == '"' || c == '\\'; });
  return text::printable(line, line.size() + 1) == line;
}

}  // namespace

std::string curl_line(const tls::config& settings, const x509::certificate& own, const net::endpoint& where,
                      std::string_view path) {
  if (settings.pki.empty()) return {};
  const auto to = to_server(own, where, path);
  if (to.empty()) return {};
  auto line = "curl --cacert " + shell_word((settings.pki / "trust.crt").string());
  if (settings.clients != tls::client_auth::none) {
    const auto client = client_certificate(settings.pki / "issued", own);
    std::error_code ignored;
    if (client.empty() && !fs::exists(settings.pki / "intermediate.crt", ignored)) return {};
    if (client.empty()) {
      line = fmt::format("no client has a certificate and its key here yet: mutual issue client NAME --pki {}",
                         shell_word(settings.pki.string()));
      return is_plain(line) ? line : std::string();
    }
    line += as_client(client);
  }
  line += to;
  return is_plain(line) ? line : std::string();
}

}  // namespace mutual
