#include "authority/root_list.hpp"

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/give_back.hpp"
#include "base/text.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <utility>

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

// The list of that CA that servers have so far, whatever its dates; nothing if they have none of it. An error if that
// cannot be told.
result<std::optional<x509::crl>> served_list(const x509::certificate& ca, const layout& places) {
  const auto file = places.revocation_lists();
  MUTUAL_TRY(const bool there, file::exists(file));
  if (!there) return std::optional<x509::crl>();
  MUTUAL_TRY(auto pem, file::read(file, x509::largest_lists));
  const auto der = x509::find_list(pem, [&](const x509::lookup_list& one) { return one.is_signed_by(ca); });
  give_back(std::move(pem));
  if (der) {
    MUTUAL_TRY(auto list, x509::crl::from_der(*der));
    return std::optional(std::move(list));
  }
  // It is none of theirs only if nothing of the file is damaged.
  MUTUAL_CHECK(x509::load_lookup_lists(file));
  return std::optional<x509::crl>();
}

// Whether servers that have the other list refuse this one. Those who do not count theirs go by their dates.
bool is_behind(const x509::crl& list, const x509::crl& served) {
  const auto number = list.number();
  if (number != served.number()) return is_less(number, served.number());
  return !number.empty() && list.der() != served.der();
}

// What the list's number has to be above; empty if it is above that.
result<> find_what_it_is_behind(root_list& of, inventory& in) {
  const auto& list = *of.list;
  MUTUAL_TRY(const auto highest, in.highest_list_made(list.issuer()));
  MUTUAL_TRY(const bool known, is_known(list, in));
  const auto number = number_of(list);
  const bool is_taken = !known && number && *number == highest && highest != 0;
  const auto made = fmt::format("{:x}", highest);
  // It was put back, or somebody else has made the newer ones, of which servers of this folder have none; or the one
  // that they have could not be noted, and is above any that was.
  if (!of.unread.empty()) {
    // What they had, nobody can tell then. By one that was made or noted here the file is made anew.
    if (known || !number || (*number >= highest && !is_taken)) return {};
    of.beyond = made;
    return {};
  }
  // Whatever they have, its number was given to another.
  if (!is_taken && (!of.served || !is_behind(list, *of.served))) return {};
  const auto theirs = of.served ? of.served->number() : std::string();
  of.beyond = is_less(made, theirs) ? theirs : made;
  return {};
}

}  // namespace

result<> leave_out_served_numbers(const root_place& root, const layout& places, inventory& in) {
  const auto served = served_list(root.certificate, places);
  // What cannot be read is made anew.
  if (!served || !*served) return {};
  const auto& list = **served;
  const auto number = number_of(list);
  if (number && *number < std::numeric_limits<std::int64_t>::max()) {
    return in.skip_list_numbers(list.issuer(), *number);
  }
  return error(errc::bad_input, fmt::format("servers have the revocation list of {} with the number 0x{}, and no list "
                                            "after it could be counted here",
                                            text::quoted(list.issuer()), list.number()));
}

std::string what_is_wrong(const root_list& found, const std::filesystem::path& file) {
  if (found.how == standing::early) {
    return "a root's revocation list begins later, by a clock that was ahead, and nobody goes by it yet";
  }
  if (found.how == standing::unreleased) {
    return "a hold of a CA was taken back here, and the root's revocation list has it still";
  }
  if (found.how == standing::lacking) return "a CA was revoked, but the root's revocation list does not say it yet";
  const auto what_to_do = fmt::format(
      "have the root's owner make a list with a number above 0x{} (openssl ca counts in its file crlnumber), put it "
      "there and run mutual crl, or have one made here with the root's key",
      found.beyond);
  const auto which =
      fmt::format("{} has the number 0x{}, and", text::printable(file.string(), 4096), found.list->number());
  if (!found.unread.empty()) {
    return fmt::format(
        "{} 0x{} was given by then; whether servers take it cannot be told ({}): put that file back as "
        "it was and run mutual crl, or {}",
        which, found.beyond, found.unread, what_to_do);
  }
  return fmt::format("{} servers have had 0x{} of that root and take none that is not above it, so they keep that: {}",
                     which, found.beyond, what_to_do);
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

result<bool> is_known(const x509::crl& list, inventory& in) {
  const auto number = number_of(list);
  if (!number) return false;
  MUTUAL_TRY(const auto known, in.list_numbered(list.issuer(), *number));
  // Others count for themselves, and may give a number that was given here.
  return known && known->this_update == list.this_update() && known->next_update == list.next_update();
}

result<root_list> look_at_list(const root_place& root, const layout& places, inventory& in) {
  root_list out;
  auto served = served_list(root.certificate, places);
  if (served) {
    out.served = *std::move(served);
  } else {
    out.unread = std::move(served).error().message();
  }
  const auto path = places.revocation_list(root.called);
  MUTUAL_TRY(const bool there, file::exists(path));
  if (!there) return out;
  MUTUAL_TRY(const auto lists, lists_in(path));
  const auto& list = lists.front();
  if (!list.is_signed_by(root.certificate) || !list.next_update() || *list.next_update() <= now()) return out;
  out.list = list;
  MUTUAL_CHECK(find_what_it_is_behind(out, in));
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
