#include "ca_service/list_path.hpp"

namespace mutual::ca_service {
namespace {

using kind = named_list::kind;

bool take_ending(std::string_view& path, std::string_view ending) {
  if (!path.ends_with(ending)) return false;
  path.remove_suffix(ending.size());
  return true;
}

bool is_serial(std::string_view text) {
  constexpr std::size_t longest_serial = 40;  // RFC 5280 section 4.1.2.2: 20 octets
  return !text.empty() && text.size() <= longest_serial &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool issues(std::string_view ca) { return ca == "intermediate" || ca == "root"; }

}  // namespace

std::optional<named_list> list_named_by(std::string_view path) {
  constexpr std::string_view retired = "retired/";
  if (path == "all.pem") return named_list{kind::all};
  if (path == "delta.pem") return named_list{kind::deltas};
  if (!take_ending(path, ".crl")) return std::nullopt;
  if (issues(path)) return named_list{kind::full, std::string(path)};
  if (is_serial(path)) return named_list{kind::of_serial, std::string(path)};
  if (path.starts_with(retired)) {
    if (!is_serial(path.substr(retired.size()))) return std::nullopt;
    return named_list{kind::full, std::string(path)};
  }
  if (!take_ending(path, ".delta") || !issues(path)) return std::nullopt;
  return named_list{kind::delta, std::string(path)};
}

std::optional<std::string> issuer_named_by(std::string_view path) {
  if (!take_ending(path, ".crt") || !is_serial(path)) return std::nullopt;
  return std::string(path);
}

}  // namespace mutual::ca_service
