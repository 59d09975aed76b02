#include "base/text.hpp"
#include "explain/handshake.hpp"

#include <fmt/format.h>

namespace mutual::explain {
namespace {

// Clues quote certificates and the server: what they hold has been made printable, but is told whole.

std::string reason_line(std::string_view label, reason code, bool by_us) {
  // The meanings speak as the one who refuses a client.
  return by_us ? fmt::format("  {:7} {}\n", label, to_string(code))
               : fmt::format("  {:7} {}: {}\n", label, to_string(code), meaning(code));
}

}  // namespace

std::string refusal_text(const client::diagnosis& refusal) {
  auto out = refusal.sentence + "\n";
  const bool one_of_several = refusal.reasons.size() > 1;
  for (std::size_t at = 0; at < refusal.reasons.size(); ++at) {
    const std::string_view label = at == 0 ? (one_of_several ? "one of" : "reason") : "or";
    out += reason_line(label, refusal.reasons[at], refusal.by_us);
  }
  if (refusal.reasons.empty()) out += "  reason  none was given that has to do with certificates\n";
  if (!refusal.clue.empty()) out += fmt::format("  {:7} {}\n", "seen", refusal.clue);
  out += fmt::format("  {:7} {}\n", "fault", client::to_string(refusal.fault));
  out += fmt::format("  {:7} {}", "fix", refusal.fix);
  return out;
}

std::string insecure_text(const client::handshake_report& report) {
  auto out = fmt::format(
      "WARNING: --insecure: whoever answers at {}:{} is believed without proof. Somebody in between could read and "
      "change all that is sent and received, and learns who we are.",
      text::printable(report.host), report.port);
  if (!report.server_verdict) return out;
  if (*report.server_verdict) {
    return out + " This server's certificate is good: leave --insecure out.";
  }
  return out + fmt::format(" Without it, this server would have been refused: {}: {}.",
                           to_string(report.server_verdict->refused.value_or(reason::malformed)),
                           report.server_verdict->detail);
}

}  // namespace mutual::explain
