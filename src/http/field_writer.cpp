#include "http/field_writer.hpp"

#include "base/text.hpp"
#include "http/grammar.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace mutual::http {

result<> check_fields(const fields& all) {
  for (std::size_t at = 0; at < all.size(); ++at) {
    const auto [name, value] = all[at];
    if (!is_token(name)) {
      return error(errc::internal, "a header field is named " + text::quoted(name) + ", which is not a token");
    }
    if (!is_field_value(value)) {
      return error(errc::internal, "the header field " + std::string(name) +
                                       " has a control character in its value: encode or remove it");
    }
  }
  return {};
}

bool is_hop_by_hop(std::string_view name) {
  static constexpr std::array<std::string_view, 7> names = {
      "Connection", "Transfer-Encoding", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view each) { return text::iequals(each, name); });
}

void write_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void write_end_to_end_fields(std::string& out, const fields& all) {
  for (std::size_t at = 0; at < all.size(); ++at) {
    const auto [name, value] = all[at];
    if (!is_hop_by_hop(name) && !text::iequals(name, "Content-Length")) write_field(out, name, text::trim(value));
  }
}

void write_content_length(std::string& out, std::uint64_t length) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), length).ptr;
  write_field(out, "Content-Length", {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

}  // namespace mutual::http
