#include "authority/taken_over.hpp"

#include "authority/listed_revocation.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <utility>

namespace mutual::authority {
namespace {

// Of a certificate that the inventory does not know, the serial number alone is known: it is recorded as such.
result<> revoke_again(const x509::crl& list, X509_REVOKED* entry, inventory& in, std::string_view why, taken_over& told,
                      released_since how) {
  const auto listed = read_listed(entry);
  if (!listed) return listed.error().in("the revocation list of " + text::quoted(list.issuer()));
  if (!listed->reason) return {};
  const auto& serial = listed->serial;
  const auto reason = *listed->reason;
  // Of one piece: another machine may take over the same list.
  MUTUAL_TRY(auto change, in.begin());
  MUTUAL_TRY(auto known, in.find_serial(serial));
  if (!known) {
    record entry_of;
    entry_of.name = "serial " + serial;
    entry_of.serial = serial;
    entry_of.issuer = list.issuer();
    entry_of.sha256 = "unknown " + serial;
    entry_of.recorded_at = now();
    // How long it would have lasted is not known: longer than any that a CA issues, and than most CAs themselves.
    entry_of.not_after = now() + std::chrono::days(36500);
    entry_of.state = record_state::issued;
    entry_of.has_key = false;
    MUTUAL_CHECK(in.add(entry_of, fmt::format("{}: a revocation list has its serial number", why)));
    told.unknown.push_back(serial);
    known = std::move(entry_of);
  }
  if (known->issuer != list.issuer()) {
    // Serial numbers are one CA's own, and the inventory knows each but once.
    return error(
        errc::bad_input,
        fmt::format("the revocation list of {} names the serial number {}, which {} has given to {}: it cannot be "
                    "taken over beside that",
                    text::quoted(list.issuer()), serial, text::quoted(known->issuer), text::quoted(known->name)));
  }
  // What was held and is revoked for good by now must not come back as a hold, which could be released.
  if (known->revoked && !may_follow(known->revoked->reason, reason)) return {};
  if (reason == revocation_reason::certificate_hold && how == released_since::stays_so) {
    MUTUAL_TRY(const bool released, in.was_released_since(serial, list.this_update()));
    if (released) return {};
  }
  MUTUAL_CHECK(in.revoke(serial, reason, fmt::format("{}: it is on a revocation list", why)));
  MUTUAL_CHECK(change.commit());
  told.revoked.push_back(serial);
  return {};
}

}  // namespace

result<> take_over(const x509::crl& list, inventory& in, std::string_view why, taken_over& told, released_since how) {
  // What cannot be held of one entry keeps nobody else from being revoked.
  result<> outcome;
  const auto* entries = X509_CRL_get_REVOKED(list.get());
  for (int at = 0; at < sk_X509_REVOKED_num(entries); ++at) {
    auto one = revoke_again(list, sk_X509_REVOKED_value(entries, at), in, why, told, how);
    if (!one && outcome) outcome = std::move(one);
  }
  if (!outcome) return outcome;
  const auto digits = list.number();
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (!digits.empty() && (read.ec != std::errc() || number >= std::numeric_limits<std::int64_t>::max())) {
    return error(errc::bad_input,
                 fmt::format("the revocation list of {} has the number 0x{}, and no list after it could "
                             "be counted here",
                             text::quoted(list.issuer()), digits));
  }
  // Last: once its number is known, it is not taken over again.
  return in.note_list_from_elsewhere(list.issuer(),
                                     {number, list.this_update(), list.next_update().value_or(sys_seconds()), 0});
}

}  // namespace mutual::authority
