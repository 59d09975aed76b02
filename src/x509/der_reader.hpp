#pragma once
// der_reader: DER elements one after another, with nothing decoded and nothing copied.

#include <cstddef>
#include <optional>
#include <string_view>

namespace mutual::x509 {

/// One element: its tag, its contents, and the whole of it.
struct der_element {
  unsigned char tag = 0;
  std::string_view contents;
  std::string_view whole;
};

/// Takes elements off the front of `rest_`. Only what DER allows (X.690 section 10.1: definite and minimal lengths),
/// and only tags of one octet, which is all that revocation lists have.
class der_reader {
 public:
  explicit der_reader(std::string_view bytes) : rest_(bytes) {}

  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  /// The tag of the next element; 0 if there is none.
  unsigned char next_tag() const { return rest_.empty() ? 0 : static_cast<unsigned char>(rest_[0]); }

  /// The next element; nothing if it is malformed or cut off, and then nothing is taken.
  std::optional<der_element> take() {
    if (rest_.size() < 2 || (next_tag() & 0x1FU) == 0x1FU) return std::nullopt;
    std::size_t at = 2;
    std::size_t length = static_cast<unsigned char>(rest_[1]);
    if (length >= 0x80) {
      const std::size_t octets = length & 0x7FU;
      if (octets == 0 || octets > 4 || rest_.size() < 2 + octets) return std::nullopt;
      length = 0;
      for (; at < 2 + octets; ++at) length = length << 8U | static_cast<unsigned char>(rest_[at]);
      const bool is_minimal = rest_[2] != '\0' && length >= 0x80;
      if (!is_minimal) return std::nullopt;
    }
    if (rest_.size() - at < length) return std::nullopt;
    der_element out{next_tag(), rest_.substr(at, length), rest_.substr(0, at + length)};
    rest_.remove_prefix(at + length);
    return out;
  }

  /// The next element's contents if it has that tag.
  std::optional<std::string_view> take(unsigned char tag) {
    if (next_tag() != tag) return std::nullopt;
    const auto one = take();
    return one ? std::optional(one->contents) : std::nullopt;
  }

 private:
  std::string_view rest_;
};

}  // namespace mutual::x509
