#pragma once
// layout: where things lie in the folder of a PKI.

#include "base/file.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace mutual::authority {

/// The places in a PKI's folder. Nothing is read or written here.
class layout {
 public:
  explicit layout(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path root_certificate() const { return folder_ / "root.crt"; }
  std::filesystem::path root_key() const { return folder_ / "root.key"; }
  std::filesystem::path intermediate_certificate() const { return folder_ / "intermediate.crt"; }
  std::filesystem::path intermediate_key() const { return folder_ / "intermediate.key"; }
  /// Whom both sides trust: the root; or the certificates to pin, when there is no CA.
  std::filesystem::path trust() const { return folder_ / "trust.crt"; }
  std::filesystem::path inventory() const { return folder_ / "inventory.db"; }
  /// What may be issued; without the file nothing is limited.
  std::filesystem::path limits() const { return folder_ / "authority.toml"; }
  /// Where the inventory is, if it is not in the folder: a URL.
  std::filesystem::path store() const { return folder_ / "store"; }
  /// What the folder remembers of the inventory: see store.hpp.
  std::filesystem::path mark() const { return folder_ / "inventory.mark"; }
  /// What the folder is called in an inventory that others share: see place.hpp.
  std::filesystem::path place() const { return folder_ / "place"; }
  /// All current revocation lists, for servers: PEM.
  std::filesystem::path revocation_lists() const { return folder_ / "crl.pem"; }
  /// The list of one CA, and what has changed since: DER.
  std::filesystem::path revocation_list(std::string_view ca) const { return folder_ / (std::string(ca) + ".crl"); }
  std::filesystem::path delta_list(std::string_view ca) const { return folder_ / (std::string(ca) + ".delta.crl"); }
  /// What has changed since, of all CAs whose lists were made then: PEM.
  std::filesystem::path delta_lists() const { return folder_ / "delta.pem"; }
  /// The lists of CAs between the intermediate and the root that are run by others.
  std::filesystem::path lists_above() const { return folder_ / "above.crl"; }
  /// CAs that issue no more, but still answer for what they have issued: SERIAL.crt and SERIAL.key.
  std::filesystem::path retired() const { return folder_ / "retired"; }
  /// Who signs OCSP answers for a CA: key and certificate in one file, so that they are never of two.
  std::filesystem::path responders() const { return folder_ / "ocsp"; }
  std::filesystem::path responder(std::string_view ca_serial) const {
    return responders() / (std::string(ca_serial) + ".pem");
  }
  std::filesystem::path issued() const { return folder_ / "issued"; }
  /// The leaf and then its intermediate.
  std::filesystem::path certificate(std::string_view name) const { return issued() / (std::string(name) + ".crt"); }
  std::filesystem::path key(std::string_view name) const { return issued() / (std::string(name) + ".key"); }
  /// What was renewed: NAME.SERIAL.crt and so on.
  std::filesystem::path replaced() const { return issued() / "replaced"; }
  std::filesystem::path p12(std::string_view name) const { return issued() / (std::string(name) + ".p12"); }

 private:
  std::filesystem::path folder_;
};

using file::checked_name;

/// The folder of `--pki`: the one that is given, else ./pki if it is there, else $MUTUAL_PKI if it is set, else ./pki.
std::filesystem::path pki_folder(const std::filesystem::path& given);

}  // namespace mutual::authority
