#include "tls/refusal.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

namespace mutual::tls {

std::string refusal_line(std::string_view remote, reason code, std::string_view detail, const verdict* judged) {
  std::string line = fmt::format("refused {}: {}: {}", remote, to_string(code), detail);
  if (judged != nullptr && !judged->presented.empty()) {
    const auto& leaf = judged->presented.front();
    line += fmt::format("; presented: subject \"{}\", issuer \"{}\", serial {}, valid {} to {}",
                        text::printable(leaf.subject), text::printable(leaf.issuer), text::printable(leaf.serial),
                        to_rfc3339(leaf.not_before), to_rfc3339(leaf.not_after));
    if (judged->presented.size() > 1) line += fmt::format(", and {} more", judged->presented.size() - 1);
  }
  line += fmt::format("; fix: {}", remedy(code));
  return line;
}

}  // namespace mutual::tls
