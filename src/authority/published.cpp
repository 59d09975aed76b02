#include "authority/published.hpp"

#include "base/characters.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::authority {
namespace {

constexpr std::size_t longest_url = 512;

bool is_host(std::string_view text) {
  const bool is_v6 = text.starts_with('[') && text.ends_with(']');
  if (is_v6) text = text.substr(1, text.size() - 2);
  return !text.empty() && std::all_of(text.begin(), text.end(), [is_v6](char c) {
    return is_v6 ? c == ':' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
                 : text::is_letter_or_digit(c) || c == '.' || c == '-';
  });
}

bool is_authority(std::string_view text) {
  const auto bracket = text.rfind(']');
  const auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return is_host(text);
  const auto port = text::to_number(text.substr(colon + 1));
  return is_host(text.substr(0, colon)) && port && *port >= 1 && *port <= 65535;
}

bool is_path(std::string_view text) {
  return text.find("//") == std::string_view::npos && std::all_of(text.begin(), text.end(), [](char c) {
           return text::is_letter_or_digit(c) || std::string_view("/-._~").find(c) != std::string_view::npos;
         });
}

}  // namespace

result<std::string> checked_public_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  auto url = text;
  while (url.ends_with('/') && url.size() > scheme.size()) url.remove_suffix(1);
  const auto rest = url.substr(std::min(scheme.size(), url.size()));
  const auto slash = std::min(rest.find('/'), rest.size());
  if (url.size() <= longest_url && text::iequals(url.substr(0, scheme.size()), scheme) &&
      is_authority(rest.substr(0, slash)) && is_path(rest.substr(slash))) {
    return std::string(scheme) + std::string(rest);
  }
  return error(
      errc::bad_input,
      fmt::format("{} is no URL for certificates to name: write http://pki.acme.example or "
                  "http://pki.acme.example:8080/ca, where the plain listener of mutual ca serve is reached (not "
                  "https: whoever asks is about to check a certificate)",
                  text::quoted(text)));
}

x509::certificate_places places_for(const limits& by, const x509::certificate& issuer, x509::profile purpose) {
  if (by.public_url.empty()) return {};
  const bool is_ca = purpose == x509::profile::intermediate || purpose == x509::profile::root;
  return {.ocsp = is_ca ? std::string() : fmt::format("{}{}", by.public_url, ocsp_path),
          .issuer = fmt::format("{}{}{}.crt", by.public_url, issuer_path, issuer.serial()),
          .list = fmt::format("{}{}{}.crl", by.public_url, list_path, issuer.serial())};
}

}  // namespace mutual::authority
