#include "load_options.hpp"

#include "base/text.hpp"

#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace mutual::bench {
namespace {

std::optional<load_mode> mode_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, load_mode>, 6> known{{{"full", load_mode::full},
                                                                         {"resumed", load_mode::resumed},
                                                                         {"keepalive", load_mode::keepalive},
                                                                         {"idle", load_mode::idle},
                                                                         {"paced", load_mode::paced},
                                                                         {"arrivals", load_mode::arrivals}}};
  for (const auto& [name, mode] : known) {
    if (name == word) return mode;
  }
  return std::nullopt;
}

template <class Number>
bool read_number(std::string_view word, unsigned long long least, Number& into) {
  const auto read = text::to_number(word);
  if (!read || *read < least || *read > static_cast<unsigned long long>(std::numeric_limits<int>::max())) return false;
  into = static_cast<Number>(*read);
  return true;
}

bool read_tls(std::string_view word, int& into) {
  if (word != "1.2" && word != "1.3") return false;
  into = word.back() - '0';
  return true;
}

// False if there is no such option, or it cannot have that value.
bool take(load_options& into, std::string_view name, std::string_view value) {
  if (name == "--mode") {
    const auto mode = mode_of(value);
    into.mode = mode.value_or(load_mode::full);
    return mode.has_value();
  }
  if (name == "--seconds") {
    unsigned seconds = 0;
    if (!read_number(value, 1, seconds)) return false;
    into.limit = std::chrono::seconds(seconds);
    return true;
  }
  if (name == "--port") return read_number(value, 1, into.port);
  if (name == "--count") return read_number(value, 1, into.count);
  if (name == "--connections") return read_number(value, 1, into.connections);
  if (name == "--rate") return read_number(value, 1, into.rate);
  if (name == "--tls") return read_tls(value, into.tls);
  for (const auto& [known, text] : {std::pair{"--host", &into.host}, std::pair{"--cert", &into.certificate},
                                    std::pair{"--key", &into.key}, std::pair{"--trust", &into.trust},
                                    std::pair{"--path", &into.path}, std::pair{"--issuer-key", &into.issuer_key}}) {
    if (name != known) continue;
    *text = value;
    return true;
  }
  return false;
}

}  // namespace

result<load_options> read_options(int count, char** words) {
  load_options made;
  for (int at = 1; at < count; at += 2) {
    if (at + 1 == count || !take(made, words[at], words[at + 1])) {
      return error(errc::bad_usage,
                   "not understood: " + text::quoted(words[at]) +
                       "; there are --mode full|resumed|keepalive|idle|paced|arrivals --port --host --path "
                       "--cert --key --trust --issuer-key --tls 1.2|1.3 --count --seconds --connections --rate");
    }
  }
  if (made.port == 0 || made.certificate.empty() || made.key.empty() || made.trust.empty()) {
    return error(errc::bad_usage, "--port, --cert, --key and --trust are needed");
  }
  return made;
}

}  // namespace mutual::bench
