#pragma once
// exposition: numbers in Prometheus' text format, version 0.0.4.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace mutual {

inline constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";

/// Writes families one after another: what each is, then its samples.
class exposition {
 public:
  using labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// Begins a family. `kind` is "counter", whose name ends in _total, or "gauge"; `help` is one line without
  /// backslashes.
  void family(std::string_view name, std::string_view kind, std::string_view help);
  /// A sample of the family that was begun last. Labels' values may be any text.
  void sample(std::int64_t value, labels of = {});

  std::string take() { return std::move(text_); }

 private:
  std::string name_, text_;
};

}  // namespace mutual
