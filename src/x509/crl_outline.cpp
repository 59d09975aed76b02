#include "x509/crl_outline.hpp"

#include "x509/der_reader.hpp"

namespace mutual::x509 {
namespace {

constexpr unsigned char sequence = 0x30, integer = 0x02, utc_time = 0x17, generalized_time = 0x18, extensions = 0xA0,
                        bit_string = 0x03;

bool is_time(unsigned char tag) { return tag == utc_time || tag == generalized_time; }

std::string with_length(std::size_t size) {
  std::string out(1, static_cast<char>(sequence));
  if (size < 0x80) return out += static_cast<char>(size);
  std::string octets;
  for (auto left = size; left > 0; left >>= 8U) octets.insert(octets.begin(), static_cast<char>(left & 0xFFU));
  out += static_cast<char>(0x80U | octets.size());
  return out += octets;
}

}  // namespace

std::optional<crl_outline> outline_of(std::string_view der) {
  der_reader outside(der);
  const auto list = outside.take(sequence);
  if (!list || !outside.done()) return std::nullopt;
  crl_outline out;
  der_reader whole(*list);
  if (whole.next_tag() != sequence) return std::nullopt;
  const auto tbs = whole.take();
  if (!tbs) return std::nullopt;
  out.signed_part = tbs->whole;
  if (whole.next_tag() != sequence) return std::nullopt;
  const auto algorithm = whole.take();
  const auto signature = algorithm ? whole.take(bit_string) : std::nullopt;
  if (!signature || !whole.done()) return std::nullopt;
  out.algorithm = algorithm->whole;
  out.signature = *signature;

  der_reader inside(tbs->contents);
  if (inside.next_tag() == integer && !inside.take()) return std::nullopt;  // version
  if (inside.next_tag() != sequence) return std::nullopt;
  const auto named = inside.take();
  if (!named || !inside.take(sequence)) return std::nullopt;               // issuer
  if (!is_time(inside.next_tag()) || !inside.take()) return std::nullopt;  // thisUpdate
  if (is_time(inside.next_tag()) && !inside.take()) return std::nullopt;   // nextUpdate
  out.named_inside = named->whole;
  out.before_entries = tbs->contents.substr(0, tbs->contents.size() - inside.rest().size());
  if (inside.next_tag() == sequence) {
    const auto entries = inside.take();
    if (!entries) return std::nullopt;
    out.entries = entries->contents;
  }
  out.after_entries = inside.rest();
  if (inside.next_tag() == extensions && !inside.take()) return std::nullopt;
  return inside.done() ? std::optional(out) : std::nullopt;
}

std::string without_entries_and_signature(const crl_outline& of) {
  constexpr std::string_view no_signature("\x03\x01\x00", 3);
  const auto inside = of.before_entries.size() + of.after_entries.size();
  auto tbs = with_length(inside);
  tbs.append(of.before_entries).append(of.after_entries);
  auto out = with_length(tbs.size() + of.algorithm.size() + no_signature.size());
  return out.append(tbs).append(of.algorithm).append(no_signature);
}

}  // namespace mutual::x509
