// mutual: services whose login is the client's certificate, from the command line.

#include "cli/command.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>

namespace {

constexpr int done = 0;
constexpr int failed = 1;
constexpr int bad_usage = 2;

int report(const mutual::error& failure) {
  fmt::print(stderr, "mutual: {}\n", failure.message());
  return failure.code() == mutual::errc::bad_usage ? bad_usage : failed;
}

int run(int count, const char* const* arguments) {
  using namespace mutual::cli;
  CLI::App program("Services whose login is the client's certificate (mutual TLS).", "mutual");
  program.set_version_flag("--version", "mutual " MUTUAL_VERSION);
  program.require_subcommand(1);
  program.footer(
      "Exit codes: 0 done, 1 refused or failed, 2 bad usage.\n"
      "mutual COMMAND --help tells more about a command.");

  action chosen;
  add_init(program, chosen);
  add_issue(program, chosen);
  add_show(program, chosen);
  add_list(program, chosen);
  add_serve(program, chosen);
  add_get(program, chosen);

  if (count < 2) {
    fmt::print(stderr, "{}", program.help());
    return bad_usage;
  }
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& said) {
    return program.exit(said) == 0 ? done : bad_usage;
  }
  const auto outcome = chosen();
  return outcome ? done : report(outcome.error());
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception& unexpected) {
    fmt::print(stderr, "mutual: an internal fault: {}\n", unexpected.what());
    return failed;
  }
}
