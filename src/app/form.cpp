#include "app/origin.hpp"
#include "base/characters.hpp"
#include "base/text.hpp"
#include "http/parameters.hpp"
#include "http/urlencoded.hpp"

#include <mutual/form.hpp>
#include <mutual/problem.hpp>

namespace mutual::detail {
namespace {

constexpr std::size_t most_fields = 1000;

std::vector<form_part> read_urlencoded(const request& incoming) {
  http::urlencoded_parser parser(most_fields, incoming.body.size());
  if (!parser.feed(incoming.body) || !parser.end()) {
    const std::string why(parser.failure());
    throw parser.is_too_large() ? problem::too_large(why) : problem::bad_request(why);
  }
  std::vector<form_part> out;
  for (auto& [name, value] : parser.fields()) out.push_back({{std::move(name), {}, "text/plain"}, std::move(value)});
  return out;
}

// What browsers send for a file field in which nothing was chosen (HTML, "constructing the entry list").
bool was_not_chosen(const form_part& part) { return part.file_name && part.file_name->empty() && part.content.empty(); }

}  // namespace

bool is_form_text(std::string_view value) {
  for (std::size_t at = 0; at < value.size();) {
    const auto length = text::utf8_length(value, at);
    if (length == 0 || value[at] == '\0') return false;
    at += length;
  }
  return true;
}

std::vector<form_part> read_form(request& incoming) {
  if (!is_of_this_origin(incoming)) throw of_another_origin();
  const auto type = http::read_parameters(incoming.header("Content-Type").value_or(""));
  if (type && text::iequals(type->word, "application/x-www-form-urlencoded")) return read_urlencoded(incoming);
  if (type && text::iequals(type->word, "multipart/form-data")) {
    auto parts = extractor<multipart>::get(incoming).parts;
    std::erase_if(parts, was_not_chosen);
    return parts;
  }
  throw problem::unsupported_media_type(
      "the body is no form: application/x-www-form-urlencoded or multipart/form-data");
}

void throw_bad_form(std::string_view name, std::string_view what, std::string_view expected) {
  std::string detail = "the form's field \"" + std::string(name) + "\" " + std::string(what);
  if (!expected.empty()) detail += " " + std::string(expected);
  throw problem::bad_request(std::move(detail)).with("field", name);
}

const form_part* single_part(const std::vector<form_part>& all, std::string_view name) {
  const form_part* found = nullptr;
  for (const auto& part : all) {
    if (part.name != name) continue;
    if (found != nullptr) throw_bad_form(name, "is there more than once");
    found = &part;
  }
  return found;
}

}  // namespace mutual::detail
