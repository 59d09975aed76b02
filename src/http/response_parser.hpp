#pragma once
// response_parser: responses out of bytes, for clients and proxies.

#include "http/limits.hpp"
#include "http/message_reader.hpp"
#include "http/parse.hpp"

#include <mutual/response.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mutual::http {

/// Reads HTTP/1.0 and HTTP/1.1 responses, one after another, without input or output, as strictly as request_parser
/// reads requests. Interim responses (1xx) are skipped; 101 is refused, for we never ask to switch. Not thread-safe.
///
/// The body is given piece by piece: what take_body_piece() is not asked for is kept, so a caller who takes after each
/// feed() needs no more memory than it feeds.
class response_parser {
 public:
  using step = parse_step;

  explicit response_parser(const limits& bounds = {}) : reader_(witness::kind::response, bounds) {}

  /// Tells the method of the request that the next response answers: one to HEAD has no body. Before the first byte.
  void expect(std::string_view request_method) { to_head_ = request_method == "HEAD"; }

  /// Takes bytes of the message, as request_parser::feed does: `head_done` once, then `done` at its end. A failure's
  /// status is 502.
  step feed(std::string_view bytes);

  /// Tells that the connection has ended. `done` if that ends the response, `failed` if it cuts it off.
  parse_state finish();

  /// Status, fields and, unless taken by pieces, the body; valid from `head_done` on. May be moved from.
  response& message() { return message_; }

  /// Fields after a chunked body; whole at `done`.
  const fields& trailers() const { return trailers_; }

  /// HTTP/1.x of the response.
  int version_minor() const { return version_minor_; }

  /// What has come of the body since the last time; empty if nothing has.
  std::string take_body_piece();

  const parse_failure& failure() const { return reader_.failure(); }

  /// Nothing of a response has arrived.
  bool idle() const { return phase_ == phase::start && skipped_ == 0 && reader_.partial_line().empty(); }

  /// Whether the connection can be used for another request after this response.
  bool keep_alive() const;

  /// How the body is framed; valid from `head_done` on.
  body_kind kind() const { return reader_.kind(); }

  /// Ready for the next response: keeps small buffers, gives large ones back.
  void reset();

 private:
  enum class phase : std::uint8_t { start, fields, body, failed };

  parse_state advance(std::string_view& bytes);
  bool read_start(std::string_view& bytes, bool& starved);
  bool read_status_line(std::string_view line);
  bool read_head_line(std::string_view& bytes, bool& starved);
  bool end_head();
  bool skip_interim();

  message_reader reader_;
  response message_;
  fields trailers_;
  int version_minor_ = 1;
  std::uint8_t skipped_ = 0;
  bool to_head_ = false;
  bool keep_ = false;
  phase phase_ = phase::start;
};

}  // namespace mutual::http
