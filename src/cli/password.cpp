#include "cli/password.hpp"

#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <termios.h>
#include <unistd.h>

namespace mutual::cli {
namespace {

constexpr std::size_t longest_password = 1024;

// Turns the terminal's echo off while it lives.
class silence {
 public:
  explicit silence(int terminal) : terminal_(terminal), known_(::tcgetattr(terminal, &before_) == 0) {
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (known_) ::tcsetattr(terminal_, TCSAFLUSH, &quiet);
  }
  silence(const silence&) = delete;
  silence& operator=(const silence&) = delete;
  ~silence() {
    if (known_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  int terminal_;
  bool known_;
};

void say(int terminal, std::string_view text) {
  // Nothing can be done about a terminal that takes no text.
  if (::write(terminal, text.data(), text.size()) < 0) return;
}

std::string_view first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  return text.ends_with('\r') ? text.substr(0, text.size() - 1) : text;
}

result<x509::secret> checked(std::string_view password) {
  if (password.size() > longest_password) return error(errc::bad_input, "a password has at most 1024 bytes");
  if (password.find('\0') != std::string_view::npos) return error(errc::bad_input, "a password cannot hold a NUL byte");
  return x509::secret(password);
}

}  // namespace

void add_password_options(CLI::App& command, password_source& source, std::string_view what,
                          std::string_view variable) {
  command
      .add_option("--password-file", source.file,
                  fmt::format("A file whose first line is the password of {} (or set ${})", what, variable))
      ->type_name("FILE");
  command.add_flag("--ask-password", source.ask, fmt::format("Ask for the password of {} on the terminal", what));
}

bool somebody_can_be_asked() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

result<x509::secret> ask_password(std::string_view prompt) {
  const descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal)
    return error(errc::bad_usage, "there is no terminal to ask on: give the password with --password-file");
  const silence quiet(terminal.get());
  say(terminal.get(), prompt);
  std::string typed(longest_password + 2, '\0');
  const auto got = ::read(terminal.get(), typed.data(), typed.size());
  say(terminal.get(), "\n");
  typed.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const x509::secret all(std::move(typed));
  return checked(first_line(all.view()));
}

result<x509::secret> read_password(const password_source& source, const char* variable, bool fresh) {
  if (!source.file.empty()) {
    MUTUAL_TRY(auto contents, file::read(source.file, 64 * 1024));
    const x509::secret all(std::move(contents));
    if (first_line(all.view()).empty()) {
      return error(errc::bad_input, fmt::format("{} holds no password: its first line is empty",
                                                text::printable(source.file.string(), 4096)));
    }
    return checked(first_line(all.view()));
  }
  if (source.ask) {
    MUTUAL_TRY(auto typed, ask_password("Password: "));
    if (!fresh) return typed;
    MUTUAL_TRY(const auto again, ask_password("The same again: "));
    if (typed.view() != again.view()) return error(errc::bad_input, "the two passwords differ: try again");
    return typed;
  }
  const char* from_environment = std::getenv(variable);
  return checked(from_environment != nullptr ? from_environment : "");
}

}  // namespace mutual::cli
