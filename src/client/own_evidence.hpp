#pragma once
// What speaks against our own certificate, as far as we can see it ourselves.

#include "client/handshake_report.hpp"

#include <mutual/reason.hpp>

#include <optional>
#include <string>
#include <vector>

namespace mutual::client {

/// One thing that a server may well have refused us for.
struct suspicion {
  reason why;
  std::string clue;  ///< One sentence that says what in our certificate it is.
};

/// What a strict server would find wrong with what we presented, at the report's time, the plainest first. Empty if we
/// presented nothing, or nothing is visibly wrong.
std::vector<suspicion> suspicions_of(const handshake_report& report);

/// Which of the three reasons behind "nobody that I trust has issued it" it was, as far as our chain, the names that
/// the server accepts, and its own chain show it: one if that is certain, several if not, the likeliest first.
struct issuer_evidence {
  std::vector<reason> reasons;
  std::string clue;
};
issuer_evidence why_unknown_issuer(const handshake_report& report);

/// "It accepts certificates issued by CN=Acme Root,O=Acme."; empty if it did not say.
std::string accepted_issuers(const handshake_report& report);

}  // namespace mutual::client
