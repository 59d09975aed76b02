#include "ca_service/list_shelf.hpp"

#include "tls/file_watch.hpp"
#include "x509/bundle.hpp"

#include <mutual/file_response.hpp>
#include <mutual/problem.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace mutual::ca_service {

std::optional<std::filesystem::path> list_shelf::file_of(const std::string& path) const {
  constexpr std::string_view ending = ".crl", retired = "retired/";
  if (path == "all.pem") return places_.revocation_lists();
  for (const std::string_view ca : {"intermediate", "root"}) {
    if (path == std::string(ca) + ".crl") return places_.revocation_list(ca);
    if (path == std::string(ca) + ".delta.crl") return places_.delta_list(ca);
  }
  if (!path.starts_with(retired) || !path.ends_with(ending) || path.size() <= retired.size() + ending.size()) {
    return std::nullopt;
  }
  // The rest of the name is a serial number, and nothing that could lead elsewhere.
  const auto serial = path.substr(retired.size(), path.size() - retired.size() - ending.size());
  constexpr std::size_t longest_serial = 40;  // RFC 5280 section 4.1.2.2: 20 octets
  if (serial.size() > longest_serial || serial.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return std::nullopt;
  }
  return places_.revocation_list("retired/" + serial);
}

std::optional<sys_seconds> list_shelf::next_update_of(const std::filesystem::path& file) {
  auto stamp = tls::stamp_of({file});
  {
    const std::scoped_lock lock(guard_);
    const auto found = known_.find(file);
    if (found != known_.end() && found->second.stamp == stamp) return found->second.next_update;
  }
  std::optional<sys_seconds> soonest;
  if (const auto lists = x509::load_crls(file); lists) {
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
  auto made = file_response(asked, *file, {path == "all.pem" ? "application/x-pem-file" : "application/pkix-crl", {}});
  // Only of a file that is there: what strangers ask for is not remembered.
  const auto next = next_update_of(*file);
  const auto left = next ? std::clamp<std::chrono::seconds>(*next - now(), std::chrono::seconds(0), list_cache_life)
                         : std::chrono::seconds(0);
  made.headers.set("Cache-Control", fmt::format("max-age={}, public, no-transform, must-revalidate", left.count()));
  return made;
}

}  // namespace mutual::ca_service
