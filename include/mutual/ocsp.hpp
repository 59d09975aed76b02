#pragma once
// ocsp: asking a responder whether a client's certificate is revoked.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace mutual::tls {

/// What counts while no answer can be had.
enum class unanswered : std::uint8_t {
  strict,  ///< Nobody is let in, or stays in, without an answer that is current.
  grace,   ///< Whoever was good by the last answer stays so for a while after that has ended.
  off,     ///< Whoever nobody has spoken against is let in. A responder's word counts when it comes.
};

/// Asks a responder (RFC 6960) about each client, once the handshake has shown that its chain is good and before
/// anything is read of it or said to it. Also about a session that is taken up again, and anew while connections are
/// open, before the last answer ends: who is revoked meanwhile is closed on. A CA between the client and what is
/// trusted is judged by its issuer's revocation list if there is one, and asked about otherwise.
struct ocsp_check {
  /// "http://ocsp.example/": that responder is asked about everybody. "certificate": the one that each certificate
  /// names (authorityInfoAccess), which its CA answers for; http:// alone. Empty: nobody is asked.
  std::string ask{};
  unanswered policy = unanswered::strict;
  std::chrono::seconds grace{0};              ///< For `unanswered::grace`.
  std::chrono::milliseconds patience{4'000};  ///< For one answer to come whole, from the question on.
  std::chrono::seconds tolerance{60};         ///< By how much a responder's clock may differ.
  std::size_t most_kept = 10'000;             ///< Answers that are kept until they end; those in use come on top.

  bool operator==(const ocsp_check&) const = default;
};

}  // namespace mutual::tls
