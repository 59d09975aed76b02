#include "x509/password_text.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

namespace mutual::x509 {
namespace {

// Takes the last character away, with all the bytes that it has in UTF-8.
void erase_last(std::string& line) {
  const auto is_rest = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  while (!line.empty() && is_rest(line.back())) line.pop_back();
  if (!line.empty()) line.pop_back();
}

}  // namespace

std::string_view first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

result<secret> checked_password(std::string_view text, std::string_view what) {
  if (text.size() > longest_password) {
    return error(errc::bad_input, fmt::format("a {} has at most {} bytes", what, longest_password));
  }
  if (text.find('\0') != std::string_view::npos) {
    return error(errc::bad_input, fmt::format("a {} cannot hold a NUL byte", what));
  }
  return secret(text);
}

result<secret> password_in(std::string_view contents, std::string_view where, std::string_view what) {
  const auto line = first_line(contents);
  if (line.empty()) {
    return error(errc::bad_input, fmt::format("{} holds no {}: its first line is empty", where, what));
  }
  // No keyboard makes one, so nobody could type this password: it is an editor's or a conversion's.
  if (line.ends_with('\r')) {
    return error(errc::bad_input, fmt::format("the first line of {} ends in carriage returns: save it with plain "
                                              "line ends",
                                              where));
  }
  auto checked = checked_password(line, what);
  if (!checked) return checked.error().in(where);
  return checked;
}

typed_line::~typed_line() {
  // What was taken back lies behind the end.
  line_.resize(line_.capacity());
  OPENSSL_cleanse(line_.data(), line_.size());
}

typed_line::step typed_line::take(char c) {
  constexpr char interrupt = 0x03, end = 0x04, backspace = 0x08, kill = 0x15, erase = 0x7F;
  if (c == '\n' || c == '\r') return step::done;
  if (c == interrupt || (c == end && line_.empty())) return step::given_up;
  if (c == backspace || c == erase) {
    erase_last(line_);
  } else if (c == kill) {
    line_.clear();
  } else {
    line_ += c;
  }
  return line_.size() > longest_password ? step::done : step::more;
}

}  // namespace mutual::x509
