#pragma once
// The root's key on the command line: where it is kept, and its password.

#include "authority/root_key.hpp"
#include "cli/password.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace mutual::cli {

struct root_key_options {
  std::vector<std::filesystem::path> key_files;
  password_source password;
};

/// Adds --root-password-file and --ask-root-password. `what` says what the password does: "Encrypt the root's key
/// with".
void add_root_password_options(CLI::App& command, password_source& source, std::string_view what);

/// The password, also from $MUTUAL_ROOT_PASSWORD; typed twice if it is `fresh`.
result<x509::secret> read_root_password(const password_source& source, bool fresh);

/// Adds --root-key and the options of its password, for a command that may need the root's key.
void add_root_key_options(CLI::App& command, root_key_options& given);

/// What opens it: what was given, and whoever sits at the terminal.
result<authority::root_access> to_root_access(const root_key_options& given);

}  // namespace mutual::cli
