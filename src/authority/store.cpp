#include "authority/store.hpp"

#include "authority/closed_store.hpp"
#include "authority/footing.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

}  // namespace

result<std::string> store_url(const layout& places, const std::string& given) {
  if (!given.empty()) return checked_store_url(given);
  MUTUAL_TRY(const bool there, file::exists(places.store()));
  if (!there) return std::string();
  MUTUAL_TRY(const auto written, file::read(places.store(), 4096));
  auto checked = checked_store_url(text::trim(std::string_view(written).substr(0, written.find('\n'))));
  if (!checked) return checked.error().in(shown(places.store()));
  return checked;
}

result<std::unique_ptr<inventory>> open_store(const layout& places, const std::string& url) {
  return url.empty() ? open_inventory(places.inventory()) : open_inventory_at(url);
}

namespace {

// Whether it knows what the folder has seen of it.
result<> check_history(const layout& places, inventory& in, const history& current, const history& seen) {
  if (current.inventory != seen.inventory) {
    return error(errc::bad_input,
                 fmt::format("{} is the inventory of another PKI than {}: name the right one with --store or --pki",
                             in.on().where(), shown(places.folder())));
  }
  MUTUAL_TRY(const auto digest, in.digest_of(seen.act));
  auto lacks = current.act < seen.act
                   ? fmt::format("its history ends at act {}, and {} has seen act {}", current.act,
                                 shown(places.folder()), seen.act)
                   : fmt::format("its act {} is not the one that {} has seen", seen.act, shown(places.folder()));
  if (digest == seen.digest) {
    if (seen.incarnation.empty() || seen.incarnation == current.incarnation) return {};
    MUTUAL_TRY(const bool knows, knows_incarnation(in.on(), seen.incarnation));
    if (knows) return {};
    lacks = fmt::format("it does not know where {} has seen it last", shown(places.folder()));
  }
  return error(
      errc::bad_input,
      fmt::format("{} is older than it was ({}), as one from a backup is: it may have forgotten certificates and "
                  "revocations, so nothing is done with it; put the newest one back, or take this one with "
                  "mutual recover",
                  in.on().where(), lacks));
}

}  // namespace

result<> check_not_older(const layout& places, inventory& in, to_catch_up* found) {
  MUTUAL_CHECK(check_open(in.on()));
  MUTUAL_TRY(const auto remembered, read_mark(places));
  MUTUAL_TRY(const auto current, in.how_far());
  // Each version that gives acts a digest writes a mark after them.
  if (!remembered && !current.digest.empty()) {
    return error(errc::bad_input,
                 fmt::format("{} is missing, so nobody can tell whether the inventory is the newest: put it back, or "
                             "see that {} is the newest there is, and then say so with mutual recover",
                             shown(places.mark()), in.on().where()));
  }
  if (remembered) {
    const auto& seen = remembered->seen;
    MUTUAL_CHECK(check_history(places, in, current, seen));
    if (found != nullptr && !seen.incarnation.empty()) found->is_taken_since = seen.incarnation != current.incarnation;
  }
  MUTUAL_TRY(const bool is_server_to_note, check_footing(in.on()));
  if (found != nullptr) found->is_server_to_note = is_server_to_note;
  return {};
}

}  // namespace mutual::authority
