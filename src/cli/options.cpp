// Options that several commands have.

#include "authority/free_text.hpp"
#include "cli/command.hpp"

#include <CLI/CLI.hpp>

namespace mutual::cli {

void add_pki_option(CLI::App& command, std::filesystem::path& given) {
  command.add_option("--pki", given, "The PKI's folder; without it ./pki, or $MUTUAL_PKI where there is no ./pki")
      ->type_name("DIR");
}

void add_store_option(CLI::App& command, std::string& url) {
  command
      .add_option(
          "--store", url,
          "Where the inventory is: postgresql://HOST/DATABASE; without it what the PKI was made with, an SQLite "
          "file in its folder if nothing was said")
      ->type_name("URL");
}

void add_why_option(CLI::App& command, std::string& why) {
  // Before anything is done: the inventory would take it no more than we do.
  const auto check = [](const std::string& text) -> std::string {
    const auto checked = authority::check_free_text(text);
    return checked ? std::string() : checked.error().message();
  };
  command.add_option("--why", why, "A sentence for the log of acts: one line, up to 1024 bytes")
      ->type_name("TEXT")
      ->check(CLI::Validator(check, "", "free_text"));
}

void add_json_option(CLI::App& command, bool& json) { command.add_flag("--json", json, "Print JSON, for programs"); }

}  // namespace mutual::cli
