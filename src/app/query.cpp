#include <mutual/problem.hpp>
#include <mutual/query.hpp>

namespace mutual::detail {

std::vector<std::string_view> query_values(const query_list& all, std::string_view name) {
  std::vector<std::string_view> out;
  for (const auto& [key, value] : all) {
    if (key == name) out.emplace_back(value);
  }
  return out;
}

void throw_bad_query(std::string_view name, std::string_view what, std::string_view expected) {
  std::string detail = "the query parameter \"" + std::string(name) + "\" " + std::string(what);
  if (!expected.empty()) detail += " " + std::string(expected);
  throw problem::bad_request(std::move(detail)).with("parameter", name);
}

}  // namespace mutual::detail
