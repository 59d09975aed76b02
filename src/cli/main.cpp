// mutual: services whose login is the client's certificate, from the command line.

#include "base/streams.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/usage.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <exception>
#include <sstream>
#include <string_view>

namespace {

constexpr int done = 0;

// What it is called when nothing came of it.
struct failure_codes {
  int failed = 1;
  int bad_usage = 2;
};

// needs-renewal is a condition for systemd, which takes 1 to 254 for "not now" and goes on without a word: a slip of
// the pen in a unit, or a fault of ours, would let certificates end.
constexpr const char* condition = "needs-renewal";
constexpr failure_codes of_condition{255, 255};

int report(const mutual::error& failure, const failure_codes& codes) {
  mutual::say(fmt::format("mutual: {}\n", failure.message()));
  return failure.code() == mutual::errc::bad_usage ? codes.bad_usage : codes.failed;
}

// Help and the version, which CLI11 takes for errors too.
int answer(const CLI::App& program, const CLI::ParseError& asked) {
  std::ostringstream help, nothing;
  (void)program.exit(asked, help, nothing);
  mutual::cli::put(help.str());
  return done;
}

int run(int count, const char* const* arguments, failure_codes& codes) {
  using namespace mutual::cli;
  CLI::App program("Services whose login is the client's certificate (mutual TLS).", "mutual");
  program.set_version_flag("--version", "mutual " MUTUAL_VERSION);
  program.require_subcommand(1);
  program.footer(
      "Exit codes: 0 done, 1 refused or failed, 2 bad usage; needs-renewal has its own.\n"
      "mutual COMMAND --help tells more about a command.");

  action chosen;
  add_init(program, chosen);
  add_issue(program, chosen);
  add_show(program, chosen);
  add_list(program, chosen);
  add_serve(program, chosen);
  add_get(program, chosen);
  add_check(program, chosen);
  add_export(program, chosen);
  add_lint(program, chosen);
  add_import(program, chosen);
  add_renew(program, chosen);
  add_needs_renewal(program, chosen);
  add_revoke(program, chosen);
  add_crl(program, chosen);
  add_sign(program, chosen);
  add_rotate(program, chosen);
  add_log(program, chosen);
  add_recover(program, chosen);
  add_store(program, chosen);
  add_ca(program, chosen);
  be_strict(program);

  if (count < 2) {
    mutual::say(program.help());
    return codes.bad_usage;
  }
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& said) {
    if (said.get_exit_code() == 0) return answer(program, said);
    if (program.got_subcommand(condition)) codes = of_condition;
    mutual::say(usage_failure(program, said) + "\n");
    return codes.bad_usage;
  }
  const auto came_to = chosen();
  return came_to.said ? came_to.code : report(came_to.said.error(), codes);
}

}  // namespace

int main(int count, char** arguments) {
  failure_codes codes;
  if (count > 1 && std::string_view(arguments[1]) == condition) codes = of_condition;
  try {
    mutual::reserve_standard_streams();
    const int code = run(count, arguments, codes);
    const auto printed = mutual::cli::finish_output();
    return code == done && !printed ? report(printed.error(), codes) : code;
  } catch (const std::exception& unexpected) {
    mutual::say(std::string("mutual: an internal fault: ") + unexpected.what() + "\n");
    return codes.failed;
  }
}
