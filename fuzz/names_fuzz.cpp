// Names as people and requests write them, one a line: alternative names of every kind, file names, subjects, ranges of
// addresses, and sentences for the log.

#include "authority/free_text.hpp"
#include "authority/layout.hpp"
#include "base/text.hpp"
#include "x509/alternative_names.hpp"
#include "x509/certificate.hpp"
#include "x509/ip_range.hpp"
#include "x509/name.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace mutual;

void check(bool holds) {
  if (!holds) std::abort();
}

bool has_control_character(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  }
  return false;
}

// A name that is taken goes into a certificate and comes back the same, and is taken again as what it was.
void alternative_name(std::string_view line) {
  alternative_names names;
  if (!x509::add_by_content(names, line)) {
    check(names.empty());
    return;
  }
  const auto made = x509::to_general_names(names);
  check(made.has_value());
  const auto back = x509::read_names(made->get());
  check(back.dns == names.dns && back.uris == names.uris && back.emails == names.emails && back.ips == names.ips);
  for (const auto* kind : {&names.dns, &names.uris, &names.emails, &names.ips}) {
    for (const auto& name : *kind) {
      check(!has_control_character(name) && name.find(' ') == std::string::npos);
      alternative_names again;
      check(x509::add_by_content(again, name).has_value());
    }
  }
}

void file_name(std::string_view line) {
  const auto name = authority::checked_name(line);
  if (!name) return;
  check(name->find('/') == std::string::npos && name->front() != '.' && !has_control_character(*name));
  const authority::layout places("pki");
  check(places.key(*name).parent_path() == places.issued());
}

void subject(std::string_view line) {
  const auto name = x509::to_x509_name({std::string(line), {}, {}});
  if (!name || line.empty()) return;
  check(x509::attribute_values(name->get(), NID_commonName) == std::vector<std::string>{std::string(line)});
  const auto shown = x509::name_text(name->get());
  check(shown.starts_with("CN=") && !has_control_character(shown));
}

std::string address_text(const std::string& bytes) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  check(::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), out.data(), out.size()) != nullptr);
  return out.data();
}

// What is taken is a network's own address and a mask of leading ones, and holds what shares its first bits.
void ip_range(std::string_view line) {
  const auto range = x509::ip_range_from_text(line);
  if (!range) {
    check(!has_control_character(range.error().message()));
    return;
  }
  check((range->network.size() == 4 || range->network.size() == 16) && range->mask.size() == range->network.size());
  std::size_t ones = 0;
  bool ended = false;
  std::string last = range->network;
  for (std::size_t bit = 0; bit < 8 * last.size(); ++bit) {
    const auto value = static_cast<unsigned char>(0x80U >> (bit % 8));
    const bool is_one = (static_cast<unsigned char>(range->mask[bit / 8]) & value) != 0;
    check(!is_one || !ended);
    ended = ended || !is_one;
    ones += is_one ? 1U : 0U;
    if (!is_one) last[bit / 8] = static_cast<char>(static_cast<unsigned char>(last[bit / 8]) | value);
  }
  check(range->contains(address_text(range->network)) && range->contains(address_text(last)));
  const auto again = x509::ip_range_from_text(address_text(range->network) + "/" + std::to_string(ones));
  check(again && *again == *range);
  if (ones == 0) return;
  last[0] = static_cast<char>(static_cast<unsigned char>(last[0]) ^ 0x80U);
  check(!range->contains(address_text(last)));
}

void sentence(std::string_view line) {
  if (!authority::check_free_text(line)) return;
  check(line.size() <= authority::longest_reason && !has_control_character(line));
  // Nothing in it has to be written in another way.
  std::string plain(line);
  std::replace_if(
      plain.begin(), plain.end(), [](char c) { return c == '\'' || c == '"' || c == '\\'; }, '_');
  check(text::printable(plain, authority::longest_reason) == plain);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    alternative_name(line);
    file_name(line);
    subject(line);
    ip_range(line);
    sentence(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return 0;
}
