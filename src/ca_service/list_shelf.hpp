#pragma once
// list_shelf: revocation lists as files that everybody may fetch.

#include "authority/layout.hpp"
#include "base/clock.hpp"

#include <mutual/request.hpp>
#include <mutual/response.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace mutual::ca_service {

/// For how long caches of HTTP may give a list without asking whether there is a newer one: a revocation makes one.
inline constexpr std::chrono::minutes list_cache_life{5};

/// Gives revocation lists out: "intermediate.crl", "root.crl", "intermediate.delta.crl" and those of CAs that issue no
/// more ("retired/SERIAL.crl") as DER (RFC 2585), "all.pem" and "delta.pem" as PEM; and "SERIAL.crl", that of the CA
/// whose certificate has that serial number, whether it issues yet or not: what certificates name. Safe to use from any
/// thread; blocks while files are read.
class list_shelf {
 public:
  explicit list_shelf(authority::layout places) : places_(std::move(places)) {}

  /// The answer with a list: with ETag and Last-Modified, and fresh for list_cache_life. Throws a `problem`, 404 for
  /// anything but a list.
  response answer(const request& asked, const std::string& path);

  /// The answer with a CA's certificate, "SERIAL.crt", as DER. Throws a `problem`, 404 for anything else.
  response answer_issuer(const std::string& path) const;

 private:
  std::optional<std::filesystem::path> file_of(const std::string& path) const;
  std::string called(const std::string& serial) const;
  std::optional<sys_seconds> next_update_of(const std::filesystem::path& file);

  authority::layout places_;
  std::mutex guard_;
  // What was read of a file, by its stamp: a list may be large, and is read once. Guarded by guard_.
  struct known {
    std::string stamp;
    std::optional<sys_seconds> next_update;
  };
  std::map<std::filesystem::path, known> known_;
};

}  // namespace mutual::ca_service
