#pragma once
// Answers of the server's own, where no handler gives one.

#include <mutual/response.hpp>

#include <string_view>

namespace mutual::http {

/// A problem (RFC 9457) with that status and that sentence.
response own_answer(int status, std::string_view detail);

}  // namespace mutual::http
