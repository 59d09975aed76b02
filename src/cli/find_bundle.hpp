#pragma once
// A file of certificates and keys, found by its path or by the name that it was issued under, and opened.

#include "cli/password.hpp"
#include "x509/bundle.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace mutual::cli {

/// What was read, and what it was found as (safe for a terminal).
struct found_bundle {
  std::string where;
  x509::bundle contents;
  x509::secret password{};  ///< That was given or typed; empty if none was.
};

/// FILE, or else the certificate that was issued as NAME in the PKI of `--pki`; not_found if it is neither.
result<std::filesystem::path> find_file_or_name(const std::string& what, const std::filesystem::path& pki);

/// Reads a file. Asks for a password only if it does not open without, and if somebody is there to be asked; else the
/// error names the `option` by which it is given.
result<found_bundle> load_asking(const std::filesystem::path& path, const password_source& password,
                                 std::string_view option = "--password-file");

}  // namespace mutual::cli
