#include "ca_service/list_shelf.hpp"

#include "base/considerate.hpp"
#include "ca_service/list_path.hpp"
#include "tls/file_watch.hpp"
#include "x509/list_files.hpp"

#include <mutual/file_response.hpp>
#include <mutual/problem.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace mutual::ca_service {

// What the files of the CA with that serial number are called.
std::string list_shelf::called(const std::string& serial) const {
  for (const char* const ca : {"intermediate", "root"}) {
    const auto found = x509::load_certificates(places_.folder() / (std::string(ca) + ".crt"));
    if (found && found->front().serial() == serial) return ca;
  }
  return "retired/" + serial;
}

std::optional<std::filesystem::path> list_shelf::file_of(const std::string& path) const {
  using kind = named_list::kind;
  const auto named = list_named_by(path);
  if (!named) return std::nullopt;
  switch (named->is) {
    case kind::all:
      return places_.revocation_lists();
    case kind::deltas:
      return places_.delta_lists();
    case kind::full:
      return places_.revocation_list(named->of);
    case kind::delta:
      return places_.delta_list(named->of);
    case kind::of_serial:
      return places_.revocation_list(called(named->of));
  }
  return std::nullopt;
}

response list_shelf::answer_issuer(const std::string& path) const {
  const auto serial = issuer_named_by(path);
  const auto found = serial ? x509::load_certificates(places_.folder() / (called(*serial) + ".crt"))
                            : result<std::vector<x509::certificate>>(error(errc::not_found, ""));
  if (!found || found->front().serial() != *serial) throw problem::not_found("there is no CA of that serial number");
  response made(200, found->front().der(), "application/pkix-cert");  // RFC 5280 section 4.2.2.1
  made.headers.set("Cache-Control", "max-age=86400, public, no-transform");
  return made;
}

std::optional<sys_seconds> list_shelf::next_update_of(const std::filesystem::path& file) {
  auto stamp = tls::stamp_of({file});
  {
    const std::scoped_lock lock(guard_);
    const auto found = known_.find(file);
    if (found != known_.end() && found->second.stamp == stamp) return found->second.next_update;
  }
  std::optional<sys_seconds> soonest;
  const considerate_scope here;
  if (const auto lists = x509::load_lookup_lists(file); lists) {
    for (const auto& one : *lists) {
      if (const auto next = one.next_update(); next && (!soonest || *next < *soonest)) soonest = next;
    }
  }
  const std::scoped_lock lock(guard_);
  known_[file] = {std::move(stamp), soonest};
  return soonest;
}

response list_shelf::answer(const request& asked, const std::string& path) {
  const auto file = file_of(path);
  if (!file) throw problem::not_found("there is no such revocation list");
  auto made =
      file_response(asked, *file, {path.ends_with(".pem") ? "application/x-pem-file" : "application/pkix-crl", {}});
  // Only of a file that is there: what strangers ask for is not remembered.
  const auto next = next_update_of(*file);
  const auto left = next ? std::clamp<std::chrono::seconds>(*next - now(), std::chrono::seconds(0), list_cache_life)
                         : std::chrono::seconds(0);
  made.headers.set("Cache-Control", fmt::format("max-age={}, public, no-transform, must-revalidate", left.count()));
  return made;
}

}  // namespace mutual::ca_service
