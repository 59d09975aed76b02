#pragma once
// verdict: what became of judging one chain under one trust: a peer, or a reason.

#include "base/clock.hpp"
#include "tls/trust.hpp"
#include "tls/verdict_finding.hpp"
#include "x509/openssl.hpp"

#include <mutual/peer.hpp>
#include <mutual/reason.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::tls {

/// What the certificate is shown for.
enum class purpose { client, server };

struct judge_options {
  purpose use = purpose::client;
  sys_seconds at = now();
  /// If not empty, the DNS name or IP address that the certificate must be for (what the URL says). Compared with the
  /// subject alternative names only; a wildcard stands for one whole leftmost label (RFC 9525).
  std::string host{};
};

/// One certificate as it was shown, for logs: what it says, believed or not.
struct presented_certificate {
  std::string subject;
  std::string issuer;
  std::string serial;
  sys_seconds not_before{};
  sys_seconds not_after{};
};

/// That somebody was judged good, and for how long it needs no looking at again: what a session keeps.
struct standing {
  std::shared_ptr<const peer> who;
  purpose use = purpose::client;
  std::uint64_t generation = 0;  ///< Of the trust that judged.
  sys_seconds from{};            ///< When it was judged.
  sys_seconds until{};           ///< The first moment at which a certificate ends or a revocation list changes.
};

/// A peer or a reason, never both, never neither.
struct verdict {
  std::optional<reason> refused;  ///< Why not; nothing if it is good.
  std::string detail;             ///< If refused: one sentence that says what exactly, and what to do about it.
  std::shared_ptr<const peer> who;
  standing holds;                ///< If good: for sessions.
  std::optional<int> alert;      ///< If refused: the TLS alert to send, see alert_for.
  int verify_error = X509_V_OK;  ///< For X509_STORE_CTX_set_error, so that OpenSSL sends that alert; X509_V_OK if good.
  /// If refused: what was shown, the leaf first; at most `most_presented`.
  std::vector<presented_certificate> presented;

  static constexpr std::size_t most_presented = 8;

  explicit operator bool() const { return !refused && who != nullptr; }
};

/// The verdict on the chain that starts with `leaf`, with what else was `sent` (in any order, may be null, may repeat
/// the leaf), under that trust. Reads no file, takes no lock, waits for nothing; costs as many signature checks as the
/// chain has links, or a bounded multiple of it if the chain is refused. Never throws for what the other end sent.
/// A null leaf is `no_certificate`.
verdict judge(const trust& by, X509* leaf, const STACK_OF(X509) * sent, const judge_options& options = {});

/// Whether an earlier verdict still stands without a look at the chain: same trust, same purpose, and nothing has begun
/// or ended since. Costs nothing.
bool still_holds(const trust& by, const standing& earlier, const judge_options& options = {});

/// The verdict on somebody who was judged before, for resumed sessions and open connections (promises 2 and 3): what
/// `still_holds` answers, else the whole chain is judged anew from its bytes.
verdict judge_again(const trust& by, const standing& earlier, const judge_options& options = {});

/// The good verdict that an earlier one's standing stands for; the caller has asked `still_holds`.
verdict verdict_of(standing earlier);

/// A refusal of somebody whose chain is good, for what is known of its bearer otherwise.
verdict refusal_of(const peer& who, finding why);

/// A refusal for a reason that was not found in a chain (`policy_denied`, `proof_failed`), in the same form.
verdict refusal(reason why, std::string detail);

}  // namespace mutual::tls
