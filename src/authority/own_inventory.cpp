#include "authority/own_inventory.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

result<std::optional<record>> record_of(inventory& in, const x509::certificate& one) {
  MUTUAL_TRY(auto found, in.find_serial(one.serial()));
  if (found && found->sha256 != one.sha256()) found.reset();
  return found;
}

// A root that was imported may be above several PKIs, and each of their inventories knows it.
result<bool> is_of_this_pki(inventory& in, const x509::certificate& ca) {
  MUTUAL_TRY(const auto found, record_of(in, ca));
  return found && !(ca.is_self_issued() && found->place == imported_place);
}

// The files that say which PKI it is, those first that are there in most.
std::vector<std::filesystem::path> files_of_authorities(const layout& places) {
  std::vector<std::filesystem::path> out{places.intermediate_certificate(), places.root_certificate()};
  std::error_code code;
  for (std::filesystem::directory_iterator at(places.retired(), code), end; !code && at != end; at.increment(code)) {
    if (at->path().extension() == ".crt") out.push_back(at->path());
  }
  return out;
}

}  // namespace

result<> check_is_own(const layout& places, inventory& in) {
  auto files = files_of_authorities(places);
  MUTUAL_TRY(const bool issues, file::exists(places.intermediate_certificate()));
  MUTUAL_TRY(const bool has_root, file::exists(places.root_certificate()));
  if (!issues && !has_root) files.push_back(places.trust());
  result<> unread;  // What cannot be read may be what both know.
  for (const auto& one : files) {
    const auto read = x509::load_certificates(one);
    if (!read) {
      if (read.error().code() != errc::not_found) unread = read.error();
      continue;
    }
    // What follows a CA in its file are those above it.
    const bool is_trust = one == places.trust();
    for (auto at = read->begin(); at != read->end() && (is_trust || at == read->begin()); ++at) {
      MUTUAL_TRY(const bool known, is_of_this_pki(in, *at));
      if (known) return {};
    }
  }
  MUTUAL_CHECK(unread);
  return error(errc::bad_input,
               fmt::format("{} is the inventory of another PKI than {}, of whose CAs it knows none, and nothing is "
                           "written there: name the right one with --store or --pki (if it is the right one, put the "
                           "folder's files inventory.mark, intermediate.crt and root.crt back from its backup)",
                           in.on().where(), shown(places.folder())));
}

result<> check_knows(inventory& in, const x509::certificate& ca) {
  MUTUAL_TRY(const auto found, record_of(in, ca));
  if (found) return {};
  return error(errc::bad_input,
               fmt::format("{} knows no CA {} with the serial number {}, so it is another PKI's inventory or has "
                           "forgotten it, and no revocation list is made from it: name the right one with --store or "
                           "--pki, or put the newest one back",
                           in.on().where(), text::quoted(ca.subject()), ca.serial()));
}

}  // namespace mutual::authority
