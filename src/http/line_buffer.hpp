#pragma once
// line_buffer: whole lines out of pieces.

#include <cstddef>
#include <string>
#include <string_view>

namespace mutual::http {

/// Empties a string that is used again and again, and gives its memory back if that is more than `keep_bytes`.
void clear_and_shrink(std::string& text, std::size_t keep_bytes);

/// Gives lines that end in CRLF. A line that lies whole in the bytes given is handed out where it is; only one that
/// arrives in pieces is copied.
class line_buffer {
 public:
  enum class outcome {
    line,       ///< `line` is whole.
    need_more,  ///< All bytes are taken and the line is not whole.
    bare_lf,    ///< A line ends in LF without CR before it.
    too_long,   ///< The line is longer than the limit.
  };

  /// Takes one line off the front of `bytes`. `line` gets it with its CRLF and is valid until the next call, and as
  /// long as the bytes are. A line of more than `limit` bytes, CRLF counted, is too long.
  outcome take(std::string_view& bytes, std::size_t limit, std::string_view& line);

  /// What has arrived of a line that is not whole.
  std::string_view partial() const { return handed_out_ ? std::string_view() : std::string_view(kept_); }

  /// Forgets everything and gives memory back unless it is small.
  void reset();

 private:
  std::string kept_;
  bool handed_out_ = false;
};

}  // namespace mutual::http
