#include "http/line_buffer.hpp"

namespace mutual::http {

void clear_and_shrink(std::string& text, std::size_t keep_bytes) {
  // A swap: assigning an empty string would keep the memory.
  if (text.capacity() > keep_bytes) std::string().swap(text);
  text.clear();
}

line_buffer::outcome line_buffer::take(std::string_view& bytes, std::size_t limit, std::string_view& line) {
  if (handed_out_) {
    kept_.clear();
    handed_out_ = false;
  }
  const auto lf = bytes.find('\n');
  const auto taken = lf == std::string_view::npos ? bytes.size() : lf + 1;
  // The same length is refused at the same point however the bytes were cut, and before any of them is kept.
  if (taken > limit || kept_.size() > limit - taken) return outcome::too_long;
  if (lf == std::string_view::npos) {
    kept_.append(bytes);
    bytes.remove_prefix(taken);
    return outcome::need_more;
  }
  if (kept_.empty()) {
    line = bytes.substr(0, taken);
  } else {
    kept_.append(bytes.substr(0, taken));
    handed_out_ = true;
    line = kept_;
  }
  bytes.remove_prefix(taken);
  return line.size() >= 2 && line[line.size() - 2] == '\r' ? outcome::line : outcome::bare_lf;
}

void line_buffer::reset() {
  handed_out_ = false;
  clear_and_shrink(kept_, 128);
}

}  // namespace mutual::http
