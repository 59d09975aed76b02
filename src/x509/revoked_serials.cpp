#include "x509/revoked_serials.hpp"

#include "base/large_pages.hpp"
#include "base/random.hpp"
#include "x509/der_reader.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace mutual::x509 {
namespace {

constexpr unsigned char sequence = 0x30, integer = 0x02, object = 0x06, octets = 0x04, enumerated = 0x0A;
constexpr unsigned char utc_time = 0x17, generalized_time = 0x18;
constexpr std::size_t longest = 20;  // RFC 5280 section 4.1.2.2
constexpr std::string_view reason_code("\x55\x1D\x15", 3), invalidity_date("\x55\x1D\x18", 3);

// RFC 5280 section 5.3.1: those that say that the certificate is revoked; 8 takes it back, 7 is not used.
bool is_plain_reason(std::string_view value) {
  der_reader inside(value);
  const auto code = inside.take(enumerated);
  return code && inside.done() && code->size() == 1 && (*code)[0] >= 0 && (*code)[0] <= 10 && (*code)[0] != 7 &&
         (*code)[0] != 8;
}

bool are_plain_extensions(std::string_view all) {
  bool has_reason = false, has_date = false;
  der_reader reader(all);
  if (reader.done()) return false;
  while (!reader.done()) {
    const auto one = reader.take(sequence);
    if (!one) return false;
    der_reader inside(*one);
    const auto kind = inside.take(object);
    const auto value = kind ? inside.take(octets) : std::nullopt;  // A BOOLEAN in between would say "critical".
    if (!value || !inside.done()) return false;
    if (*kind == reason_code && !has_reason && is_plain_reason(*value)) {
      has_reason = true;
    } else if (*kind == invalidity_date && !has_date) {
      has_date = true;
    } else {
      return false;
    }
  }
  return true;
}

bool is_plain_time(unsigned char tag, std::string_view text) {
  const std::size_t digits = tag == utc_time ? 12 : tag == generalized_time ? 14 : 0;
  return digits != 0 && text.size() == digits + 1 && text.back() == 'Z' &&
         std::all_of(text.begin(), text.end() - 1, [](char c) { return c >= '0' && c <= '9'; });
}

// The magnitude of a serial number; nothing if it is not one that we take.
std::optional<std::string_view> magnitude_of(std::string_view number) {
  if (number.empty() || (static_cast<unsigned char>(number[0]) & 0x80U) != 0) return std::nullopt;
  if (number.size() > 1 && number[0] == '\0') {
    if ((static_cast<unsigned char>(number[1]) & 0x80U) == 0) return std::nullopt;  // Not DER.
    number.remove_prefix(1);
  }
  return number.size() <= longest ? std::optional(number) : std::nullopt;
}

std::optional<std::string_view> serial_of_entry(std::string_view entry) {
  der_reader inside(entry);
  const auto number = inside.take(integer);
  const auto time = number ? inside.take() : std::nullopt;
  if (!time || !is_plain_time(time->tag, time->contents)) return std::nullopt;
  if (!inside.done()) {
    const auto extensions = inside.take(sequence);
    if (!extensions || !inside.done() || !are_plain_extensions(*extensions)) return std::nullopt;
  }
  return magnitude_of(*number);
}

template <class Visit>
bool each_serial(std::string_view entries, Visit visit) {
  der_reader reader(entries);
  while (!reader.done()) {
    const auto entry = reader.take(sequence);
    const auto serial = entry ? serial_of_entry(*entry) : std::nullopt;
    if (!serial) return false;
    visit(*serial);
  }
  return true;
}

using padded = std::array<char, longest>;

padded pad(std::string_view magnitude, std::size_t width) {
  padded out{};
  std::memcpy(out.data() + (width - magnitude.size()), magnitude.data(), magnitude.size());
  return out;
}

std::uint64_t hash_of(std::uint64_t seed, const char* number, std::size_t width) {
  std::uint64_t state = seed;
  for (std::size_t at = 0; at < width; at += sizeof state) {
    std::uint64_t word = 0;
    std::memcpy(&word, number + at, std::min(sizeof word, width - at));
    state = (state ^ word) * 0x9E3779B97F4A7C15U;
    state ^= state >> 32U;
  }
  return state * 0xD6E8FEB86659FD93U;
}

}  // namespace

std::size_t revoked_serials::bucket_of(const char* number) const {
  return static_cast<std::size_t>(hash_of(seed_, number, width_) >> shift_);
}

// Twice over the bytes: to count, and to put each in its place. Nothing is sorted, and nothing else is kept.
std::optional<revoked_serials> revoked_serials::from_entries(std::string_view entries) {
  revoked_serials out;
  // Whoever chooses serial numbers is not to know which of them share a bucket. The hash is no keyed one that would
  // withstand study; that whoever fills a list is the CA is what this relies on, and a slow look-up all that is at
  // stake.
  const auto seed = random_bytes(sizeof out.seed_);
  std::memcpy(&out.seed_, seed.data(), sizeof out.seed_);
  const auto measure = [&](std::string_view one) {
    ++out.size_;
    out.width_ = std::max(out.width_, one.size());
  };
  if (!each_serial(entries, measure) || out.size_ >= std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  const auto buckets = std::max<std::size_t>(2, std::bit_ceil(out.size_ / 4 + 1));
  out.shift_ = 64 - static_cast<unsigned>(std::countr_zero(buckets));
  out.first_.reserve(buckets + 1);
  use_large_pages(out.first_.data(), (buckets + 1) * sizeof(std::uint32_t));
  out.first_.resize(buckets + 1);
  out.numbers_.reserve(out.size_ * out.width_);
  use_large_pages(out.numbers_.data(), out.size_ * out.width_);
  out.numbers_.resize(out.size_ * out.width_);
  each_serial(entries, [&](std::string_view one) { ++out.first_[out.bucket_of(pad(one, out.width_).data()) + 1]; });
  for (std::size_t at = 1; at <= buckets; ++at) out.first_[at] += out.first_[at - 1];
  // Each bucket is filled from its end, so that first_ ends up where each begins.
  for (std::size_t at = 0; at < buckets; ++at) out.first_[at] = out.first_[at + 1];
  each_serial(entries, [&](std::string_view one) {
    const auto number = pad(one, out.width_);
    const std::size_t place = --out.first_[out.bucket_of(number.data())];
    std::memcpy(out.numbers_.data() + place * out.width_, number.data(), out.width_);
  });
  return out;
}

bool revoked_serials::contains(std::string_view magnitude) const {
  if (size_ == 0 || magnitude.empty() || magnitude.size() > width_) return false;
  const auto number = pad(magnitude, width_);
  const auto bucket = bucket_of(number.data());
  for (std::size_t at = first_[bucket]; at < first_[bucket + 1]; ++at) {
    if (std::memcmp(numbers_.data() + at * width_, number.data(), width_) == 0) return true;
  }
  return false;
}

}  // namespace mutual::x509
