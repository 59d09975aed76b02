#pragma once
// pki: an authority that is there, in its folder: issues certificates and lists them.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"
#include "x509/certificate.hpp"
#include "x509/key.hpp"
#include "x509/profile.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mutual::authority {

/// How long certificates last that nobody said it of: 397 days, the most that browsers take from servers.
inline constexpr std::chrono::days default_lifetime{397};

/// What somebody wants a certificate for.
struct issue_request {
  x509::profile purpose = x509::profile::client;
  /// The common name, and what its files are called.
  std::string name;
  /// For servers and peers that give none, the name itself is the one.
  alternative_names names;
  std::optional<std::chrono::days> lifetime;
  x509::key_kind kind = x509::key_kind::p256;
  x509::secret p12_password;
};

/// What was made.
struct issued_certificate {
  std::string name;
  x509::profile purpose = x509::profile::client;
  x509::certificate leaf;
  std::filesystem::path certificate_file, key_file, p12_file;
};

/// An authority. Used by one thread at a time; any number of processes may have the same one open.
class pki {
 public:
  /// Opens a PKI that `mutual init` made.
  static result<pki> open(const std::filesystem::path& folder);
  /// The same for who holds the folder's lock already.
  static result<pki> open_locked(const std::filesystem::path& folder);

  /// Issues a certificate with a new key and writes NAME.crt, NAME.key and NAME.p12. It is in the inventory, on the
  /// disk, before any of its files is; files that exist are never overwritten (already_exists). What an interrupted
  /// process left half done is finished first.
  result<issued_certificate> issue(const issue_request& request);

  /// Everything that was signed, those that end first, first.
  result<std::vector<record>> list() { return inventory_->all(); }
  result<std::vector<act>> acts() { return inventory_->acts(); }

  const layout& places() const { return places_; }

 private:
  pki(layout places, std::unique_ptr<inventory> opened) : places_(std::move(places)), inventory_(std::move(opened)) {}

  result<> finish_interrupted();

  layout places_;
  std::unique_ptr<inventory> inventory_;
  bool is_locked_ = false;
};

/// The names that a request is for, with the defaults filled in: a server or peer without names gets the one it is
/// called by, and "localhost" brings its addresses.
result<alternative_names> names_for(const issue_request& request);

/// "localhost" among the names brings 127.0.0.1 and ::1 along.
void add_loopback_addresses(alternative_names& names);

}  // namespace mutual::authority
