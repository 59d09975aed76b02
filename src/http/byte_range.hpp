#pragma once
// Range requests (RFC 9110 section 14).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::http {

/// Bytes of something: `length` of them from `first` on.
struct byte_span {
  std::uint64_t first = 0;
  std::uint64_t length = 0;

  bool operator==(const byte_span&) const = default;
};

/// The most ranges that one request is given.
inline constexpr std::size_t most_ranges = 16;

/// What a Range asks for.
struct range_request {
  enum class meaning {
    none,           ///< Nothing that counts: answer with the whole.
    spans,          ///< 206 with these.
    unsatisfiable,  ///< 416: none of it is there.
  };
  meaning what = meaning::none;
  std::vector<byte_span> spans;  ///< In the order they were asked for, none empty, each within the whole.
};

/// Reads the value of Range for something of `size` bytes. Left out, as RFC 9110 section 14.2 has it: another unit than
/// bytes, a value that is not one, any of nothing (Content-Range could not name it), and what is asked for only to make
/// work: more than `most_ranges`, or any two that overlap.
range_request read_range(std::string_view value, std::uint64_t size);

/// "bytes 0-99/1000", for Content-Range.
std::string content_range(const byte_span& span, std::uint64_t size);

}  // namespace mutual::http
