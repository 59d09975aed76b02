// Parts of paths and queries: escapes, numbers and UUIDs. Held to: what is taken comes back when it is written.

#include "base/percent.hpp"
#include "base/text.hpp"

#include <mutual/parameter.hpp>
#include <mutual/uuid.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace mutual;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class Number>
void number(std::string_view text) {
  const auto read = parameter<Number>::parse(text);
  if (read) require(parameter<Number>::parse(std::to_string(*read)) == read);
}

void escapes(std::string_view text) {
  require(text::percent_decoded(text::percent_encoded(text)) == std::string(text));
  for (const bool plus_is_space : {false, true}) {
    const auto read = text::percent_decoded(text, plus_is_space);
    if (!read) continue;
    require(read->size() <= text.size());
    require(text::percent_decoded(text::percent_encoded(*read), plus_is_space) == read);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  escapes(text);
  number<std::int8_t>(text);
  number<std::uint16_t>(text);
  number<long long>(text);
  number<unsigned long long>(text);
  if (const auto real = parameter<double>::parse(text)) require(*real - *real == 0);
  if (const auto id = uuid::parse(text)) require(id->text().size() == 36 && uuid::parse(id->text()) == id);
  return 0;
}
