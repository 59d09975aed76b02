#pragma once
// The access log: one line a request, which names who sent it.

#include "base/clock.hpp"

#include <mutual/app.hpp>
#include <mutual/request.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace mutual {

/// A request that was answered: its line and its connection, and what came of it.
struct access {
  const request& asked;
  sys_seconds when;  ///< The end of the answer.
  int status = 0;
  std::size_t body_bytes = 0;
  std::chrono::nanoseconds took{};
  bool incomplete = false;  ///< Not all of the answer was sent.
};

/// `2026-11-23T14:05:00Z 127.0.0.1 alice 9f86d081884c7d65 "GET /books?page=2 HTTP/1.1" 200 1234 0.3ms`, and after it,
/// where there is one, "incomplete", the reason of a refusal with what denied it, or a failure's id. The peer is named
/// by its name and the first 16 hex digits of its certificate's SHA-256: two authorities may both know an alice. A
/// client that has not said who it is, is "- -", and so is a status that there never was (0); a name that is no single
/// word is in quotes. What the client wrote is made printable and cut to a length.
std::string access_line(const access& what, std::string_view notes);

/// What a handling left to say, for the end of the line; empty if there is nothing.
std::string access_notes(const handling& notes);

}  // namespace mutual
