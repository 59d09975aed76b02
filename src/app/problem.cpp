#include "app/json_text.hpp"

#include <mutual/problem.hpp>

#include <algorithm>
#include <array>

namespace mutual {
namespace {

bool is_defined_member(std::string_view name) {
  constexpr std::array<std::string_view, 5> defined{"type", "title", "status", "detail", "instance"};
  return std::find(defined.begin(), defined.end(), name) != defined.end();
}

void append_member(std::string& out, std::string_view name, std::string_view json) {
  if (out.size() > 1) out += ',';
  json_text::append_string(out, name);
  out += ':';
  out += json;
}

std::string quoted(std::string_view text) {
  std::string out;
  json_text::append_string(out, text);
  return out;
}

}  // namespace

problem::problem(int status, std::string detail)
    : status_(status >= 400 && status <= 599 ? status : 500),
      title_(status_phrase(status_)),
      detail_(std::move(detail)),
      what_(detail_.empty() ? title_ : title_ + ": " + detail_) {}

problem problem::refused(reason code, std::string detail) {
  problem out(403, std::move(detail));
  out.with("reason", to_string(code));
  return out;
}

problem& problem::with_text(std::string_view name, std::string_view text) { return with_json(name, quoted(text)); }

problem& problem::with_number(std::string_view name, double number) {
  std::string written;
  json_text::append_number(written, number);
  return with_json(name, std::move(written));
}

problem& problem::with_json(std::string_view name, std::string json) & {
  if (is_defined_member(name)) return *this;
  const auto same = std::find_if(members_.begin(), members_.end(), [&](const auto& m) { return m.first == name; });
  if (same != members_.end()) {
    same->second = std::move(json);
  } else {
    members_.emplace_back(std::string(name), std::move(json));
  }
  return *this;
}

problem& problem::header(std::string_view name, std::string_view value) & {
  headers_.set(name, value);
  return *this;
}

std::string problem::to_json() const {
  std::string out = "{";
  if (!type_.empty()) append_member(out, "type", quoted(type_));
  append_member(out, "title", quoted(title_));
  append_member(out, "status", std::to_string(status_));
  if (!detail_.empty()) append_member(out, "detail", quoted(detail_));
  if (!instance_.empty()) append_member(out, "instance", quoted(instance_));
  for (const auto& [name, json] : members_) append_member(out, name, json);
  out += "}\n";
  return out;
}

response problem::to_response() const {
  response out(status_, to_json(), "application/problem+json");
  for (std::size_t i = 0; i < headers_.size(); ++i) out.headers.set(headers_[i].name, headers_[i].value);
  return out;
}

}  // namespace mutual
