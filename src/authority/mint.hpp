#pragma once
// mint: who signs now and within which limits, kept as long as the files say so; and the signing itself, which needs no
// turn.

#include "authority/certified.hpp"
#include "authority/layout.hpp"
#include "authority/limits.hpp"
#include "x509/identity.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace mutual::authority {

/// The CA that issues and its limits, as they were at some moment. Two moments with the same files have the same one.
struct die {
  x509::identity issuer;
  std::vector<x509::certificate> above;  ///< The CAs above it.
  limits by;
  bool is_in_token = false;  ///< Whether the key is in a token, which is asked for one thing at a time.
};

/// Safe to use from any thread.
class mint {
 public:
  /// How often the key could not be used, to load it or to sign with it, is counted in `failures`, if that is given.
  explicit mint(layout places, std::atomic<std::uint64_t>* failures = nullptr)
      : places_(std::move(places)), failures_(failures) {}

  /// What the folder's files say now: they are read each time, and understood anew when they are others. Whatever is
  /// wrong is no fault of who asks for a certificate: it is an error of io.
  result<std::shared_ptr<const die>> current();

  /// What they said when they were read last, without a look at them; null if that is not known. What is signed with it
  /// counts only if current() gives the same before it is recorded.
  std::shared_ptr<const die> latest();

  /// Signs within the limits. Nobody may see the certificate before it is in the inventory. Its public key is not read
  /// back.
  result<x509::certificate> sign(const die& by, const certified& what);

 private:
  result<die> strike();
  error count_failure(error why) const {
    if (failures_ != nullptr) ++*failures_;
    return why;
  }

  layout places_;
  std::atomic<std::uint64_t>* failures_;
  std::mutex guard_;
  x509::secret contents_;              // guarded by guard_: of all files together
  std::shared_ptr<const die> struck_;  // guarded by guard_: what they say; null if that is not known
  std::mutex token_;
};

}  // namespace mutual::authority
