// Lists of entity tags and the fields that hold them, a line a field. Held to: a tag that was read is one when it is
// written; what a list of If-None-Match names is known, and nothing else; If-Range takes what is strong alone.

#include "http/entity_tag.hpp"
#include "http/precondition.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using mutual::http::entity_tag;
using mutual::http::precondition;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string written(const entity_tag& tag) { return (tag.weak ? "W/\"" : "\"") + std::string(tag.opaque) + "\""; }

mutual::request asked(std::string_view name, const std::vector<std::string_view>& values) {
  mutual::request out;
  for (const auto value : values) out.headers.add(name, value);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> values;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    values.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (values.empty()) return 0;
  const auto list = mutual::http::read_entity_tags(values);
  const mutual::http::validators unknown{"\"none of\x7fthese\"", {}};
  if (!list) {
    require(judge_preconditions(asked("If-Match", values), unknown) == precondition::failed);
    require(judge_preconditions(asked("If-None-Match", values), unknown) == precondition::holds);
    return 0;
  }
  require(list->any == list->tags.empty() && list->tags.size() <= 256);
  for (const auto& tag : list->tags) {
    const auto text_of = written(tag);
    require(mutual::http::read_entity_tag(text_of) == tag);
    const mutual::http::validators state{text_of, {}};
    require(judge_preconditions(asked("If-None-Match", values), state) == precondition::not_modified);
    require(range_counts(asked("If-Range", {text_of}), state) == !tag.weak);
  }
  return 0;
}
