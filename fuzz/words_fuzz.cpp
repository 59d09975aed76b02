// Parts of paths and queries: escapes, numbers and UUIDs; and words for a shell. Held to: what is taken comes back when
// it is written; a shell makes of a word what it was made of, and does nothing.

#include "base/characters.hpp"
#include "base/percent.hpp"
#include "base/shell_word.hpp"
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

// POSIX.1-2017, XCU section 2.2: what is in single quotes is itself, as is what follows a backslash; all else but these
// could be something else to some shell.
void shell(std::string_view text) {
  constexpr std::string_view plain = "_@%+=:,./-";
  const auto word = text::shell_word(text);
  std::string read;
  for (std::size_t at = 0; at < word.size(); ++at) {
    if (word[at] == '\'') {
      const auto end = word.find('\'', at + 1);
      require(end != std::string::npos);
      read += word.substr(at + 1, end - at - 1);
      at = end;
    } else if (word[at] == '\\') {
      require(++at < word.size() && word[at] != '\n');
      read += word[at];
    } else {
      require(text::is_letter_or_digit(word[at]) || plain.find(word[at]) != std::string_view::npos);
      read += word[at];
    }
  }
  require(!word.empty() && read == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  escapes(text);
  shell(text);
  number<std::int8_t>(text);
  number<std::uint16_t>(text);
  number<long long>(text);
  number<unsigned long long>(text);
  if (const auto real = parameter<double>::parse(text)) require(*real - *real == 0);
  if (const auto id = uuid::parse(text)) require(id->text().size() == 36 && uuid::parse(id->text()) == id);
  return 0;
}
