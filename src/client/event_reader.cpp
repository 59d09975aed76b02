#include "client/event_reader.hpp"

#include <fmt/format.h>

#include <utility>

namespace mutual::client {

result<std::vector<received_event>> event_reader::take(std::string_view bytes) {
  std::vector<received_event> out;
  for (const char c : bytes) {
    // A line ends with CR, LF, or both.
    const bool second = std::exchange(after_cr_, c == '\r') && c == '\n';
    if (second) continue;
    if (c != '\r' && c != '\n') {
      if (line_.size() + data_.size() + name_.size() >= most_) {
        return error(errc::limit_exceeded, fmt::format("an event of the stream is larger than {} bytes", most_));
      }
      line_ += c;
      continue;
    }
    if (auto made = end_line()) out.push_back(*std::move(made));
    if (id_.size() > longest_id) {
      return error(errc::limit_exceeded, fmt::format("the id of an event is longer than {} bytes", longest_id));
    }
  }
  return out;
}

std::optional<received_event> event_reader::end_line() {
  auto line = std::exchange(line_, {});
  std::string_view rest = line;
  if (std::exchange(at_start_, false) && rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  if (rest.empty()) return dispatch();
  const auto colon = rest.find(':');
  const auto field = rest.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (std::exchange(has_data_, true)) data_ += '\n';
    data_ += value;
  } else if (field == "event") {
    name_ = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    id_ = value;
  }
  // Others, and comments, which have no field's name, mean nothing to us.
  return std::nullopt;
}

std::optional<received_event> event_reader::dispatch() {
  auto name = std::exchange(name_, {});
  auto data = std::exchange(data_, {});
  if (!std::exchange(has_data_, false)) return std::nullopt;
  return received_event{name.empty() ? "message" : std::move(name), id_, std::move(data)};
}

}  // namespace mutual::client
