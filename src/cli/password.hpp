#pragma once
// Passwords: from a file, a terminal or the environment; never from an argument, which everybody on the machine can
// read.

#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string_view>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mutual::cli {

/// Where a password is to come from.
struct password_source {
  std::filesystem::path file;
  bool ask = false;
};

/// Adds --password-file and --ask-password. `what` says what the password is of, `variable` where else it may come
/// from. With `only_with`, they make sense beside that option alone.
void add_password_options(CLI::App& command, password_source& source, std::string_view what, std::string_view variable,
                          CLI::Option* only_with = nullptr);

/// The password: the file's first line, else what is typed (twice, if it is `fresh`), else the environment variable's
/// value, else none. A variable that is set and empty is an error where a new password is to be set.
result<x509::secret> read_password(const password_source& source, const char* variable, bool fresh,
                                   std::string_view prompt = "Password: ");

/// Whether somebody sits at a terminal who could be asked.
bool somebody_can_be_asked();

/// Asks on the terminal, without showing what is typed.
result<x509::secret> ask_password(std::string_view prompt);

}  // namespace mutual::cli
