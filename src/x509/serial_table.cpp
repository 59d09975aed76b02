#include "x509/serial_table.hpp"

#include "base/considerate.hpp"
#include "base/large_pages.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mutual::x509 {
namespace {

constexpr std::size_t words_of_line = 16;

// As few instructions as can be, and no branch that depends on what is there: a processor that waits for one question's
// lines has begun with the next one's.
template <std::size_t words>
std::uint64_t difference(const std::uint32_t* one, const std::uint32_t* other) {
  if constexpr (words >= 2) {
    std::uint64_t left = 0, right = 0;
    std::memcpy(&left, one, sizeof left);
    std::memcpy(&right, other, sizeof right);
    return (left ^ right) | difference<words - 2>(one + 2, other + 2);
  } else if constexpr (words == 1) {
    return *one ^ *other;
  } else {
    return 0;
  }
}

template <std::size_t words, std::size_t... slots>
unsigned count_in(const std::uint32_t* line, const std::uint32_t* number, std::index_sequence<slots...> /*unused*/) {
  return (static_cast<unsigned>(difference<words>(line + slots * words, number) == 0) + ...);
}

}  // namespace

serial_table::number serial_table::padded(std::string_view magnitude) const {
  number out{};
  std::memcpy(reinterpret_cast<char*>(out.data()) + (words_ * 4 - magnitude.size()), magnitude.data(),
              magnitude.size());
  return out;
}

// Two lines that are never the same one: there are two at the least.
serial_table::places serial_table::places_of(const number& one) const {
  const auto hash = sip_hash(key_, {reinterpret_cast<const char*>(one.data()), words_ * 4});
  const auto first = ((hash >> 32U) * lines_.size()) >> 32U;
  const auto second = ((hash & 0xFFFFFFFFU) * (lines_.size() - 1)) >> 32U;
  return {first, second + (second >= first ? 1U : 0U)};
}

template <std::size_t words>
unsigned serial_table::times_in(const line& in, const number& one) {
  return count_in<words>(in.words.data(), one.data(), std::make_index_sequence<words_of_line / words>());
}

bool serial_table::has(places where, const number& one) const {
  const auto& first = lines_[where.first];
  const auto& second = lines_[where.second];
  __builtin_prefetch(&second);
  switch (words_) {
    case 1:
      return times_in<1>(first, one) + times_in<1>(second, one) != 0;
    case 2:
      return times_in<2>(first, one) + times_in<2>(second, one) != 0;
    case 3:
      return times_in<3>(first, one) + times_in<3>(second, one) != 0;
    case 4:
      return times_in<4>(first, one) + times_in<4>(second, one) != 0;
    default:
      return times_in<5>(first, one) + times_in<5>(second, one) != 0;
  }
}

bool serial_table::is_apart(const number& one) const {
  return !apart_.empty() && std::binary_search(apart_.begin(), apart_.end(), one);
}

bool serial_table::contains(std::string_view magnitude) const {
  if (lines_.empty() || magnitude.empty() || magnitude.size() > words_ * 4) return false;
  const auto one = padded(magnitude);
  return has(places_of(one), one) || is_apart(one);
}

serial_table::maker::maker(std::size_t count, std::size_t octets, const effort& how) : how_(how) {
  made_.key_ = sip_key::random();
  made_.words_ = std::max<std::size_t>(1, (octets + 3) / 4);
  slots_ = words_of_line / made_.words_;
  dice_ = sip_key::random().first | 1U;
  if (count == 0) return;
  const auto wanted = static_cast<double>(count) / (static_cast<double>(slots_) * how.full);
  const auto lines = std::max<std::size_t>(2, static_cast<std::size_t>(wanted) + 1);
  made_.lines_.reserve(lines);
  use_large_pages(made_.lines_.data(), lines * sizeof(line));
  taken_.resize(lines);
}

// Numbers wait here until the memory has brought their lines.
bool serial_table::maker::add(std::string_view magnitude) {
  const auto one = made_.padded(magnitude);
  if (made_.lines_.empty()) {
    // The first is in each slot until another comes: see lines_.
    line full{};
    for (std::size_t slot = 0; slot < slots_; ++slot) {
      std::copy_n(one.begin(), made_.words_, full.words.begin() + static_cast<std::ptrdiff_t>(slot * made_.words_));
    }
    constexpr std::size_t lines_in_a_row = 1024;
    for (auto left = taken_.size(); left > 0; let_others_go_on()) {
      const auto next = std::min(left, lines_in_a_row);
      made_.lines_.insert(made_.lines_.end(), next, full);
      left -= next;
    }
    return put_into(made_.places_of(one).first, one);
  }
  const bool had_room = asked_ - put_ < next_.size() || put(next_[put_++ % next_.size()]);
  auto& last = next_[asked_++ % next_.size()];
  last = {one, made_.places_of(one)};
  __builtin_prefetch(&made_.lines_[last.where.first], 1);
  __builtin_prefetch(&made_.lines_[last.where.second], 1);
  return had_room;
}

std::optional<serial_table> serial_table::maker::finish() {
  while (put_ < asked_) {
    if (!put(next_[put_++ % next_.size()])) return std::nullopt;
  }
  made_.apart_.shrink_to_fit();
  return std::move(made_);
}

// Of a number that comes twice the second is left out: so many of one kind would fill its two lines.
bool serial_table::maker::put(const waiting& next) {
  const auto [first, second] = next.where;
  if (made_.has(next.where, next.one) || made_.is_apart(next.one)) return true;
  const auto emptier = taken_[second] < taken_[first] ? second : first;
  return put_into(emptier, next.one) || make_room(chance(2) == 0 ? first : second, next.one);
}

bool serial_table::maker::put_into(std::size_t place, const number& one) {
  if (taken_[place] == slots_) return false;
  const auto slot = made_.words_ * taken_[place]++;
  std::copy_n(one.begin(), made_.words_, made_.lines_[place].words.begin() + static_cast<std::ptrdiff_t>(slot));
  return true;
}

// Takes the place of another, which goes to its other line, where it may have to do the same.
bool serial_table::maker::make_room(std::size_t place, number one) {
  for (unsigned move = 0; move < how_.moves; ++move) {
    const auto slot = made_.words_ * chance(slots_);
    auto* const there = &made_.lines_[place].words[slot];
    std::swap_ranges(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(made_.words_), there);
    const auto [first, second] = made_.places_of(one);
    place = place == first ? second : first;
    if (put_into(place, one)) return true;
  }
  if (made_.apart_.size() >= how_.apart) return false;
  auto& apart = made_.apart_;
  apart.insert(std::upper_bound(apart.begin(), apart.end(), one), one);
  return true;
}

// Marsaglia's xorshift: which of them has to move is no secret.
std::size_t serial_table::maker::chance(std::size_t below) {
  dice_ ^= dice_ << 13U;
  dice_ ^= dice_ >> 7U;
  dice_ ^= dice_ << 17U;
  return static_cast<std::size_t>(((dice_ >> 32U) * below) >> 32U);
}

}  // namespace mutual::x509
