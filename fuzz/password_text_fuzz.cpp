// Passwords: the bytes are a file with one, and what somebody types. Held to: what is taken is the whole of the first
// line, and fits into C's strings; what is refused is refused without telling it; of what is typed, nothing counts but
// what has not been taken back.

#include "x509/password_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace mutual::x509;
using step = typed_line::step;

void require(bool holds) {
  if (!holds) std::abort();
}

void in_a_file(std::string_view contents) {
  const auto read = password_in(contents, "input");
  if (!read) {
    const auto& said = read.error().message();
    require(said.find("input") != std::string::npos && said.size() < 100 && said.find('\n') == std::string::npos);
    const auto line = first_line(contents);
    require(line.empty() || line.size() > longest_password || line.find('\0') != std::string_view::npos ||
            line.ends_with('\r'));
    return;
  }
  const auto line = read->view();
  require(!line.empty() && line.size() <= longest_password && contents.starts_with(line));
  require(line.find('\n') == std::string_view::npos && line.find('\0') == std::string_view::npos);
  const auto rest = contents.substr(line.size());
  require(rest.empty() || rest == "\r" || rest.starts_with("\n") || rest.starts_with("\r\n"));
  for (const char* behind : {"\n", "\r\n", "\nanother\n"}) {
    const auto again = password_in(std::string(line) + behind, "input");
    require(again && again->view() == line);
  }
}

// Types it, as far as it is read.
step type(typed_line& line, std::string_view& keys) {
  auto reached = step::more;
  while (reached == step::more && !keys.empty()) {
    reached = line.take(keys.front());
    keys.remove_prefix(1);
  }
  return reached;
}

void on_a_terminal(std::string_view keys) {
  typed_line line;
  auto left = keys;
  const auto reached = type(line, left);
  require(line.view().size() <= longest_password + 1 &&
          line.view().find_first_of("\n\r\x03") == std::string_view::npos);
  require(line.view().find_first_of("\x08\x15\x7F") == std::string_view::npos);
  const auto read = keys.substr(0, keys.size() - left.size());
  // What was typed before all was taken back is as if it had not been typed.
  if (const auto all = read.rfind('\x15'); all != std::string_view::npos) {
    typed_line other;
    auto rest = read.substr(all + 1);
    require(type(other, rest) == reached && other.view() == line.view());
  }
  if (reached != step::more || line.view().size() + 4 > longest_password) return;
  const std::string before(line.view());
  for (const std::string_view character : {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x94\x91"}) {
    auto there = character;
    require(type(line, there) == step::more && line.view() == before + std::string(character));
    require(line.take('\x7F') == step::more && line.view() == before);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  in_a_file(bytes);
  on_a_terminal(bytes);
  return 0;
}
