#include "app/json_report.hpp"
#include "app/json_text.hpp"
#include "base/text.hpp"

#include <mutual/json.hpp>
#include <mutual/json_place.hpp>
#include <mutual/problem.hpp>

#include <boost/json/parser.hpp>

namespace mutual::detail {
namespace {

constexpr std::size_t deepest = 32;

// What a text that is JSON has, counted by its signs that are not in strings, and without memory.
struct extent {
  std::size_t members = 0;  ///< Each has a colon.
  std::size_t values = 1;   ///< Each but the outermost is the first of an array or object, or comes after a comma.
};

extent extent_of(std::string_view text) {
  extent out;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') in_string = !in_string;
    if (in_string && text[i] == '\\') ++i;
    if (in_string) continue;
    if (text[i] == ':') ++out.members;
    if (text[i] == ',' || text[i] == '[' || text[i] == '{') ++out.values;
  }
  return out;
}

std::size_t members_kept(const boost::json::value& value) {
  std::size_t count = 0;
  if (const auto* array = value.if_array()) {
    for (const auto& element : *array) count += members_kept(element);
  } else if (const auto* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += members_kept(member.value());
  }
  return count;
}

std::optional<std::string> parse_into(boost::json::value& out, std::string_view text, std::size_t members) {
  if (text.empty()) return "it is empty";
  boost::json::parse_options options;
  options.max_depth = deepest;
  boost::json::parser parser({}, options);
  boost::system::error_code failure;
  const std::size_t read = parser.write_some(text.data(), text.size(), failure);
  if (!failure && read < text.size()) failure = make_error_code(boost::json::error::extra_data);
  if (failure) return failure.message() + " at byte " + std::to_string(read);
  out = parser.release();
  // The parser keeps the last of two members with one name; another reader may keep the first (RFC 7493 section 2.3).
  if (members != members_kept(out)) return "an object has two members of one name";
  return std::nullopt;
}

std::string sentence(const json_finding& one) {
  return (one.pointer.empty() ? std::string("the whole") : one.pointer) + " should be " + one.expected + ", and is " +
         one.found;
}

std::string sentence(const json_report& report) {
  if (report.too_many) return "it has more than " + std::to_string(*report.too_many) + " values";
  if (report.syntax) return "it is not JSON: " + *report.syntax;
  std::string out;
  for (const auto& one : report.findings) out += (out.empty() ? "" : "; ") + sentence(one);
  if (report.further) out += "; and more";
  return out;
}

std::string findings_json(const json_report& report) {
  std::string out = "[";
  for (const auto& one : report.findings) {
    if (out.size() > 1) out += ',';
    out += "{\"pointer\":";
    json_text::append_string(out, one.pointer);
    out += ",\"expected\":";
    json_text::append_string(out, one.expected);
    out += ",\"found\":";
    json_text::append_string(out, one.found);
    out += '}';
  }
  return out + "]";
}

// The type alone, in lower case: "application/json" of "Application/JSON; charset=utf-8".
std::string media_type_of(std::string_view content_type) {
  return text::lower(text::trim(content_type.substr(0, content_type.find(';'))));
}

}  // namespace

json_document::json_document(std::string_view text, std::size_t most_values)
    : report_(std::make_unique<json_report>()) {
  const auto size = extent_of(text);
  if (size.values > most_values) {
    report_->too_many = most_values;
  } else {
    report_->syntax = parse_into(report_->root, text, size.members);
  }
}
json_document::~json_document() = default;

bool json_document::parsed() const { return !report_->syntax && !report_->too_many; }
bool json_document::good() const { return parsed() && report_->findings.empty(); }
json_place json_document::root() const { return {&report_->root, report_.get(), nullptr, 0}; }
error json_document::failure() const { return {errc::bad_input, sentence(*report_)}; }

void json_document::throw_problem() const {
  if (report_->too_many) throw problem::too_large("the body cannot be read: " + sentence(*report_));
  if (report_->syntax) throw problem::bad_request("the body cannot be read: " + sentence(*report_));
  if (report_->findings.empty()) return;
  problem told = problem::unprocessable("the body is JSON, but not what is expected here: " + sentence(*report_));
  told.with_json("errors", findings_json(*report_));
  throw told;
}

std::string_view json_body(const request& incoming) {
  const auto types = incoming.headers.get_all("Content-Type");
  const std::string type = types.size() == 1 ? media_type_of(types.front()) : std::string();
  if (type != "application/json" && !(type.starts_with("application/") && type.ends_with("+json"))) {
    throw problem::unsupported_media_type("send JSON here, and say so with Content-Type: application/json")
        .header("Accept", "application/json");
  }
  return incoming.body;
}

}  // namespace mutual::detail
