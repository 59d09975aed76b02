#pragma once
// root_key: the key of a root, which may be encrypted, or kept elsewhere.

#include "authority/layout.hpp"
#include "x509/identity.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace mutual::authority {

/// Where roots' keys are when they are not in the PKI's folder, and what opens them.
struct root_access {
  /// Files that are kept elsewhere. Each is for the root that its key belongs to.
  std::vector<std::filesystem::path> key_files;
  x509::secret password;
  /// Asks somebody for the password of that file, when it is needed; empty if nobody is there to be asked.
  std::function<result<x509::secret>(const std::filesystem::path& of)> ask;
};

/// A root, and where its files are.
struct root_place {
  x509::certificate certificate;
  std::string called;  ///< "root", as its files are.
  std::filesystem::path key_file;
};

/// What is said of a PKI of self-signed certificates where a CA is needed (not_found).
error no_authority(const layout& places);

/// The root of a PKI; not_found if it has none, being one of self-signed certificates.
result<root_place> current_root(const layout& places);

/// A root with its key, for what only the root can do. Errors say what to do: not_found if the key is kept elsewhere,
/// password_needed if it is encrypted and nobody can be asked, bad_input if it is another's.
/// The password that was given or typed, if one was, is put into `opened_by`.
result<x509::identity> load_root(const root_place& root, const root_access& with, x509::secret* opened_by = nullptr);

/// The keys of roots, each opened at most once: whoever is asked for a password is not asked again, whatever came of
/// it.
class opened_roots {
 public:
  explicit opened_roots(const root_access& with) : with_(with) {}

  /// The root with its key. One that is only `wanted`, and not needed, is opened without asking anybody.
  const result<x509::identity>& open(const root_place& root, bool only_wanted);

  /// Whether somebody has said where a key is, and so wants it used.
  bool are_named() const { return !with_.key_files.empty(); }

 private:
  const root_access& with_;
  std::map<std::string, result<x509::identity>> asked_, tried_;
};

}  // namespace mutual::authority
