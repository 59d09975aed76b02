#pragma once
// token: what a machine that has no certificate yet shows to get its first one, once.

#include "base/clock.hpp"
#include "x509/profile.hpp"
#include "x509/secret.hpp"

#include <mutual/peer.hpp>
#include <mutual/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mutual::authority {

/// How long a token can be used, if nobody said it.
inline constexpr std::chrono::hours default_token_life{24};
/// The longest that it may be: a token is a password until it is used.
inline constexpr std::chrono::days longest_token_life{30};

/// What somebody is to get with a token.
struct token_request {
  std::string name;
  x509::profile purpose = x509::profile::client;
  /// The only alternative names that the certificate gets. A server or peer without any gets the name itself.
  alternative_names names;
  std::chrono::seconds life = default_token_life;
  std::string why;  ///< For the log of acts.
};

/// What the inventory knows of a token. The token itself it does not know.
struct token_facts {
  std::string id;
  std::string digest;  ///< SHA-256 of the secret, in hex.
  std::string name;
  x509::profile purpose = x509::profile::client;
  alternative_names names;
  sys_seconds made_at{};
  sys_seconds ends_at{};
  std::optional<sys_seconds> used_at;  ///< Or withdrawn.
  std::string serial;                  ///< Of the certificate that it was used for; empty if it was withdrawn.
};

/// A token that was made: shown once, and kept nowhere.
struct made_token {
  x509::secret text;
  token_facts facts;
};

/// A new token's text, "ID.SECRET" with 8 and 32 random octets in hex, and its digest.
made_token new_token();

/// The id of a token's text; nothing if it has not the form of one.
std::optional<std::string> token_id(std::string_view text);

/// Whether that text is the token of these facts; takes as long for a wrong one as for the right one.
bool is_token(std::string_view text, const token_facts& facts);

/// Alternative names in one text, and back: lines of a kind and a name. For the inventory.
std::string names_to_text(const alternative_names& names);
alternative_names names_from_text(std::string_view text);

}  // namespace mutual::authority
