#pragma once
// revocation_list: how old a CA's revocation list is, as a running service sees it.

#include <chrono>
#include <string>

namespace mutual {

/// The revocation list by which a service judges those whom one CA has certified.
struct revocation_list {
  std::string ca{};  ///< The CA's name (RFC 4514).
  /// Its subject key identifier in lower-case hex, which tells CAs of one name apart; may be empty.
  std::string key_id{};
  /// There is none that has begun: nobody whom this CA has certified is let in (`revocation_unknown`). All below is
  /// empty then.
  bool missing = false;
  std::string number{};             ///< The list's, in lower-case hex.
  std::chrono::sys_seconds made{};  ///< thisUpdate.
  std::chrono::sys_seconds due{};   ///< nextUpdate: when a newer one must be here.
  std::chrono::seconds age{};       ///< How long ago it was made, when this was asked.
  std::chrono::seconds overdue{};   ///< How long past `due` that was; 0 while the list is current.
};

}  // namespace mutual
