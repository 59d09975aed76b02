#include "app/access_log.hpp"

#include "base/characters.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual {
namespace {

// Enough that nobody makes another certificate that begins with the same.
constexpr std::size_t fingerprint_digits = 16;

// A name in the line: one word as it is, anything else in quotes, so that it can neither look like another field nor
// like nobody ("-").
std::string name_of(maybe_peer who) {
  if (!who) return "-";
  std::string name = text::printable(who->name(), 128);
  const auto plain = [](char c) {
    return text::is_letter_or_digit(c) || std::string_view("._-+@:/").find(c) != std::string_view::npos;
  };
  if (name != "-" && !name.empty() && std::all_of(name.begin(), name.end(), plain)) return name;
  return '"' + name + '"';
}

}  // namespace

std::string access_line(const access& what, std::string_view notes) {
  const request& asked = what.asked;
  const maybe_peer who = asked.who();
  const auto milliseconds = static_cast<double>(what.took.count()) / 1e6;
  const std::string status = what.status == 0 ? "-" : std::to_string(what.status);
  return fmt::format("{} {} {} {} \"{} {} HTTP/{}.{}\" {} {} {:.1f}ms{}{}{}", to_rfc3339(what.when),
                     asked.connection ? asked.connection->remote_address : "-", name_of(who),
                     who ? std::string_view(who->sha256()).substr(0, fingerprint_digits) : "-",
                     text::printable(asked.method, 32), text::printable(asked.target, 1024), asked.version_major,
                     asked.version_minor, status, what.body_bytes, milliseconds, what.incomplete ? " incomplete" : "",
                     notes.empty() ? "" : " ", notes);
}

std::string access_notes(const handling& notes) {
  std::string text;
  if (notes.refused) text = to_string(*notes.refused);
  if (!notes.denied_by.empty()) text += fmt::format("{}({})", text.empty() ? "" : " ", notes.denied_by);
  if (!notes.failure.empty()) text += fmt::format("{}failure {}", text.empty() ? "" : " ", notes.failure);
  return text;
}

}  // namespace mutual
