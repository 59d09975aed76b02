#pragma once
// certified: certificates of which others have decided what is in them, on their way.

#include "authority/inventory.hpp"
#include "x509/certificate.hpp"
#include "x509/key.hpp"
#include "x509/profile.hpp"

#include <mutual/peer.hpp>
#include <mutual/result.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mutual::authority {

struct die;

/// A certificate of which everything is decided, but for the turn in which it is signed (see enroll.hpp).
struct certified {
  std::string name;
  x509::profile purpose = x509::profile::client;
  alternative_names names;
  EVP_PKEY* key = nullptr;                       ///< Whom it is for; lives as long as this.
  std::optional<x509::certificate> like;         ///< Whose subject it gets; without one, its name's.
  std::optional<std::chrono::seconds> lifetime;  ///< As usual, if it is not said; never longer than the limits allow.
  std::string why;                               ///< For the log of acts.
  std::string token;                             ///< The id of the token that is used up by it; empty for none.
  /// The serial of what it takes the place of, asked in its turn; without it, the name must be free.
  std::function<result<std::string>(inventory&)> replaces;
};

/// Says of a serial number that somebody of this process sees to its certificate's files.
using in_hand = std::function<bool(const std::string&)>;

/// What was made.
struct issued_certificate {
  std::string name;
  x509::profile purpose = x509::profile::client;
  x509::certificate leaf;
  std::filesystem::path certificate_file, key_file, p12_file;  ///< Empty, what was not written.
  /// A sentence where its life was cut short by the end of its issuer, which is near; empty if all is well.
  std::string note = {};
};

/// One certificate of several that become durable together.
struct draft {
  certified what;
  std::string who;                                    ///< For the log of acts.
  std::shared_ptr<const die> by{};                    ///< Who has signed it; null if nobody has yet.
  std::optional<x509::certificate> leaf{};            ///< Nobody's business before it is recorded.
  record entry{};                                     ///< What the inventory has of it, when it is recorded.
  std::optional<x509::private_key> key_here{};        ///< Whose it is, if the name that it renews has that key here.
  std::optional<result<issued_certificate>> outcome;  ///< What came of it.
};

}  // namespace mutual::authority
