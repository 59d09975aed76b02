#include "tls/server_name.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mutual::tls {
namespace {

// Takes a 16-bit big-endian length and that many bytes off the front.
std::optional<std::string_view> take_vector(std::string_view& bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const auto size =
      static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) * 256U + static_cast<unsigned char>(bytes[1]);
  if (bytes.size() - 2 < size) return std::nullopt;
  const auto value = bytes.substr(2, size);
  bytes.remove_prefix(2 + size);
  return value;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

}  // namespace

std::optional<std::string> parse_server_name(std::string_view extension) {
  auto list = take_vector(extension);
  if (!list || !extension.empty() || list->empty()) return std::nullopt;
  // One name of the only type there is, host_name(0): "MUST NOT contain more than one name of the same name_type".
  if (list->front() != '\0') return std::nullopt;
  list->remove_prefix(1);
  const auto name = take_vector(*list);
  if (!name || !list->empty() || name->empty() || name->size() > 255) return std::nullopt;
  if (!std::all_of(name->begin(), name->end(), is_name_character)) return std::nullopt;
  return text::lower(*name);
}

}  // namespace mutual::tls
