#include "ca_service/list_shelf.hpp"

#include "tls/file_watch.hpp"
#include "x509/list_files.hpp"

#include <mutual/file_response.hpp>
#include <mutual/problem.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace mutual::ca_service {

namespace {

constexpr std::string_view retired = "retired/";

// A serial number before that ending, and nothing that could lead elsewhere; nothing if it is none.
std::optional<std::string> serial_before(std::string_view ending, std::string_view path) {
  constexpr std::size_t longest_serial = 40;  // RFC 5280 section 4.1.2.2: 20 octets
  if (!path.ends_with(ending)) return std::nullopt;
  path.remove_suffix(ending.size());
  if (path.empty() || path.size() > longest_serial) return std::nullopt;
  if (path.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  return std::string(path);
}

}  // namespace

// What the files of the CA with that serial number are called.
std::string list_shelf::called(const std::string& serial) const {
  for (const char* const ca : {"intermediate", "root"}) {
    const auto found = x509::load_certificates(places_.folder() / (std::string(ca) + ".crt"));
    if (found && found->front().serial() == serial) return ca;
  }
  return std::string(retired) + serial;
}

std::optional<std::filesystem::path> list_shelf::file_of(const std::string& path) const {
  constexpr std::string_view ending = ".crl";
  if (path == "all.pem") return places_.revocation_lists();
  if (path == "delta.pem") return places_.delta_lists();
  for (const std::string_view ca : {"intermediate", "root"}) {
    if (path == std::string(ca) + ".crl") return places_.revocation_list(ca);
    if (path == std::string(ca) + ".delta.crl") return places_.delta_list(ca);
  }
  if (const auto serial = serial_before(ending, path)) return places_.revocation_list(called(*serial));
  if (!path.starts_with(retired)) return std::nullopt;
  const auto serial = serial_before(ending, std::string_view(path).substr(retired.size()));
  return serial ? std::optional(places_.revocation_list(std::string(retired) + *serial)) : std::nullopt;
}

response list_shelf::answer_issuer(const std::string& path) const {
  const auto serial = serial_before(".crt", path);
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
