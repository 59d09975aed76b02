#pragma once
// h2_request: requests out of HTTP/2's fields and data.

#include "http/limits.hpp"
#include "http/parse.hpp"

#include <mutual/request.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mutual::http {

/// Puts a request together from what an HTTP/2 stream brings (RFC 9113 section 8.3), as strictly as request_parser
/// reads HTTP/1.1, and into the same shape: what is in ":authority" is the Host field, cookies are one field. It does
/// no input or output. The first failure stays; nothing is kept of what comes after it.
class h2_request {
 public:
  /// `secure`: the connection is under TLS, and its requests say so.
  h2_request(const limits& bounds, bool secure) : bounds_(bounds), secure_(secure) {
    message_.version_major = 2;
    message_.version_minor = 0;
    message_.method.clear();
    message_.target.clear();
  }

  /// Takes a field of the head, pseudo-header fields included, as it came.
  void head_field(std::string_view name, std::string_view value);
  /// Ends the head. `more`: a body or a trailer follows.
  void end_head(bool more);
  /// Lowers the limit for the body, of which nothing has come yet.
  void limit_body(std::size_t bytes);
  /// The body is wanted in pieces, which take_piece() gives: it is not put together.
  void in_pieces() { in_pieces_ = true; }
  /// What has come of such a body and has not been taken yet.
  std::string take_piece();
  /// Takes a piece of the body.
  void data(std::string_view piece);
  /// Takes a field of the trailer.
  void trailer_field(std::string_view name, std::string_view value);
  /// Ends the request.
  void end();
  /// Refuses it from outside: it was late.
  void fail(int status, std::string detail);

  /// Why it is refused, if it is.
  const std::optional<parse_failure>& failure() const { return failure_; }
  /// The head is whole and was not refused.
  bool head_is_whole() const { return phase_ != phase::head && !failure_; }
  /// It asks for a tunnel (RFC 8441), and looks as over HTTP/1.1: GET, and an Upgrade field that names the protocol.
  /// Its data are no body: they have no end that is known, and no limit.
  bool is_tunnel() const { return tunnel_; }
  /// The client waits for 100 (Continue) before it sends the body.
  bool expects_continue() const { return expects_continue_; }
  /// How much of the body has come.
  std::size_t body_bytes() const { return body_bytes_; }
  /// The request, whole after end(); after a failure what had been read, which may serve a log.
  request& message() { return message_; }

 private:
  enum class phase : std::uint8_t { head, body, ended };

  bool take_room(std::string_view name, std::string_view value, std::size_t& left, std::size_t limit, const char* what);
  void keep_for_the_log(std::string_view name, std::string_view value);
  void pseudo_field(std::string_view name, std::string_view value);
  void read_method(std::string_view value);
  void read_path(std::string_view value);
  void plain_field(std::string_view name, std::string_view value);
  void judge_host();
  void judge_tunnel();
  void judge_expect();
  void judge_target();

  limits bounds_;
  request message_;
  std::optional<parse_failure> failure_;
  std::string cookie_;
  std::string piece_;
  std::string scheme_;
  std::string protocol_;
  std::optional<std::uint64_t> length_;
  std::size_t head_left_ = bounds_.head_bytes;
  std::size_t trailer_left_ = bounds_.trailer_bytes;
  std::size_t field_count_ = 0;
  std::size_t body_limit_ = bounds_.body_bytes;
  std::size_t body_bytes_ = 0;
  bool secure_;
  bool connect_ = false;
  bool tunnel_ = false;
  bool method_seen_ = false;
  bool path_seen_ = false;
  bool authority_seen_ = false;
  bool host_seen_ = false;
  bool plain_seen_ = false;
  bool expects_continue_ = false;
  bool in_pieces_ = false;
  phase phase_ = phase::head;
};

}  // namespace mutual::http
