#include "cli/key_kind_option.hpp"

#include "base/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace mutual::cli {

void add_key_kind_option(CLI::App& command, std::string& name) {
  command.add_option("--key-kind", name, "p256, p384, ed25519, rsa2048, rsa3072 or rsa4096")
      ->type_name("KIND")
      ->capture_default_str();
}

result<x509::key_kind> key_kind_of(const std::string& name) {
  if (const auto kind = x509::key_kind_from_string(name)) return *kind;
  return error(errc::bad_usage, fmt::format("there is no kind of key {}: choose p256, p384, ed25519, rsa2048, rsa3072 "
                                            "or rsa4096",
                                            text::quoted(name)));
}

}  // namespace mutual::cli
