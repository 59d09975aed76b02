#pragma once
// The access log: one line a request, which names who sent it.

#include <mutual/app.hpp>
#include <mutual/request.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace mutual {

/// "127.0.0.1 alice "GET /books?page=2 HTTP/1.1" 200 1234 0.3ms", and after it, where there is one, the reason of a
/// refusal with what denied it, or a failure's id. A client that has not said who it is, is "-"; a name that is no
/// single word is in quotes. What the client wrote is made printable and cut to a length.
std::string access_line(const request& asked, int status, std::size_t body_bytes, std::chrono::nanoseconds took,
                        std::string_view notes);

/// What a handling left to say, for the end of the line; empty if there is nothing.
std::string access_notes(const handling& notes);

}  // namespace mutual
