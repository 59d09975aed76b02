#pragma once
// layout: where things lie in the folder of a PKI.

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
  std::filesystem::path issued() const { return folder_ / "issued"; }
  /// The leaf and then its intermediate.
  std::filesystem::path certificate(std::string_view name) const { return issued() / (std::string(name) + ".crt"); }
  std::filesystem::path key(std::string_view name) const { return issued() / (std::string(name) + ".key"); }
  std::filesystem::path p12(std::string_view name) const { return issued() / (std::string(name) + ".p12"); }

 private:
  std::filesystem::path folder_;
};

/// The name if files can safely be called by it: up to 128 bytes of UTF-8, no slashes, backslashes, control characters
/// or wildcards, no dot or hyphen at the beginning, no space at either end. Otherwise an error that says why.
result<std::string> checked_name(std::string_view name);

/// The folder of `--pki`: the one that is given, else ./pki if it is there, else $MUTUAL_PKI if it is set, else ./pki.
std::filesystem::path pki_folder(const std::filesystem::path& given);

/// The name (issued/NAME.crt) of the certificate that a server in this PKI presents: `name` if it is given and there
/// is one of it that is for servers, else the only one that is. An error lists what there is to choose from.
result<std::string> find_server_certificate(const std::filesystem::path& folder, std::string_view name = {});

}  // namespace mutual::authority
