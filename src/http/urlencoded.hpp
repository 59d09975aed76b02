#pragma once
// application/x-www-form-urlencoded, read piece by piece, without input or output.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mutual::http {

/// One body on its way: "title=Dune&year=1965". Strict: escapes are whole, and what they give is UTF-8 without NUL. Not
/// thread-safe.
class urlencoded_parser {
 public:
  /// Takes `fields` fields at most, each of `field_bytes` at most as they are sent.
  urlencoded_parser(std::size_t fields, std::size_t field_bytes) : fields_(fields), field_bytes_(field_bytes) {}

  /// Reads on; false if the body is none, or a limit was passed: see failure().
  bool feed(std::string_view piece);

  /// Ends the body; false as for feed().
  bool end();

  /// The fields so far, decoded, in order.
  std::vector<std::pair<std::string, std::string>>& fields() { return out_; }

  std::string_view failure() const { return failure_; }
  bool is_too_large() const { return too_large_; }

 private:
  bool fail(std::string_view why, bool too_large = false);

  std::size_t fields_, field_bytes_;
  std::string held_;
  std::vector<std::pair<std::string, std::string>> out_;
  std::string_view failure_;
  bool too_large_ = false;
};

}  // namespace mutual::http
