#pragma once
// inventory: every certificate that the authority has signed, and everything that it has done.

#include "base/clock.hpp"
#include "x509/certificate.hpp"
#include "x509/profile.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::authority {

/// How far a certificate has come.
enum class record_state {
  recorded,  ///< In the inventory; its files may not all be there yet.
  issued,    ///< Its files are on the disk.
  lost,      ///< Its key never reached the disk, so nobody can use it; its name is free again.
};

/// "recorded", "issued", "lost".
std::string_view to_string(record_state state);

/// One certificate.
struct record {
  std::string name;  ///< What its files are called.
  x509::profile purpose = x509::profile::client;
  std::string serial;  ///< Lower-case hex.
  std::string subject;
  std::string issuer;
  std::string sha256;
  sys_seconds not_before{};
  sys_seconds not_after{};
  sys_seconds recorded_at{};
  bool p12_has_password = false;
  std::string der;
  record_state state = record_state::recorded;
};

/// The record of a certificate that has just been signed.
record to_record(const x509::certificate& one, std::string_view name, x509::profile purpose, bool p12_has_password);

/// One line of the log of acts, which only ever grows.
struct act {
  sys_seconds at{};
  std::string what;  ///< "recorded", "issued", "lost" …
  std::string serial;
  std::string name;
};

/// Where certificates are recorded. What a call has written is durable when it returns, and each call happens whole or
/// not at all. Several processes may use the same inventory at once. One object is used by one thread at a time.
class inventory {
 public:
  inventory() = default;
  inventory(const inventory&) = delete;
  inventory& operator=(const inventory&) = delete;
  virtual ~inventory() = default;

  /// Records a certificate; already_exists if its serial is there, or if a server, client or peer certificate of that
  /// name is and has not been lost.
  virtual result<> add(const record& one) = 0;
  /// Notes how far a certificate has come.
  virtual result<> set_state(std::string_view serial, record_state state) = 0;
  /// All certificates, those that end first, first.
  virtual result<std::vector<record>> all() = 0;
  /// Those whose files may be missing: `recorded`.
  virtual result<std::vector<record>> unfinished() = 0;
  /// The server, client or peer certificate of that name, unless it was lost.
  virtual result<std::optional<record>> find(std::string_view name) = 0;
  /// Everything that was done, oldest first.
  virtual result<std::vector<act>> acts() = 0;
};

/// Makes a new SQLite inventory, readable by its owner only.
result<std::unique_ptr<inventory>> create_inventory(const std::filesystem::path& file);

/// Opens one that exists; an error if it is missing or empty, is no inventory, or was written by a newer version.
result<std::unique_ptr<inventory>> open_inventory(const std::filesystem::path& file);

}  // namespace mutual::authority
