#include "x509/alternative_names.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>

namespace mutual::x509 {
namespace {

constexpr std::size_t longest_dns_name = 253;
constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_uri = 2048;
constexpr std::size_t longest_email = 254;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

error bad(std::string_view kind, std::string_view name, std::string_view why) {
  return {errc::bad_usage, fmt::format("{} is not a {}: {}", text::quoted(name), kind, why)};
}

// RFC 1034 section 3.5, as RFC 5280 section 4.2.1.6 wants it, with RFC 1123's leading digits.
bool is_label(std::string_view label) {
  if (label.empty() || label.size() > longest_label || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

bool is_host(std::string_view host) {
  std::string_view last;
  do {
    const auto end = std::min(host.find('.'), host.size());
    last = host.substr(0, end);
    if (!is_label(last)) return false;
    if (end == host.size()) break;
    host.remove_prefix(end + 1);
  } while (true);
  // An all-digit last label would be read as part of an IPv4 address.
  return !std::all_of(last.begin(), last.end(), is_digit);
}

bool is_address_bytes(std::string_view address, std::string& bytes, int& family) {
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  }
  const std::string terminated(address);
  std::array<unsigned char, 16> buffer{};
  for (const auto& [kind, size] : {std::pair{AF_INET, std::size_t{4}}, std::pair{AF_INET6, std::size_t{16}}}) {
    if (terminated.find('\0') == std::string::npos && ::inet_pton(kind, terminated.c_str(), buffer.data()) == 1) {
      bytes.assign(reinterpret_cast<const char*>(buffer.data()), size);
      family = kind;
      return true;
    }
  }
  return false;
}

// RFC 3986: only these may stand in a URI; others must be percent-encoded.
bool is_uri_text(std::string_view uri) {
  constexpr std::string_view marks = "-._~:/?#[]@!$&'()*+,;=%";
  for (std::size_t at = 0; at < uri.size(); ++at) {
    const char c = uri[at];
    if (!is_letter(c) && !is_digit(c) && marks.find(c) == std::string_view::npos) return false;
    if (c == '%' && (uri.size() - at < 3 || !is_hex(uri[at + 1]) || !is_hex(uri[at + 2]))) return false;
  }
  return true;
}

void add_once(std::vector<std::string>& list, std::string name) {
  if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(std::move(name));
}

// Puts one name into the stack, which owns it then.
bool push(GENERAL_NAMES* names, int kind, std::string_view bytes) {
  general_name_ptr name(GENERAL_NAME_new());
  ASN1_STRING* value = ASN1_STRING_type_new(kind == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
  if (!name || value == nullptr) return ASN1_STRING_free(value), false;
  GENERAL_NAME_set0_value(name.get(), kind, value);
  if (ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  if (sk_GENERAL_NAME_push(names, name.get()) <= 0) return false;
  (void)name.release();
  return true;
}

}  // namespace

result<std::string> checked_dns_name(std::string_view name) {
  if (name.empty()) return bad("DNS name", name, "it is empty");
  if (name.size() > longest_dns_name) return bad("DNS name", name, "it is longer than 253 characters");
  if (name.find(':') != std::string_view::npos) {
    return bad("DNS name", name, "leave out the port; a URI has \"://\" after its scheme");
  }
  const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii) return bad("DNS name", name, "write names outside ASCII in their A-label form (xn--…)");
  if (!is_host(name.starts_with("*.") ? name.substr(2) : name)) {
    return bad("DNS name", name,
               "labels are letters, digits and inner hyphens, up to 63 of them, and the last is not a number; "
               "a wildcard is a first label \"*\"");
  }
  return text::lower(name);
}

result<std::string> checked_ip(std::string_view address) {
  std::string bytes;
  int family = 0;
  if (!is_address_bytes(address, bytes, family)) return bad("IP address", address, "write 192.0.2.1 or 2001:db8::1");
  std::array<char, INET6_ADDRSTRLEN> shown{};
  ::inet_ntop(family, bytes.data(), shown.data(), shown.size());
  return std::string(shown.data());
}

result<std::string> checked_uri(std::string_view uri) {
  if (uri.size() > longest_uri) return bad("URI", uri, "it is longer than 2048 characters");
  const auto colon = uri.find(':');
  const auto scheme = uri.substr(0, std::min(colon, uri.size()));
  const bool scheme_fits =
      !scheme.empty() && is_letter(scheme.front()) && std::all_of(scheme.begin(), scheme.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
      });
  if (colon == std::string_view::npos || !scheme_fits) {
    return bad("URI", uri, "it must begin with a scheme, as in spiffe://acme/ops/bob");
  }
  if (!is_uri_text(uri)) return bad("URI", uri, "percent-encode spaces and what RFC 3986 does not allow");
  const auto rest = uri.substr(colon + 1);
  // RFC 5280 section 4.2.1.6: never relative, and what has an authority has a host in it.
  if (rest.empty() || rest == "//" || rest.starts_with("///"))
    return bad("URI", uri, "nothing, or no host, follows its scheme");
  return std::string(uri);
}

result<std::string> checked_email(std::string_view address) {
  constexpr std::string_view marks = ".!#$%&'*+/=?^_`{|}~-";
  const auto at = address.find('@');
  const auto local = address.substr(0, std::min(at, address.size()));
  const auto domain = at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
  const bool local_fits = !local.empty() && local.size() <= 64 && local.front() != '.' && local.back() != '.' &&
                          local.find("..") == std::string_view::npos &&
                          std::all_of(local.begin(), local.end(), [&](char c) {
                            return is_letter(c) || is_digit(c) || marks.find(c) != std::string_view::npos;
                          });
  if (address.size() > longest_email || !local_fits || !is_host(domain)) {
    return bad("e-mail address", address, "write name@host, in ASCII");
  }
  return std::string(address);
}

result<> add_by_content(alternative_names& names, std::string_view name) {
  if (auto ip = checked_ip(name)) {
    add_once(names.ips, *std::move(ip));
  } else if (name.find("://") != std::string_view::npos || name.starts_with("urn:")) {
    MUTUAL_TRY(auto uri, checked_uri(name));
    add_once(names.uris, std::move(uri));
  } else if (name.find('@') != std::string_view::npos) {
    MUTUAL_TRY(auto email, checked_email(name));
    add_once(names.emails, std::move(email));
  } else {
    MUTUAL_TRY(auto dns, checked_dns_name(name));
    add_once(names.dns, std::move(dns));
  }
  return {};
}

result<general_names_ptr> to_general_names(const alternative_names& names) {
  general_names_ptr out(GENERAL_NAMES_new());
  bool done = out != nullptr;
  for (const auto& name : names.dns) {
    MUTUAL_TRY(const auto dns, checked_dns_name(name));
    done = done && push(out.get(), GEN_DNS, dns);
  }
  for (const auto& name : names.ips) {
    std::string bytes;
    int family = 0;
    if (!is_address_bytes(name, bytes, family)) return checked_ip(name).error();
    done = done && push(out.get(), GEN_IPADD, bytes);
  }
  for (const auto& name : names.uris) {
    MUTUAL_TRY(const auto uri, checked_uri(name));
    done = done && push(out.get(), GEN_URI, uri);
  }
  for (const auto& name : names.emails) {
    MUTUAL_TRY(const auto email, checked_email(name));
    done = done && push(out.get(), GEN_EMAIL, email);
  }
  if (!done) return error(errc::internal, "cannot build subject alternative names: " + openssl_errors());
  return out;
}

}  // namespace mutual::x509
