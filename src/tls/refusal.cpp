#include "tls/refusal.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <optional>

namespace mutual::tls {
namespace {

// A good verdict has a peer and lists nothing; somebody may still be refused after it, for not holding the key.
std::optional<presented_certificate> leaf_of(const verdict* judged) {
  if (judged == nullptr) return std::nullopt;
  if (!judged->presented.empty()) return judged->presented.front();
  if (!judged->who) return std::nullopt;
  const auto& who = *judged->who;
  return presented_certificate{who.subject(), who.issuer(), who.serial(), who.not_before(), who.not_after()};
}

}  // namespace

std::string refusal_line(std::string_view remote, reason code, std::string_view detail, const verdict* judged) {
  std::string line = fmt::format("refused {}: {}: {}", remote, to_string(code), detail);
  if (const auto leaf = leaf_of(judged)) {
    line += fmt::format("; presented: subject \"{}\", issuer \"{}\", serial {}, valid {} to {}",
                        text::printable(leaf->subject), text::printable(leaf->issuer), text::printable(leaf->serial),
                        to_rfc3339(leaf->not_before), to_rfc3339(leaf->not_after));
    if (judged->presented.size() > 1) line += fmt::format(", and {} more", judged->presented.size() - 1);
  }
  line += fmt::format("; fix: {}", remedy(code));
  return line;
}

}  // namespace mutual::tls
