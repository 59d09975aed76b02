#include "app/access_log.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

namespace mutual {

std::string access_line(const request& asked, int status, std::size_t body_bytes, std::chrono::nanoseconds took,
                        std::string_view notes) {
  const auto who = asked.who();
  const auto milliseconds = static_cast<double>(took.count()) / 1e6;
  return fmt::format(
      "{} {} \"{} {} HTTP/{}.{}\" {} {} {:.1f}ms{}{}", asked.connection ? asked.connection->remote_address : "-",
      who ? text::printable(who->name()) : "-", text::printable(asked.method), text::printable(asked.target, 1024),
      asked.version_major, asked.version_minor, status, body_bytes, milliseconds, notes.empty() ? "" : " ", notes);
}

std::string access_notes(const handling& notes) {
  std::string text;
  if (notes.refused) text = to_string(*notes.refused);
  if (!notes.denied_by.empty()) text += fmt::format("{}({})", text.empty() ? "" : " ", notes.denied_by);
  if (!notes.failure.empty()) text += fmt::format("{}failure {}", text.empty() ? "" : " ", notes.failure);
  return text;
}

}  // namespace mutual
