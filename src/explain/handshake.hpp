#pragma once
// A handshake in plain words.

#include "client/handshake_report.hpp"

#include <string>

namespace mutual::explain {

/// The handshake in three steps: what was agreed; who proved what, with both chains drawn and how each was judged; what
/// protects the data. Tells as far as the handshake got. Several lines, safe for a terminal.
std::string handshake_text(const client::handshake_report& report);

/// Who refused whom, every reason that it can have been, what points to it, whose fault it is and what would mend it:
/// several lines, the first a sentence that stands for itself. Safe for a terminal.
std::string refusal_text(const client::diagnosis& refusal);

/// What --insecure gave up with this server, and what we would have said without it; to be said loudly. One paragraph.
std::string insecure_text(const client::handshake_report& report);

}  // namespace mutual::explain
