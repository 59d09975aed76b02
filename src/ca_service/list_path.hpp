#pragma once
// list_path: which revocation list, or which CA's certificate, the end of a path names.

#include <optional>
#include <string>
#include <string_view>

namespace mutual::ca_service {

/// What everybody may fetch, by what it is called.
struct named_list {
  enum class kind {
    all,        ///< "all.pem"
    deltas,     ///< "delta.pem"
    full,       ///< "CA.crl", where CA is "intermediate", "root" or "retired/SERIAL"
    delta,      ///< "CA.delta.crl", where CA is "intermediate" or "root"
    of_serial,  ///< "SERIAL.crl": that of the CA whose certificate has the serial number
  };
  kind is = kind::all;
  /// What the CA's files are called; of `of_serial` its serial number, and otherwise empty.
  std::string of{};
};

/// Nothing for a path that names no list. It comes from anybody: whatever it holds, the CA is one of the three above,
/// with a serial number of 1 to 40 lower-case hex digits, which leads nowhere else.
std::optional<named_list> list_named_by(std::string_view path);

/// The serial number in "SERIAL.crt", as above; nothing for any other path.
std::optional<std::string> issuer_named_by(std::string_view path);

}  // namespace mutual::ca_service
