#pragma once
// diagnosis: who refused whom, why, and whose fault it is.

#include <mutual/reason.hpp>

#include <optional>
#include <string>
#include <vector>

namespace mutual::client {

struct handshake_report;

/// Whose fault it is, and who therefore can mend it.
enum class culprit {
  client,   ///< Ours: our certificate, our key, our command.
  server,   ///< The server's: its certificate or its configuration.
  unknown,  ///< One of the two; the server's log says which.
};

/// Why one side refused the other.
struct diagnosis {
  bool by_us = false;  ///< We refused the server; else the server refused us.
  /// What it can have been, the likeliest first: an alert stands for several reasons (RFC 8446 has fewer alerts than
  /// there are reasons). Empty if it has nothing to do with certificates, or the server did not say anything.
  std::vector<reason> reasons;
  std::optional<int> alert;  ///< What the server said, if it said something.
  culprit fault = culprit::unknown;
  std::string sentence;  ///< One sentence: what happened.
  std::string clue;      ///< What in our certificate or its request points to the reason; may be empty.
  std::string fix;       ///< One sentence: what would mend it, and who can.
};

/// "the client's (ours)", "the server's", "the client's or the server's".
std::string_view to_string(culprit whose);

/// What a fatal alert from the server means, given all that the report holds (what was asked, what we sent, what our
/// certificates say). The report's own diagnosis is not looked at.
diagnosis diagnose_alert(int alert, const handshake_report& report);

/// What it means that the server closed the connection without a word, after it had asked for a certificate or in the
/// middle of the handshake.
diagnosis diagnose_silence(const handshake_report& report);

/// Our refusal of the server by the report's verdict on it.
diagnosis diagnose_verdict(const handshake_report& report);

}  // namespace mutual::client
