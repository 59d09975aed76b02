#include "authority/lists_above.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

}  // namespace

// A new root that the one before has signed is a root all the same.
std::vector<ca_between> between(const x509::identity& issuer, const retired_authorities& retired,
                                const std::vector<record>& roots) {
  std::vector<ca_between> out;
  const auto take = [&](const std::vector<x509::certificate>& chain, bool is_needed) {
    for (std::size_t at = 1; at < chain.size(); ++at) {
      const auto& ca = chain[at];
      const bool is_root =
          std::any_of(roots.begin(), roots.end(), [&](const record& one) { return one.subject == ca.subject(); });
      const bool is_there = std::any_of(out.begin(), out.end(), [&](const ca_between& one) { return one.ca == ca; });
      if (!is_root && !is_there) out.push_back({ca, is_needed});
    }
  };
  take(issuer.chain, true);
  for (const auto& one : retired.issuers) {
    if (!one.has_ended) take(one.who.chain, false);
  }
  return out;
}

namespace {

// A CA counts its lists for this (RFC 5280 section 5.2.3); dates are those of somebody's clock.
bool is_newer(const x509::crl& one, const x509::crl& other) {
  const auto number = one.number(), before = other.number();
  if (number.size() != before.size()) return number.size() > before.size();
  return number != before ? number > before : one.this_update() > other.this_update();
}

// The newest full list of that CA.
const x509::crl* newest_of(const x509::certificate& ca, const std::vector<x509::crl>& lists) {
  const x509::crl* newest = nullptr;
  for (const auto& one : lists) {
    if (!one.next_update() || X509_CRL_get_ext_by_NID(one.get(), NID_delta_crl, -1) >= 0 || !one.is_signed_by(ca))
      continue;
    if (newest == nullptr || is_newer(one, *newest)) newest = &one;
  }
  return newest;
}

}  // namespace

result<std::vector<x509::crl>> lists_above(const layout& places, const std::vector<ca_between>& cas,
                                           result<>& lacking) {
  std::vector<x509::crl> lists, out;
  MUTUAL_TRY(const bool there, file::exists(places.lists_above()));
  if (there) {
    MUTUAL_TRY(lists, x509::load_crls(places.lists_above()));
  }
  for (const auto& [ca, is_needed] : cas) {
    const auto* list = newest_of(ca, lists);
    if (list != nullptr) out.push_back(*list);
    if (list != nullptr && *list->next_update() > now()) continue;
    error none(
        errc::not_found,
        fmt::format("{} holds no list of {} that is current, and servers would refuse everybody without: get its "
                    "newest list from whoever runs that CA, and put it there",
                    shown(places.lists_above()), text::quoted(ca.subject())));
    if (is_needed) return none;
    lacking = std::move(none);
  }
  return out;
}

}  // namespace mutual::authority
