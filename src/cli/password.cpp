#include "cli/password.hpp"

#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "x509/password_text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace mutual::cli {
namespace {

// Takes the terminal's echo, its lines and its signals away while it lives: ^C is a character to us, so that nobody is
// left with a terminal that shows nothing.
class raw_terminal {
 public:
  explicit raw_terminal(int terminal) : terminal_(terminal), known_(::tcgetattr(terminal, &before_) == 0) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (known_) ::tcsetattr(terminal_, TCSAFLUSH, &raw);
  }
  raw_terminal(const raw_terminal&) = delete;
  raw_terminal& operator=(const raw_terminal&) = delete;
  ~raw_terminal() {
    if (known_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  int terminal_;
  bool known_;
};

// One line as it is typed; false if it was given up (^C, or ^D on an empty line).
bool read_line(int terminal, x509::typed_line& line) {
  using step = x509::typed_line::step;
  auto reached = step::more;
  for (char c = 0; reached == step::more && ::read(terminal, &c, 1) == 1;) reached = line.take(c);
  return reached == step::done;
}

}  // namespace

void add_password_options(CLI::App& command, password_source& source, std::string_view what, std::string_view variable,
                          CLI::Option* only_with) {
  auto* file =
      command
          .add_option("--password-file", source.file,
                      fmt::format("A file whose first line is the password of {} (or set ${})", what, variable))
          ->type_name("FILE");
  auto* ask =
      command.add_flag("--ask-password", source.ask, fmt::format("Ask for the password of {} on the terminal", what));
  if (only_with == nullptr) return;
  file->needs(only_with);
  ask->needs(only_with);
}

bool somebody_can_be_asked() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

result<x509::secret> ask_password(std::string_view prompt) {
  const descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal)
    return error(errc::bad_usage,
                 "there is no terminal to ask on: give the password in a file (--password-file and its like)");
  const raw_terminal raw(terminal.get());
  say(terminal.get(), prompt);
  x509::typed_line typed;
  const bool whole = read_line(terminal.get(), typed);
  say(terminal.get(), "\n");
  if (!whole) return error(errc::bad_input, "no password was typed: nothing was done");
  return x509::checked_password(typed.view());
}

result<x509::secret> read_password(const password_source& source, const char* variable, bool fresh,
                                   std::string_view prompt) {
  if (!source.file.empty()) {
    MUTUAL_TRY(auto contents, file::read(source.file, 64 * 1024));
    const x509::secret all(std::move(contents));
    return x509::password_in(all.view(), text::printable(source.file.string(), 4096));
  }
  if (source.ask) {
    MUTUAL_TRY(auto typed, ask_password(prompt));
    if (!fresh) return typed;
    if (typed.empty()) return error(errc::bad_input, "no password was typed: nothing was done");
    MUTUAL_TRY(const auto again, ask_password("The same again: "));
    if (typed.view() != again.view()) return error(errc::bad_input, "the two passwords differ: try again");
    return typed;
  }
  const char* from_environment = std::getenv(variable);
  // What was to put it there has failed, as a rule: nothing may be written unprotected for that.
  if (fresh && from_environment != nullptr && *from_environment == '\0') {
    return error(errc::bad_input,
                 fmt::format("${} is set and empty: put the password there, or unset it to do without one", variable));
  }
  return x509::checked_password(from_environment != nullptr ? from_environment : "");
}

}  // namespace mutual::cli
