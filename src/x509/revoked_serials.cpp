#include "x509/revoked_serials.hpp"

#include "base/considerate.hpp"
#include "x509/der_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace mutual::x509 {
namespace {

constexpr unsigned char sequence = 0x30, integer = 0x02, object = 0x06, octets = 0x04, enumerated = 0x0A;
constexpr unsigned char utc_time = 0x17, generalized_time = 0x18;
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
  return number.size() <= serial_table::longest ? std::optional(number) : std::nullopt;
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
  constexpr std::size_t in_a_row = 512;
  der_reader reader(entries);
  for (std::size_t number = 1; !reader.done(); ++number) {
    if (number % in_a_row == 0) let_others_go_on();
    const auto entry = reader.take(sequence);
    const auto serial = entry ? serial_of_entry(*entry) : std::nullopt;
    if (!serial) return false;
    visit(*serial);
  }
  return true;
}

// Nothing if some number finds no room.
std::optional<serial_table> table_of(std::string_view entries, std::size_t count, std::size_t width,
                                     const serial_table::effort& how) {
  serial_table::maker making(count, width, how);
  bool has_room = true;
  each_serial(entries, [&](std::string_view one) { has_room = has_room && making.add(one); });
  return has_room ? making.finish() : std::nullopt;
}

}  // namespace

// Twice over the bytes: to count, and to put each in its place. Nothing is sorted, and nothing else is kept.
std::optional<revoked_serials> revoked_serials::from_entries(std::string_view entries) {
  std::size_t count = 0;
  std::size_t width = 0;
  const auto measure = [&](std::string_view one) {
    ++count;
    width = std::max(width, one.size());
  };
  if (!each_serial(entries, measure) || count >= std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  // By the first of these in all likelihood, whatever the numbers: each has a secret key of its own.
  for (const double full : {serial_table::effort().full, 0.85, 0.7}) {
    if (auto made = table_of(entries, count, width, {.full = full})) return revoked_serials(*std::move(made), count);
  }
  return std::nullopt;
}

}  // namespace mutual::x509
