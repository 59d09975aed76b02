#pragma once
// sip_hash: a hash of which nobody without the key can say which inputs share a value.

#include "base/random.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mutual {

/// A secret that says which of the hashes it is.
struct sip_key {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  static sip_key random() {
    const auto bytes = random_bytes(sizeof(sip_key));
    sip_key out;
    std::memcpy(&out.first, bytes.data(), sizeof out.first);
    std::memcpy(&out.second, bytes.data() + sizeof out.first, sizeof out.second);
    return out;
  }
};

namespace sip_hash_parts {

struct state {
  std::uint64_t a, b, c, d;

  template <int times>
  void mix() {
    if constexpr (times > 1) mix<times - 1>();
    a += b, c += d;
    b = std::rotl(b, 13) ^ a, d = std::rotl(d, 16) ^ c;
    a = std::rotl(a, 32);
    c += b, a += d;
    b = std::rotl(b, 17) ^ c, d = std::rotl(d, 21) ^ a;
    c = std::rotl(c, 32);
  }
};

inline std::uint64_t little_endian(const char* from, std::size_t count) {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, from, count);
  } else {
    for (std::size_t at = 0; at < count; ++at) word |= std::uint64_t{static_cast<unsigned char>(from[at])} << (8 * at);
  }
  return word;
}

}  // namespace sip_hash_parts

/// SipHash-1-3 (Aumasson and Bernstein, 2012), for tables: the rounds that hold off whoever cannot see the hash itself.
/// With other numbers of rounds it is another of the family.
template <int rounds = 1, int last_rounds = 3>
std::uint64_t sip_hash(const sip_key& key, std::string_view bytes) {
  using sip_hash_parts::little_endian;
  sip_hash_parts::state all{key.first ^ 0x736F6D6570736575U, key.second ^ 0x646F72616E646F6DU,
                            key.first ^ 0x6C7967656E657261U, key.second ^ 0x7465646279746573U};
  const auto take = [&all](std::uint64_t word) {
    all.d ^= word;
    all.mix<rounds>();
    all.a ^= word;
  };
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) take(little_endian(bytes.data() + at, 8));
  take(little_endian(bytes.data() + at, bytes.size() - at) | std::uint64_t{bytes.size() & 0xFFU} << 56U);
  all.c ^= 0xFF;
  all.mix<last_rounds>();
  return all.a ^ all.b ^ all.c ^ all.d;
}

}  // namespace mutual
