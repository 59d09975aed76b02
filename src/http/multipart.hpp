#pragma once
// multipart/form-data (RFC 7578, RFC 2046 section 5.1), read piece by piece, without input or output.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mutual::http {

/// The boundary that a Content-Type names, if it is that of a multipart/form-data; nothing if it is not, or if its
/// boundary is none (RFC 2046 section 5.1.1: 1 to 70 characters).
std::optional<std::string> form_boundary(std::string_view content_type);

/// What a body may be.
struct multipart_limits {
  std::size_t parts = 100;
  std::size_t head_bytes = std::size_t{4} * 1024;     ///< Of one part's fields.
  std::size_t part_bytes = std::size_t{1024} * 1024;  ///< Of one part's content.
};

/// What a part says of itself.
struct part_head {
  std::string name;                      ///< Of the form's field.
  std::optional<std::string> file_name;  ///< What the client calls the file, without any folder: words, not a path.
  std::string content_type;              ///< As it was sent; "text/plain" if it was not.
};

/// One body on its way. Strict: no words before the first boundary or after the last, lines end in CRLF, every part is
/// a form's, none is a multipart itself or in a transfer encoding. Not thread-safe.
class multipart_parser {
 public:
  enum class event {
    need_more,  ///< The piece has been read: go on with the next.
    part,       ///< A part begins: see head().
    data,       ///< Some of its content: see data().
    part_end,   ///< It has ended.
    end,        ///< The body has ended well; nothing may follow.
    failed,     ///< It is no such body, or a limit was passed: see failure().
  };

  multipart_parser(std::string_view boundary, const multipart_limits& limits);

  /// Reads on in `piece`, and takes off it what it has read, until something is to be told.
  event next(std::string_view& piece);

  /// Whether the body may end here. One that does not has broken off.
  bool ended() const { return state_ == state::epilogue && held_.size() != 1; }

  const part_head& head() const { return head_; }
  /// Bytes of `piece`, or of the parser, until the next call.
  std::string_view data() const { return data_; }
  /// What is wrong, as a sentence; and whether it is too much of something.
  std::string_view failure() const { return failure_; }
  bool is_too_large() const { return too_large_; }

 private:
  enum class state { start, boundary_tail, fields, content, epilogue, failed };

  event fail(std::string_view why, bool too_large = false);
  event read_line_ends(std::string_view& piece);
  event read_fields(std::string_view& piece);
  event read_content(std::string_view& piece);
  event give(std::string_view bytes);
  event begin_part();

  std::string delimiter_;  // CRLF, two hyphens, the boundary
  multipart_limits limits_;
  state state_ = state::start;
  std::string held_;   // what may be the beginning of a delimiter, or of fields
  std::string given_;  // held bytes that turned out to be content
  part_head head_;
  std::string_view data_, failure_;
  std::size_t parts_ = 0, part_bytes_ = 0;
  bool too_large_ = false;
};

}  // namespace mutual::http
