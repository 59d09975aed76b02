#include "client/url.hpp"

#include "base/text.hpp"
#include "http/grammar.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <fmt/format.h>

#include <string>

namespace mutual::client {
namespace {

namespace urls = boost::urls;

error unusable(std::string_view text, std::string_view why) {
  return {errc::bad_usage, fmt::format("{} is not a URL to go to: {}", text::quoted(text), why)};
}

// Boost.URL's views of a string are of different types in its versions, and all of them are this.
std::string_view view(const auto& piece) { return {piece.data(), piece.size()}; }

result<std::string> host_of(std::string_view text, const urls::url_view& parsed) {
  switch (parsed.host_type()) {
    case urls::host_type::ipv4:
      return std::string(view(parsed.encoded_host()));
    case urls::host_type::ipv6: {
      // A zone (RFC 6874) means something on one machine only; Boost 1.83 would drop it in silence.
      if (view(parsed.encoded_host()).find('%') != std::string_view::npos) break;
      const auto address = parsed.host_ipv6_address().to_string();
      return std::string(address.data(), address.size());
    }
    case urls::host_type::name: {
      auto name = text::lower(view(parsed.encoded_host()));
      // A name with escapes in it, or letters outside ASCII, can be read in several ways.
      if (name.empty() || name.find('%') != std::string::npos || !http::is_authority(name)) break;
      return name;
    }
    default:
      break;
  }
  return unusable(text, "its host is neither a name (names outside ASCII in their xn-- form) nor an IP address");
}

result<unsigned short> port_of(std::string_view text, const urls::url_view& parsed, bool secure) {
  if (!parsed.has_port()) return static_cast<unsigned short>(secure ? 443 : 80);
  const auto number = text::to_number(view(parsed.port()));
  if (!number || *number == 0 || *number > 65535) return unusable(text, "its port is not a number from 1 to 65535");
  return static_cast<unsigned short>(*number);
}

}  // namespace

std::string url::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  auto out = is_ipv6 ? fmt::format("[{}]", host) : host;
  if (port != (secure ? 443 : 80)) out += fmt::format(":{}", port);
  return out;
}

std::string url::to_string() const { return fmt::format("{}://{}{}", secure ? "https" : "http", authority(), target); }

result<url> parse_url(std::string_view text) {
  if (text.size() > most_url_bytes) {
    return unusable(text.substr(0, 64), fmt::format("it is longer than {} bytes", most_url_bytes));
  }
  if (text.find("://") == std::string_view::npos) {
    return unusable(text, fmt::format("say how, as in https://{}", text::printable(text)));
  }
  auto tried = urls::parse_uri({text.data(), text.size()});
  if (!tried) {
    return unusable(text,
                    "it is not well-formed; characters other than letters, digits and -._~ may need escaping "
                    "(a space is %20)");
  }
  const auto scheme = text::lower(view(tried->scheme()));
  if (scheme != "https" && scheme != "http") return unusable(text, "only https:// and http:// are spoken here");
  if (tried->has_userinfo()) {
    // Not quoted back: it may hold a password.
    return error(errc::bad_usage, "a URL to go to holds no user name or password: leave out what stands before the @");
  }
  // Boost 1.81 takes "http://[::1]:80../b", with a path that runs on from the port.
  if (const auto path = view(tried->encoded_path()); !path.empty() && !path.starts_with('/')) {
    return unusable(text, "its path does not begin with /");
  }
  url out;
  out.secure = scheme == "https";
  MUTUAL_TRY(out.host, host_of(text, *tried));
  MUTUAL_TRY(out.port, port_of(text, *tried, out.secure));
  urls::url whole(*tried);
  whole.remove_fragment();
  whole.normalize_path();
  out.target = std::string(view(whole.encoded_target()));
  // RFC 3986 section 5.2.4: there is nothing above the root.
  while (out.target.starts_with("/../") || out.target == "/..") out.target.erase(0, 3);
  if (!out.target.starts_with('/')) out.target.insert(0, "/");
  if (!http::is_path_and_query(out.target))
    return unusable(text, "its path or query has characters that need escaping");
  return out;
}

}  // namespace mutual::client
