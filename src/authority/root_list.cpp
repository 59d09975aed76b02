#include "authority/root_list.hpp"

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <charconv>

namespace mutual::authority {
namespace {

using x509::profile;

// Numbers are compared as they are written, since those of others may have 20 octets: in hexadecimal, without zeros
// before them.
bool is_less(const std::string& one, const std::string& other) {
  return one.size() != other.size() ? one.size() < other.size() : one < other;
}

// None of our own is as large as one that cannot be read.
std::optional<std::uint64_t> number_of(const x509::crl& list) {
  const auto digits = list.number();
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (!digits.empty() && read.ec != std::errc()) return std::nullopt;
  return number;
}

// The number of that root's list that servers have so far, or nothing: of all that are there, which may be long.
result<std::optional<std::string>> served_number(const x509::certificate& ca, const layout& places) {
  MUTUAL_TRY(const bool there, file::exists(places.revocation_lists()));
  if (!there) return std::optional<std::string>();
  MUTUAL_TRY(const auto lists, x509::load_lookup_lists(places.revocation_lists()));
  for (const auto& one : lists) {
    if (one.is_signed_by(ca)) return std::optional(one.number());
  }
  return std::optional<std::string>();
}

// What the list's number has to be above; empty if it is above that.
result<std::string> what_it_is_behind(const x509::crl& list, const root_place& root, const layout& places,
                                      inventory& in) {
  MUTUAL_TRY(const auto highest, in.highest_list_made(list.issuer()));
  const auto number = number_of(list);
  if (number && *number > highest) return std::string();
  const auto made = fmt::format("{:x}", highest);
  if (number && *number == highest) {
    MUTUAL_TRY(const bool known, is_known(list, in));
    // Those who do not count theirs go by their dates.
    return known || highest == 0 ? std::string() : made;
  }
  // It was put back, or somebody else has made the newer ones, of which servers of this folder have none.
  const auto served = served_number(root.certificate, places);
  // What they had, nobody can tell then.
  if (!served) return made;
  if (!*served || !is_less(list.number(), **served)) return std::string();
  return is_less(made, **served) ? **served : made;
}

}  // namespace

std::string what_is_wrong(const root_list& found, const std::filesystem::path& file) {
  if (found.how == standing::early) {
    return "a root's revocation list begins later, by a clock that was ahead, and nobody goes by it yet";
  }
  if (found.how == standing::unreleased) {
    return "a hold of a CA was taken back here, and the root's revocation list has it still";
  }
  if (found.how == standing::lacking) return "a CA was revoked, but the root's revocation list does not say it yet";
  return fmt::format(
      "{} has the number 0x{}, and servers have had 0x{} of that root and take none that is not above it, so they keep "
      "that: have the root's owner make a list with a number above 0x{} (openssl ca counts in its file crlnumber), put "
      "it there and run mutual crl, or have one made here with the root's key",
      text::printable(file.string(), 4096), found.list->number(), found.beyond, found.beyond);
}

bool counts_now(const x509::crl& list) {
  const auto present = now();
  return list.this_update() <= present && list.next_update() && *list.next_update() > present;
}

result<std::vector<x509::crl>> lists_in(const std::filesystem::path& path) {
  auto read = x509::load_crls(path);
  if (read || read.error().code() != errc::bad_input) return read;
  return read.error().in(
      "a revocation list is damaged (put a whole one in its place or, if it was made here, delete it: mutual crl makes "
      "another)");
}

std::optional<x509::crl> served_list(const x509::certificate& ca, const layout& places) {
  const auto lists = x509::load_crls(places.revocation_lists());
  if (!lists) return std::nullopt;
  for (const auto& one : *lists) {
    if (one.is_signed_by(ca)) return one;
  }
  return std::nullopt;
}

result<bool> is_known(const x509::crl& list, inventory& in) {
  const auto number = number_of(list);
  if (!number) return false;
  MUTUAL_TRY(const auto known, in.list_numbered(list.issuer(), *number));
  // Others count for themselves, and may give a number that was given here.
  return known && known->this_update == list.this_update() && known->next_update == list.next_update();
}

result<root_list> look_at_list(const root_place& root, const layout& places, inventory& in) {
  root_list out;
  const auto path = places.revocation_list(root.called);
  MUTUAL_TRY(const bool there, file::exists(path));
  if (!there) return out;
  MUTUAL_TRY(const auto lists, lists_in(path));
  const auto& list = lists.front();
  if (!list.is_signed_by(root.certificate) || !list.next_update() || *list.next_update() <= now()) return out;
  out.list = list;
  MUTUAL_TRY(out.beyond, what_it_is_behind(list, root, places, in));
  out.how = standing::early;
  if (list.this_update() > now()) return out;
  out.how = standing::behind;
  if (!out.beyond.empty()) return out;
  MUTUAL_TRY(const auto authorities, in.of_profile(profile::intermediate));
  for (const auto& one : authorities) {
    // One that has ended leaves its root's list, and is refused for that.
    if (one.issuer != root.certificate.subject() || one.not_after <= now()) continue;
    MUTUAL_TRY(const auto certificate, x509::certificate::from_der(one.der));
    const bool is_listed = list.revokes(certificate);
    if (is_listed == one.revoked.has_value()) continue;
    out.how = is_listed ? standing::unreleased : standing::lacking;
    return out;
  }
  const auto life = *list.next_update() - list.this_update();
  out.how = now() < *list.next_update() - life / 3 ? standing::fresh : standing::due;
  return out;
}

}  // namespace mutual::authority
