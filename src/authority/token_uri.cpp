#include "authority/token_uri.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace mutual::authority {
namespace {

constexpr std::string_view scheme = "pkcs11:";
constexpr std::size_t longest_uri = 4096;

// "%2F" is "/" (RFC 3986 section 2.1); what is no such thing stays as it is.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto digits = text.substr(at + 1, 2);
    const bool is_escape = text[at] == '%' && digits.size() == 2 &&
                           digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    out += is_escape ? static_cast<char>(std::strtol(std::string(digits).c_str(), nullptr, 16)) : text[at];
    if (is_escape) at += 2;
  }
  return out;
}

result<std::string> file_of(std::string_view word, std::string_view value) {
  auto path = decoded(value);
  if (path.starts_with("file:")) path.erase(0, path.starts_with("file://") ? 7 : 5);
  // Whoever opens it would stop at a zero, and open another file.
  if (path.empty() || path.find('\0') != std::string::npos) {
    return error(errc::bad_usage, fmt::format("{} in a token's URI names no file", word));
  }
  return path;
}

// One of those behind the question mark.
result<> take(std::string_view part, token_uri& into) {
  const auto word = part.substr(0, part.find('='));
  const auto value = word.size() < part.size() ? part.substr(word.size() + 1) : std::string_view();
  auto* const known = word == "pin-source" ? &into.pin_source : word == "module-path" ? &into.module : nullptr;
  if (known == nullptr) {
    // Not what it was given: that may be the PIN.
    return error(
        errc::bad_usage,
        fmt::format("{} is not known behind the question mark of a token's URI: there are pin-source and module-path",
                    text::quoted(word)));
  }
  if (!known->empty()) {
    return error(errc::bad_usage, fmt::format("{} stands twice in a token's URI: leave one of them out", word));
  }
  MUTUAL_TRY(*known, file_of(word, value));
  return {};
}

}  // namespace

bool names_token_key(std::string_view text) { return text.starts_with(scheme); }

result<token_uri> read_token_uri(std::string_view uri) {
  token_uri out;
  if (!names_token_key(uri)) {
    return error(errc::bad_usage,
                 fmt::format("{} is no key in a token: write pkcs11:token=LABEL;object=LABEL", text::quoted(uri)));
  }
  if (uri.size() > longest_uri || text::printable(uri, longest_uri) != uri) {
    return error(errc::bad_usage, "the URI of a key in a token is printable text of up to 4096 characters");
  }
  if (uri.find("pin-value=") != std::string_view::npos) {
    return error(errc::bad_usage,
                 "a token's URI holds no PIN, for everybody on the machine could read it: put it into a file, and name "
                 "that with ?pin-source=, or into the environment as MUTUAL_PIN");
  }
  const auto question = uri.find('?');
  out.key = uri.substr(0, question);
  if (out.key.find(";type=") == std::string::npos && out.key.find(":type=") == std::string::npos) {
    out.key += ";type=private";
  }
  if (question == std::string_view::npos) return out;
  for (const auto part : text::split_list(uri.substr(question + 1), '&')) MUTUAL_CHECK(take(part, out));
  return out;
}

}  // namespace mutual::authority
