#pragma once
// request_parser: requests out of bytes.

#include "http/limits.hpp"
#include "http/message_reader.hpp"
#include "http/parse.hpp"

#include <mutual/request.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mutual::http {

/// Reads HTTP/1.0 and HTTP/1.1 requests, one after another, without input or output. It accepts only what RFC 9112 lets
/// a sender generate, with one exception (one empty line before a request), so that no proxy in front of us can have
/// read a request differently. docs/http-strictness.md lists the rules. Not thread-safe.
class request_parser {
 public:
  using step = parse_step;

  explicit request_parser(const limits& bounds = {}) : reader_(witness::kind::request, bounds) {}

  /// Takes bytes of the message. Stops once after its head (`head_done`), so that the caller can answer Expect or
  /// refuse early, and after its end (`done`); bytes beyond belong to the next message and are not consumed. After
  /// `head_done` feed again at once, also with no bytes: a message without a body is done then. After `done` and
  /// `failed` nothing more is taken until reset().
  step feed(std::string_view bytes);

  /// The message: its head from `head_done` on, its body and trailers whole at `done`. May be moved from. An
  /// absolute-form target ("http://host/path") has become origin-form ("/path"): its authority is Host's. After a
  /// failure it holds what had been read, which may serve a log. `connection` is the caller's, and left as it is.
  request& message() { return message_; }

  /// Why the message was refused; of meaning after `failed`.
  const parse_failure& failure() const { return reader_.failure(); }

  /// Nothing of a message has arrived (the empty line that may precede one does not count).
  bool idle() const;

  /// Whether the client wants the connection to go on after this message: HTTP/1.1 unless it says close, HTTP/1.0 only
  /// if it says keep-alive. False before the head is whole and after a failure.
  bool keep_alive() const;

  /// The client waits for 100 (Continue) before it sends the body. Valid from `head_done` on.
  bool expects_continue() const { return expects_continue_ && has_body(); }

  /// A body of at least one chunk line or one byte follows the head. Valid from `head_done` on.
  bool has_body() const { return reader_.kind() != body_kind::none; }

  /// Lowers the limit for this message's body, at `head_done`. False, with a failure, if the head says that the body is
  /// larger.
  bool limit_body(std::size_t bytes);

  /// Ready for the next message: keeps small buffers, gives large ones back.
  void reset();

 private:
  enum class phase : std::uint8_t { start, fields, body, failed };

  parse_state advance(std::string_view& bytes);
  bool read_start(std::string_view& bytes, bool& starved);
  bool read_request_line(std::string_view line);
  bool target_too_long();
  void keep_for_the_log(std::string_view line, std::string_view more);
  bool read_target(std::string_view target);
  bool read_head_line(std::string_view& bytes, bool& starved);
  bool end_head();
  bool judge_host();
  bool judge_expect();

  message_reader reader_;
  request message_;
  bool expects_continue_ = false;
  bool keep_ = false;
  bool skipped_line_ = false;
  phase phase_ = phase::start;
};

}  // namespace mutual::http
