#pragma once
// What the commands share. A command is one file: it adds itself to the command line, and says what to do when chosen.

#include <mutual/result.hpp>

#include <filesystem>
#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace mutual::cli {

/// What a command came to: done, a failure, or an exit code of its own.
struct outcome {
  outcome(result<> done) : said(std::move(done)) {}  // what most commands give
  outcome(int own_code) : code(own_code) {}          // as above
  result<> said;
  int code = 0;
};

/// What to do once the whole command line has been read.
using action = std::function<outcome()>;

// Each adds its command to the program; being chosen, it puts its work into `chosen`.
void add_init(CLI::App& program, action& chosen);
void add_issue(CLI::App& program, action& chosen);
void add_show(CLI::App& program, action& chosen);
void add_list(CLI::App& program, action& chosen);
void add_serve(CLI::App& program, action& chosen);
void add_get(CLI::App& program, action& chosen);
void add_check(CLI::App& program, action& chosen);
void add_export(CLI::App& program, action& chosen);
void add_lint(CLI::App& program, action& chosen);
void add_import(CLI::App& program, action& chosen);
void add_renew(CLI::App& program, action& chosen);
void add_needs_renewal(CLI::App& program, action& chosen);
void add_revoke(CLI::App& program, action& chosen);
void add_crl(CLI::App& program, action& chosen);
void add_sign(CLI::App& program, action& chosen);
void add_rotate(CLI::App& program, action& chosen);
void add_log(CLI::App& program, action& chosen);
void add_recover(CLI::App& program, action& chosen);
void add_store(CLI::App& program, action& chosen);
void add_ca(CLI::App& program, action& chosen);
void add_ca_token(CLI::App& ca, action& chosen);

/// Adds --pki, which fills `given`; authority::pki_folder() makes a folder of it.
void add_pki_option(CLI::App& command, std::filesystem::path& given);

/// Adds --store, which fills `url`.
void add_store_option(CLI::App& command, std::string& url);

/// Adds --why, for the log of acts.
void add_why_option(CLI::App& command, std::string& why);

/// Adds --json, for programs that read the output.
void add_json_option(CLI::App& command, bool& json);

}  // namespace mutual::cli
