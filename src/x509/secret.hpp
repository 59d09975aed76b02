#pragma once
// secret: text that is wiped from memory when it goes.

#include <string>
#include <string_view>
#include <utility>

namespace mutual::x509 {

/// Owns a password or a private key's text, and overwrites it when destroyed, moved from or assigned to. It has no
/// stream or format operator, so it does not reach a log by accident.
class secret {
 public:
  secret() = default;
  explicit secret(std::string_view text) : text_(text) {}
  /// Takes the text over and wipes the string it came in.
  explicit secret(std::string&& text) noexcept { text_.swap(text), wipe(text); }
  secret(secret&& other) noexcept { text_.swap(other.text_), wipe(other.text_); }
  secret& operator=(secret&& other) noexcept;
  secret(const secret&) = default;
  secret& operator=(const secret& other) {
    if (this != &other) wipe(text_), text_ = other.text_;
    return *this;
  }
  ~secret();

  std::string_view view() const { return text_; }
  const char* c_str() const { return text_.c_str(); }
  bool empty() const { return text_.empty(); }
  std::size_t size() const { return text_.size(); }

 private:
  static void wipe(std::string& text) noexcept;
  void let_go() noexcept;

  std::string text_;
};

}  // namespace mutual::x509
