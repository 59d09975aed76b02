#pragma once
// shell_word: any text as one word of a shell.

#include <string>
#include <string_view>

namespace mutual::text {

/// The text as a POSIX shell takes it for one word of these very characters, whatever it holds (but for NULs, which no
/// word can have): as it is if it is plain, else in single quotes. For commands that somebody is to copy.
std::string shell_word(std::string_view word);

}  // namespace mutual::text
