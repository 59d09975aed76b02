#include "http/parameters.hpp"

#include "base/text.hpp"
#include "http/grammar.hpp"

#include <algorithm>

namespace mutual::http {
namespace {

constexpr std::size_t most_parameters = 16;

std::string_view take_while(std::string_view& text, bool (*belongs)(char)) {
  const auto end = std::find_if_not(text.begin(), text.end(), belongs);
  const auto taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  return taken;
}

void skip_spaces(std::string_view& text) {
  take_while(text, [](char c) { return c == ' ' || c == '\t'; });
}

std::optional<std::string> take_quoted(std::string_view& text) {
  std::string out;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      text.remove_prefix(at + 1);
      return out;
    }
    const bool escapes = text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\');
    if (escapes) ++at;
    out += text[at];
  }
  return std::nullopt;
}

std::optional<std::string> take_value(std::string_view& text) {
  if (text.starts_with('"')) return take_quoted(text);
  const auto token = take_while(text, is_token_char);
  if (token.empty()) return std::nullopt;
  return std::string(token);
}

}  // namespace

std::optional<std::string_view> word_with_parameters::get(std::string_view name) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const auto& each) { return text::iequals(each.first, name); });
  if (found == parameters.end()) return std::nullopt;
  return found->second;
}

std::optional<word_with_parameters> read_parameters(std::string_view text) {
  if (!is_field_value(text)) return std::nullopt;
  word_with_parameters out;
  text = text::trim(text);
  out.word = take_while(text, [](char c) { return is_token_char(c) || c == '/'; });
  if (out.word.empty()) return std::nullopt;
  while (!text.empty()) {
    skip_spaces(text);
    if (!text.starts_with(';')) return std::nullopt;
    text.remove_prefix(1);
    skip_spaces(text);
    if (text.empty()) break;  // a semicolon at the end is common
    const auto name = take_while(text, is_token_char);
    if (name.empty() || !text.starts_with('=') || out.get(name) || out.parameters.size() == most_parameters) return {};
    text.remove_prefix(1);
    auto value = take_value(text);
    if (!value) return std::nullopt;
    out.parameters.emplace_back(name, *std::move(value));
  }
  return out;
}

}  // namespace mutual::http
