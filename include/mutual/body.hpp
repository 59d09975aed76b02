#pragma once
// Bodies that come or go in pieces.

#include <mutual/task.hpp>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

namespace mutual {

/// Gives the next piece of a body, or nothing at its end. It is asked again only when the last piece has been dealt
/// with, so whoever is slow slows the other side, and memory stays flat.
///
/// Of a response: throwing ends the connection; the reader sees a cut-off body, never a short one that looks whole. Of
/// a request: it throws `body_error` if the rest of the body cannot be had.
using body_source = std::function<task<std::optional<std::string>>()>;

/// Thrown by what reads a request's body piece by piece when the rest cannot be had: it is larger than its route takes
/// (413), too slow (408), malformed, or the client has gone (400). Let through by a handler, it is what the client is
/// told; the connection ends in any case.
class body_error : public std::runtime_error {
 public:
  body_error(int code, const std::string& detail) : std::runtime_error(detail), status(code) {}

  int status = 400;
};

}  // namespace mutual
