#pragma once
// free_text: sentences of people that go into the log of acts.

#include <mutual/result.hpp>

#include <cstddef>
#include <string_view>

namespace mutual::authority {

/// How many bytes a sentence for the log may have.
inline constexpr std::size_t longest_reason = 1024;
/// How many a text of the log may have in all, with what we say around such a sentence.
inline constexpr std::size_t longest_log_text = 8192;

/// An error (bad_usage) unless the text is of that many bytes at most, in UTF-8 (RFC 3629), and of one line: without
/// control characters, which would do something to the terminal of whoever reads the log. Both databases take it then.
result<> check_free_text(std::string_view text, std::size_t most = longest_reason);

}  // namespace mutual::authority
