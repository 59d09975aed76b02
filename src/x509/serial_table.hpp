#pragma once
// serial_table: numbers to look up among very many, at the price of one place in memory that no cache holds.

#include "base/sip_hash.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace mutual::x509 {

/// Numbers of at most 20 octets, exactly, in lines of 64 bytes: each number is in one of two lines that a keyed hash
/// names (a cuckoo hash table). Both are asked of the memory at once, so a question waits once, whether the number is
/// there or not. Of 20 octets 23 bytes each are needed, of shorter numbers less. Immutable, so safe from any thread.
class serial_table {
 public:
  static constexpr std::size_t longest = 20;

  /// How hard to try: how full the lines become, how many numbers are moved to make room for one, and how many may have
  /// no room at last and be kept apart.
  struct effort {
    double full = 0.93;
    unsigned moves = 500;
    std::size_t apart = 64;
  };

  class maker;

  /// Whether the number is in it. `magnitude` is big-endian.
  bool contains(std::string_view magnitude) const;

  /// The memory that it takes, in bytes.
  std::size_t bytes() const { return lines_.capacity() * sizeof(line) + apart_.capacity() * sizeof(number); }

 private:
  using number = std::array<std::uint32_t, longest / 4>;  // as many of them as words_ says, with zeros before
  struct alignas(64) line {
    std::array<std::uint32_t, 16> words;
  };
  using places = std::pair<std::size_t, std::size_t>;

  serial_table() = default;
  number padded(std::string_view magnitude) const;
  places places_of(const number& one) const;
  template <std::size_t words>
  static unsigned times_in(const line& in, const number& one);
  bool has(places where, const number& one) const;
  bool is_apart(const number& one) const;

  sip_key key_;
  std::size_t words_ = 1;  // of 32 bits, that each number takes
  // None is empty: where no number has come to, another stands a second time, so that what is found is there.
  std::vector<line> lines_;
  std::vector<number> apart_;  // Sorted. Nearly always empty.
};

/// Makes one. Its time and memory are bounded by the count, whatever the numbers.
class serial_table::maker {
 public:
  /// For so many numbers, of at most so many octets (no more than serial_table::longest).
  maker(std::size_t count, std::size_t octets, const effort& how);

  /// Puts a number in, which may be there already; it must not have more octets than was said. False if there is no
  /// room, and then nothing comes of this.
  bool add(std::string_view magnitude);

  /// After the last one: the table; nothing if there was no room for one of the last.
  std::optional<serial_table> finish();

 private:
  struct waiting {
    number one;
    places where;
  };
  bool put(const waiting& next);
  bool put_into(std::size_t place, const number& one);
  bool make_room(std::size_t place, number one);
  std::size_t chance(std::size_t below);

  effort how_;
  serial_table made_;
  std::size_t slots_;                // in a line
  std::vector<std::uint8_t> taken_;  // of each line
  std::array<waiting, 16> next_{};   // whose lines the memory has been asked for
  std::size_t asked_ = 0, put_ = 0;  // how many have come to next_, and how many have left it
  std::uint64_t dice_;
};

}  // namespace mutual::x509
