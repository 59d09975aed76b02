#pragma once
// fields: the header (or trailer) of an HTTP message.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual {

/// An ordered list of HTTP fields (RFC 9110 section 5). Names compare without regard to case and keep the case they
/// were given. Views it gives live until it is next changed.
class fields {
 public:
  struct field {
    std::string_view name;
    std::string_view value;
  };

  /// Adds a field after the others, also if there is one of that name.
  void add(std::string_view name, std::string_view value);

  /// Makes this the only field of that name.
  void set(std::string_view name, std::string_view value);

  /// Takes away every field of that name; says how many there were.
  std::size_t remove(std::string_view name);

  void clear();

  /// As clear(), and gives memory back if it is more than about `keep_bytes`: for one that is used again and again.
  void clear_and_shrink(std::size_t keep_bytes);

  /// The first value of that name.
  std::optional<std::string_view> get(std::string_view name) const;

  /// All values of that name, in order.
  std::vector<std::string_view> get_all(std::string_view name) const;

  /// How many fields have that name.
  std::size_t count(std::string_view name) const;

  bool contains(std::string_view name) const { return get(name).has_value(); }

  /// Whether a comma-separated list field holds that token, without regard to case ("close" in Connection).
  bool has_token(std::string_view name, std::string_view token) const;

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  field operator[](std::size_t index) const;

 private:
  // One string holds all names and values one after another: one allocation a message, not two a field.
  // 32-bit places: what a connection keeps while it waits should be small.
  struct entry {
    std::uint32_t name_at, name_size, value_at, value_size;
  };
  entry store(std::string_view name, std::string_view value);
  std::string_view name_of(const entry& each) const { return {text_.data() + each.name_at, each.name_size}; }
  std::string_view value_of(const entry& each) const { return {text_.data() + each.value_at, each.value_size}; }

  std::string text_;
  std::vector<entry> entries_;
};

}  // namespace mutual
