#include "cli/root_key_option.hpp"

#include "base/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace mutual::cli {

void add_root_password_options(CLI::App& command, password_source& source, std::string_view what) {
  command
      .add_option("--root-password-file", source.file,
                  fmt::format("{} the first line of this file (or set $MUTUAL_ROOT_PASSWORD)", what))
      ->type_name("FILE");
  command.add_flag("--ask-root-password", source.ask,
                   fmt::format("{} a password that is asked for on the terminal", what));
}

result<x509::secret> read_root_password(const password_source& source, bool fresh) {
  return read_password(source, "MUTUAL_ROOT_PASSWORD", fresh, "Password of the root's key: ");
}

void add_root_key_options(CLI::App& command, root_key_options& given) {
  command
      .add_option("--root-key", given.key_files,
                  "Where the root's key is kept, if not in the PKI, for when it is needed")
      ->type_name("FILE")
      ->allow_extra_args(false);
  add_root_password_options(command, given.password, "Open the root's key, when it is needed, with");
}

result<authority::root_access> to_root_access(const root_key_options& given) {
  MUTUAL_TRY(auto password, read_root_password(given.password, false));
  authority::root_access out{given.key_files, std::move(password), {}};
  if (somebody_can_be_asked()) {
    out.ask = [](const std::filesystem::path& of) {
      return ask_password(fmt::format("Password of {}: ", text::printable(of.string(), 4096)));
    };
  }
  return out;
}

}  // namespace mutual::cli
