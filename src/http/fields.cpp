#include "base/text.hpp"

#include <mutual/fields.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace mutual {
namespace {

constexpr std::size_t first_text = 256;  // What a usual header needs, in one allocation.
constexpr std::size_t first_entries = 8;

}  // namespace

fields::entry fields::store(std::string_view name, std::string_view value) {
  const auto needed = text_.size() + name.size() + value.size();
  if (needed > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("HTTP fields of more than 4 GiB");
  if (needed > text_.capacity()) {
    // A new string instead of reserve(): name or value may be views into the old one.
    std::string grown;
    grown.reserve(std::max({needed, text_.size() * 2, first_text}));
    grown.append(text_);
    grown.append(name).append(value);
    text_.swap(grown);
  } else {
    text_.append(name).append(value);
  }
  const auto at = static_cast<std::uint32_t>(needed - name.size() - value.size());
  const auto name_size = static_cast<std::uint32_t>(name.size());
  return {at, name_size, at + name_size, static_cast<std::uint32_t>(value.size())};
}

void fields::add(std::string_view name, std::string_view value) {
  if (entries_.capacity() == 0) entries_.reserve(first_entries);
  entries_.push_back(store(name, value));
}

void fields::set(std::string_view name, std::string_view value) {
  if (entries_.capacity() == 0) entries_.reserve(first_entries);
  const auto made = store(name, value);
  const auto key = name_of(made);
  const auto named = [&](const entry& each) { return text::iequals(name_of(each), key); };
  const auto first = std::find_if(entries_.begin(), entries_.end(), named);
  if (first == entries_.end()) {
    entries_.push_back(made);
    return;
  }
  *first = made;
  entries_.erase(std::remove_if(first + 1, entries_.end(), named), entries_.end());
}

std::size_t fields::remove(std::string_view name) {
  return std::erase_if(entries_, [&](const entry& each) { return text::iequals(name_of(each), name); });
}

void fields::clear() {
  text_.clear();
  entries_.clear();
}

void fields::clear_and_shrink(std::size_t keep_bytes) {
  // Swaps: assigning an empty string would keep the memory.
  if (text_.capacity() > keep_bytes) std::string().swap(text_);
  if (entries_.capacity() * sizeof(entry) > keep_bytes) std::vector<entry>().swap(entries_);
  clear();
}

std::optional<std::string_view> fields::get(std::string_view name) const {
  for (const auto& each : entries_) {
    if (each.name_size == name.size() && text::iequals(name_of(each), name)) return value_of(each);
  }
  return std::nullopt;
}

std::vector<std::string_view> fields::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& each : entries_) {
    if (each.name_size == name.size() && text::iequals(name_of(each), name)) values.push_back(value_of(each));
  }
  return values;
}

std::size_t fields::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(),
                                                [&](const entry& each) { return text::iequals(name_of(each), name); }));
}

bool fields::has_token(std::string_view name, std::string_view token) const {
  for (const auto& each : entries_) {
    if (!text::iequals(name_of(each), name)) continue;
    auto rest = value_of(each);
    while (!rest.empty()) {
      const auto end = std::min(rest.find(','), rest.size());
      if (text::iequals(text::trim(rest.substr(0, end)), token)) return true;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return false;
}

fields::field fields::operator[](std::size_t index) const {
  const auto& each = entries_[index];
  return {name_of(each), value_of(each)};
}

}  // namespace mutual
