#pragma once
// verdict_memory: good verdicts under one trust, remembered by what was shown.

#include "base/recent_map.hpp"
#include "tls/verdict.hpp"

#include <cstddef>
#include <string_view>

namespace mutual::tls {

/// Judges clients under one trust, and does not look twice at a chain that it found good: the same bytes, leaf and all
/// that was sent with it, under the same trust, while nothing has begun or ended since (`still_holds`), are the same
/// verdict. Refusals are not remembered: they must cost nobody but the refused any room. Bounded; goes with its trust,
/// so it outlives no certificate, revocation list or rule. That the client holds the key is proved in each handshake
/// all the same. Safe from any thread.
class verdict_memory {
 public:
  explicit verdict_memory(std::size_t capacity = 8192) : good_(capacity) {}

  /// What tls::judge() gives, `by` being the same trust at each call.
  verdict judge(const trust& by, X509* leaf, const STACK_OF(X509) * sent, const judge_options& options = {});

  /// What tls::judge_again() gives; somebody whose verdict no longer stands is judged once for all connections and
  /// sessions that they have.
  verdict judge_again(const trust& by, const standing& earlier);

  std::size_t size() const { return good_.size(); }

 private:
  standing find(std::string_view key);
  verdict remember(std::string_view key, verdict made);

  recent_map<standing> good_;
};

}  // namespace mutual::tls
