#pragma once
// Base64 (RFC 4648 section 4).

#include <optional>
#include <string>
#include <string_view>

namespace mutual::base64 {

/// The bytes in one line, padded.
std::string encode(std::string_view bytes);

/// The same with a line's end after every 64 characters and at the end, as PEM and MIME have it.
std::string encode_lines(std::string_view bytes);

/// The bytes that the text stands for. Nothing if it is not padded as it must be, has bits that stand for nothing, or
/// holds anything else than base64: one text for each sequence of bytes.
std::optional<std::string> decode(std::string_view text);

/// The same, put after what is in `out`; false, and `out` as it was, for what is nothing.
bool append_decoded(std::string_view text, std::string& out);

/// The same for text with spaces, tabs and line ends anywhere in it.
std::optional<std::string> decode_lines(std::string_view text);

}  // namespace mutual::base64
