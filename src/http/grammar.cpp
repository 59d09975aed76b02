#include "http/grammar.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <netinet/in.h>
#include <string>

namespace mutual::http {
namespace {

using char_set = std::array<bool, 256>;

constexpr bool is_alphanumeric(unsigned c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr char_set alphanumeric_and(std::string_view others) {
  char_set set{};
  for (unsigned c = 0; c < 128; ++c) set[c] = is_alphanumeric(c);
  for (const char c : others) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr char_set field_value_set() {
  char_set set{};
  for (unsigned c = 0x20; c < 256; ++c) set[c] = c != 0x7F;
  set['\t'] = true;
  return set;
}

constexpr char_set token_chars = alphanumeric_and("!#$%&'*+-.^_`|~");
constexpr char_set value_chars = field_value_set();
// RFC 3986's unreserved, sub-delims, ":", "@", "/", "?", and what browsers leave unescaped. "%" is judged apart.
constexpr char_set target_chars = alphanumeric_and("-._~!$&'()*+,;=:@/?[]{}|^`");
constexpr char_set host_chars = alphanumeric_and("-._");

bool has(const char_set& set, char c) { return set[static_cast<unsigned char>(c)]; }

bool all_of(const char_set& set, std::string_view text) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return has(set, c); });
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_ipv6(std::string_view text) {
  if (text.size() > INET6_ADDRSTRLEN) return false;
  in6_addr address{};
  return ::inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool is_port(std::string_view text) {
  if (text.size() > 5 || !is_digits(text)) return false;
  const auto port = text::to_number(text);
  return port && *port >= 1 && *port <= 65535;
}

bool any_iequals(const auto& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view each) { return text::iequals(each, name); });
}

}  // namespace

bool is_token_char(char c) { return has(token_chars, c); }

bool is_token(std::string_view text) { return !text.empty() && all_of(token_chars, text); }

bool is_field_value(std::string_view text) { return all_of(value_chars, text); }

bool is_path_and_query(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (has(target_chars, text[at])) continue;
    if (text[at] != '%' || text.size() - at < 3 || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return false;
    at += 2;
  }
  return true;
}

bool is_authority(std::string_view text) {
  std::string_view host = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos || !is_ipv6(text.substr(1, close - 1))) return false;
    rest = text.substr(close + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    rest = text.substr(colon);
    if (host.empty() || host.size() > 255 || !all_of(host_chars, host)) return false;
  }
  return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint64_t> content_length(std::string_view value) {
  // Leading zeros are legal, but some read them as octal, and nobody sends them.
  if (!is_digits(value) || (value.size() > 1 && value.front() == '0')) return std::nullopt;
  return text::to_number(value);
}

std::optional<std::uint64_t> chunk_size(std::string_view line) {
  if (line.empty() || line.size() > 16 || !std::all_of(line.begin(), line.end(), is_hex)) return std::nullopt;
  std::uint64_t size = 0;
  const auto [end, code] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  if (code != std::errc{} || end != line.data() + line.size()) return std::nullopt;
  return size;
}

unsigned known_field_bit(std::string_view name) {
  const auto bit_if = [&](std::string_view known, known_field which) {
    return text::iequals(name, known) ? static_cast<unsigned>(which) : 0U;
  };
  switch (name.size()) {
    case 4:
      return bit_if("Host", known_field::host);
    case 6:
      return bit_if("Expect", known_field::expect);
    case 10:
      return bit_if("Connection", known_field::connection);
    case 14:
      return bit_if("Content-Length", known_field::content_length);
    case 17:
      return bit_if("Transfer-Encoding", known_field::transfer_encoding);
    default:
      return 0;
  }
}

bool is_known_method(std::string_view method) {
  static constexpr std::array<std::string_view, 32> known = {
      "GET",       "POST",     "PUT",    "DELETE", "HEAD",   "PATCH",  "OPTIONS",    "TRACE",
      "COPY",      "LOCK",     "MKCOL",  "MOVE",   "SEARCH", "UNLOCK", "PROPFIND",   "PROPPATCH",
      "BIND",      "REBIND",   "UNBIND", "ACL",    "REPORT", "MERGE",  "MKACTIVITY", "CHECKOUT",
      "SUBSCRIBE", "M-SEARCH", "NOTIFY", "PURGE",  "LINK",   "UNLINK", "MKCALENDAR", "UNSUBSCRIBE"};
  return std::find(known.begin(), known.end(), method) != known.end();
}

bool is_trailer_allowed(std::string_view name) {
  static constexpr std::array<std::string_view, 31> forbidden = {"Transfer-Encoding",
                                                                 "Content-Length",
                                                                 "Host",
                                                                 "Connection",
                                                                 "Keep-Alive",
                                                                 "Proxy-Connection",
                                                                 "TE",
                                                                 "Trailer",
                                                                 "Upgrade",
                                                                 "Expect",
                                                                 "Max-Forwards",
                                                                 "Cache-Control",
                                                                 "Range",
                                                                 "Authorization",
                                                                 "Proxy-Authorization",
                                                                 "Proxy-Authenticate",
                                                                 "WWW-Authenticate",
                                                                 "Cookie",
                                                                 "Set-Cookie",
                                                                 "Age",
                                                                 "Date",
                                                                 "Location",
                                                                 "Retry-After",
                                                                 "Vary",
                                                                 "Warning",
                                                                 "Content-Encoding",
                                                                 "Content-Type",
                                                                 "Content-Range",
                                                                 "Client-Cert",
                                                                 "Client-Cert-Chain",
                                                                 "Forwarded"};
  const bool conditional = name.size() > 3 && text::iequals(name.substr(0, 3), "If-");
  const bool forwarded = name.size() > 12 && text::iequals(name.substr(0, 12), "X-Forwarded-");
  return !conditional && !forwarded && !any_iequals(forbidden, name);
}

}  // namespace mutual::http
