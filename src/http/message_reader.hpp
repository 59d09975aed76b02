#pragma once
// message_reader: what reading a request and reading a response have in common.

#include "http/framing.hpp"
#include "http/grammar.hpp"
#include "http/limits.hpp"
#include "http/line_buffer.hpp"
#include "http/parse.hpp"
#include "http/witness.hpp"

#include <mutual/fields.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mutual::http {

/// Lines, fields and bodies, read strictly and shown to the witness. The two parsers put start lines and the choice of
/// framing on top. Every `false` and every `failed` leaves a failure.
class message_reader {
 public:
  message_reader(witness::kind what, const limits& bounds) : limits_(bounds), witness_(what) { reset(); }

  /// Takes one line of the head off `bytes`; `line` gets it without its CRLF. More than is left for the head is 431.
  line_buffer::outcome head_line(std::string_view& bytes, std::string_view& line);

  /// As head_line, for a start line of at most `limit` bytes; what to say of a longer one is left to the caller.
  line_buffer::outcome start_line(std::string_view& bytes, std::size_t limit, std::string_view& line);

  /// Shows the witness the line that was just taken.
  const witness::sighting& see_line() { return witness_.see(raw_); }

  /// Remembers the version that the start line gave: HTTP/1.x.
  void set_version(int minor) { version_minor_ = static_cast<std::uint8_t>(minor); }

  /// Reads the line that was just taken as a field, adds it to `into`, and gives it in `read` (views into `line`).
  bool read_field(std::string_view line, fields& into, fields::field& read);

  /// Whether a field of that name has been read (in the head or the trailer).
  bool has(known_field which) const { return (known_ & static_cast<unsigned>(which)) != 0; }

  /// What the fields read so far say of the body.
  const framing& said() const { return said_; }

  /// Ends the head, whose blank line was just taken. With `no_body` there is no body whatever the fields say (an answer
  /// to HEAD); if they say nothing it is `otherwise`.
  bool end_head(bool no_body, body_kind otherwise);

  /// Reads the body that end_head announced: appends its content to `into`, its trailers to `trailers`. `done` at its
  /// end, and at once if there is none.
  parse_state read_body(std::string_view& bytes, std::string& into, fields& trailers);

  /// Whether the message ends well if the connection ends now.
  bool ends_here() const { return phase_ == phase::complete || kind_ == body_kind::until_close; }

  /// Lowers the limit for this message's body, of which nothing has come yet. False, with a failure, if the head says
  /// that the body is larger.
  bool limit_body(std::size_t bytes);

  /// Leaves a failure; always false.
  bool fail(int status, std::string detail);

  const parse_failure& failure() const { return failure_; }
  witness& second() { return witness_; }
  const limits& bounds() const { return limits_; }
  body_kind kind() const { return kind_; }
  std::string_view partial_line() const { return lines_.partial(); }

  /// Ready for the next message.
  void reset();

 private:
  enum class phase : std::uint8_t { head, data, chunk_line, chunk_data, chunk_end, trailer, complete };

  bool read_framing(std::string_view line, const fields& all);
  bool agrees_on_end(const witness::sighting& seen, bool ended);
  bool fail_too_long();
  bool read_chunk_line(std::string_view line);
  bool read_trailer(std::string_view line, fields& trailers);
  bool fail_body_size();
  bool take_data(std::string_view& bytes, std::string& into);
  bool take_body_line(std::string_view& bytes, std::size_t limit, std::string_view& line, bool& whole);
  bool step_body(std::string_view& bytes, std::string& into, fields& trailers, bool& starved);

  limits limits_;
  line_buffer lines_;
  witness witness_;
  parse_failure failure_;
  std::string_view raw_;        // The line just taken, with its CRLF.
  std::size_t lines_left_ = 0;  // Bytes for the head, and after it for the trailer.
  std::size_t field_count_ = 0;
  std::uint64_t data_left_ = 0;  // Of the body, or of the chunk.
  std::size_t body_limit_ = 0;
  std::uint64_t body_left_ = 0;  // Until the limit.
  framing said_;
  std::uint16_t known_ = 0;  // known_field bits.
  std::uint8_t version_minor_ = 1;
  body_kind kind_ = body_kind::none;
  phase phase_ = phase::head;
};

}  // namespace mutual::http
