#include "authority/store.hpp"

#include "authority/closed_store.hpp"
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

result<> check_not_older(const layout& places, inventory& in) {
  MUTUAL_CHECK(check_open(in.on()));
  MUTUAL_TRY(const auto remembered, read_mark(places));
  if (!remembered) return {};
  const auto& seen = remembered->seen;
  MUTUAL_TRY(const auto current, in.how_far());
  if (current.inventory != seen.inventory) {
    return error(errc::bad_input,
                 fmt::format("{} is the inventory of another PKI than {}: name the right one with --store or --pki",
                             in.on().where(), shown(places.folder())));
  }
  MUTUAL_TRY(const auto digest, in.digest_of(seen.act));
  if (digest == seen.digest) return {};
  const auto lacks = current.act < seen.act
                         ? fmt::format("its history ends at act {}, and {} has seen act {}", current.act,
                                       shown(places.folder()), seen.act)
                         : fmt::format("its act {} is not the one that {} has seen", seen.act, shown(places.folder()));
  return error(
      errc::bad_input,
      fmt::format("{} is older than it was ({}), as one from a backup is: it may have forgotten certificates and "
                  "revocations, so nothing is done with it; put the newest one back, or take this one with "
                  "mutual recover",
                  in.on().where(), lacks));
}

}  // namespace mutual::authority
