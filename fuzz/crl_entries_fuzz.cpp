// Entries of revocation lists, as we write them and as we read them. The bytes are lines of "SERIAL TIME REASON", and
// the contents of a revokedCertificates. Held to: what we write is DER, and OpenSSL reads in it what was given, each
// once and in the order of the numbers; our own reader finds the same. What that reader takes, OpenSSL takes too, and
// both know the same numbers; the memory is bounded by the input.

#include "base/clock.hpp"
#include "base/text.hpp"
#include "x509/crl_entries.hpp"
#include "x509/openssl.hpp"
#include "x509/peer.hpp"
#include "x509/revoked_serials.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace {

using namespace mutual;

void require(bool holds) {
  if (!holds) std::abort();
}

// What an entry says: the number's digits, the time, the reason or 0.
using entry = std::tuple<std::string, std::int64_t, long>;
using revoked_ptr = std::unique_ptr<X509_REVOKED, x509::freed_by<X509_REVOKED_free>>;
using enumerated_ptr = std::unique_ptr<ASN1_ENUMERATED, x509::freed_by<ASN1_ENUMERATED_free>>;

std::string_view take_until(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

// As serial_text() has it.
std::string digits_of(std::string_view serial) {
  const auto zeros = std::min(serial.find_first_not_of('0'), serial.size() - 1);
  return text::lower(serial.substr(zeros));
}

void add(std::string_view line, x509::crl_entries& to, std::vector<entry>& added) {
  const auto serial = take_until(line, ' ');
  const auto when = number_in<std::int64_t>(take_until(line, ' ')).value_or(0);
  const auto reason = number_in<int>(line);
  const auto done = to.add(serial, sys_seconds(std::chrono::seconds(when)), reason);
  if (!done) {
    const auto& said = done.error().message();
    require(!said.empty() && said.size() < 2048 && said.find('\n') == std::string::npos);
    return;
  }
  require(!serial.empty() && serial.size() <= 40);
  added.emplace_back(digits_of(serial), when, reason.value_or(0));
}

// The next entry as OpenSSL reads it; null if it cannot.
revoked_ptr take_entry(std::string_view& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const begin = at;
  revoked_ptr read(d2i_X509_REVOKED(nullptr, &at, static_cast<long>(der.size())));
  if (read) der.remove_prefix(static_cast<std::size_t>(at - begin));
  return read;
}

entry said_by(X509_REVOKED* one) {
  int critical = -1;
  const enumerated_ptr reason(
      static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(one, NID_crl_reason, &critical, nullptr)));
  require(critical < 1);
  const auto when = x509::to_time(X509_REVOKED_get0_revocationDate(one));
  require(when.has_value());
  return {x509::serial_text(X509_REVOKED_get0_serialNumber(one)), when->time_since_epoch().count(),
          reason ? ASN1_ENUMERATED_get(reason.get()) : 0};
}

bool is_before(const entry& one, const entry& other) {
  const auto &left = std::get<0>(one), &right = std::get<0>(other);
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

void written(std::string_view lines) {
  x509::crl_entries entries;
  std::vector<entry> added, read;
  while (!lines.empty()) add(take_until(lines, '\n'), entries, added);
  require(entries.size() == added.size() && entries.empty() == added.empty());
  const auto der = entries.take();
  require(entries.empty() && entries.take().empty());
  for (std::string_view rest = der; !rest.empty();) {
    const auto before = rest;
    const auto one = take_entry(rest);
    require(one != nullptr);
    // Not kept as it came: this is how OpenSSL itself writes it.
    require(x509::der_of(one.get(), i2d_X509_REVOKED) == before.substr(0, before.size() - rest.size()));
    read.push_back(said_by(one.get()));
  }
  require(std::is_sorted(read.begin(), read.end(), is_before));
  const bool takes_back =
      std::any_of(added.begin(), added.end(), [](const entry& one) { return std::get<2>(one) == 8; });
  std::sort(added.begin(), added.end());
  std::sort(read.begin(), read.end());
  require(read == added);
  const auto ours = x509::revoked_serials::from_entries(der);
  require(ours.has_value() != takes_back && (!ours || ours->size() == added.size()));
}

void read(std::string_view der) {
  const auto ours = x509::revoked_serials::from_entries(der);
  if (!ours) return;
  require(ours->bytes() <= 256 + 24 * ours->size());
  std::set<std::string> magnitudes;
  std::size_t count = 0;
  for (auto rest = der; !rest.empty(); ++count) {
    const auto one = take_entry(rest);
    require(one != nullptr);
    require(X509_REVOKED_get_ext_by_critical(one.get(), 1, -1) < 0);
    const auto* serial = X509_REVOKED_get0_serialNumber(one.get());
    require(ASN1_STRING_type(serial) == V_ASN1_INTEGER);
    magnitudes.emplace(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                       static_cast<std::size_t>(ASN1_STRING_length(serial)));
  }
  require(ours->size() == count);
  for (const auto& one : magnitudes) {
    require(ours->contains(one));
    auto near = one;
    near.back() = static_cast<char>(near.back() ^ 1);
    require(ours->contains(near) == magnitudes.contains(near));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  written(bytes);
  read(bytes);
  ERR_clear_error();
  return 0;
}
