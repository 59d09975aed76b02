// Options that several commands have.

#include "cli/command.hpp"

#include <CLI/CLI.hpp>

namespace mutual::cli {

void add_pki_option(CLI::App& command, std::filesystem::path& given) {
  command.add_option("--pki", given, "The PKI's folder; without it ./pki, or $MUTUAL_PKI where there is no ./pki")
      ->type_name("DIR");
}

void add_json_option(CLI::App& command, bool& json) { command.add_flag("--json", json, "Print JSON, for programs"); }

}  // namespace mutual::cli
