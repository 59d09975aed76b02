#pragma once
// witness: what llhttp reads in the bytes that we have read ourselves.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace mutual::http {

/// A second reader of a message: llhttp, the parser of Node.js. Our parsers show it every byte after their own,
/// stricter reading, and refuse a message that it reads otherwise. So a message that reaches a handler has been read
/// alike by two parsers that share no code, whichever version of llhttp the system has; no leniency of it is ever
/// switched on.
class witness {
 public:
  enum class kind : std::uint8_t { request, response };

  /// How llhttp says that the body is framed.
  struct framing {
    bool has_length = false;
    bool chunked = false;
    std::uint64_t length = 0;
  };

  /// What llhttp met in the bytes that it was shown last. Views are into those bytes.
  struct sighting {
    std::string_view target;
    std::string_view name;
    std::string_view value;
    std::size_t names = 0;   ///< How many fields began: one a line.
    std::size_t values = 0;  ///< How many pieces the last one's value has: never more than one.
    std::size_t body_bytes = 0;
    std::uint64_t chunk = 0;  ///< The size of the chunk that was announced.
    bool head_end = false;
    framing body;  ///< Of meaning with `head_end`.
    bool message_end = false;
    const char* error = nullptr;  ///< Why it refused them; null if it did not.
  };

  explicit witness(kind what) : kind_(what) {}

  /// Shows it bytes: a line with its CRLF, or part of a body. Its state is allocated by the first call.
  const sighting& see(std::string_view bytes);

  /// The method that it read, by its name.
  std::string_view method() const;
  int version_minor() const;
  int status() const;

  /// The message whose head comes has no body, whatever its fields say: an answer to HEAD.
  void expect_no_body(bool none) { no_body_ = none; }

  /// Makes it ready for the next message.
  void reset();

  struct state;
  struct state_deleter {
    void operator()(state* which) const;
  };

 private:
  std::unique_ptr<state, state_deleter> state_;
  kind kind_;
  bool no_body_ = false;
};

}  // namespace mutual::http
