#pragma once
// password_text: passwords and PINs as they come: in a file's first line, typed on a terminal, from the environment.

#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace mutual::x509 {

/// How many bytes a password may have.
inline constexpr std::size_t longest_password = 1024;

/// The text up to its first line feed, without the carriage return that may stand before that.
std::string_view first_line(std::string_view text);

/// The password, which may be empty; an error (bad_input) if it cannot be one: it is too long, or holds a NUL, behind
/// which those whom it is given to would read nothing, so that less would be protected by it than it seems. `what` says
/// what it is: "password", "PIN".
result<secret> checked_password(std::string_view text, std::string_view what = "password");

/// What the first line of a file holds. Errors (bad_input) name the file (`where`) and none of its contents: the line
/// is empty, ends in more than one carriage return, or cannot be a password.
result<secret> password_in(std::string_view contents, std::string_view where, std::string_view what = "password");

/// A line as it is typed, a byte at a time, and may be mended while it is: backspace takes back a character of UTF-8,
/// and ^U all of them.
class typed_line {
 public:
  enum class step { more, done, given_up };  // ^C gives it up, and ^D on an empty line.

  // So that it never moves and leaves a copy behind.
  typed_line() { line_.reserve(longest_password + 1); }
  typed_line(const typed_line&) = delete;
  typed_line& operator=(const typed_line&) = delete;
  ~typed_line();

  /// Takes a byte. Once it is longer than any password it is done. Not to be called again when it is done or given up.
  step take(char c);

  /// What has been typed.
  std::string_view view() const { return line_; }

 private:
  std::string line_;
};

}  // namespace mutual::x509
