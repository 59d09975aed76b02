#pragma once
// rotate: a new intermediate or a new root, while certificates of the old one go on being good.
//
//   1. both good      `begin_rotation`: the new one issues; the old one still answers for what it has issued (its
//                     revocation list), and with a new root both roots are trusted (trust.crt), and the new one is also
//                     signed by the old (a cross-certificate, sent along), for who knows only the old
//   2. old not used   when its last certificate has ended or was revoked: `state_of_rotation` says when that is
//   3. old gone       `finish_rotation`: its key is deleted, and an old root is trusted no more

#include "authority/pki.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace mutual::authority {

struct rotation_request {
  bool with_root = false;
  x509::key_kind kind = x509::key_kind::p256;
  /// Where the new intermediate's key is, if it is in a PKCS#11 token; empty for a new one.
  std::string token_uri;
  /// The root's key, which signs the new CA. The new root's key is encrypted with the password that opens the old
  /// one's.
  root_access root;
  /// Where a new root's key is written; empty for root.key in the folder, which is refused if the old one is elsewhere.
  std::filesystem::path root_key_file;
  /// The serial number of a newer CA that another machine has made and that is lost: its place is taken, too.
  std::string lost;
  std::string why;
};

/// A CA that issues no more.
struct old_authority {
  std::string called;  ///< "retired/SERIAL", as its files are.
  std::string subject;
  bool is_root = false;
  dependants on_it;
  /// It was made elsewhere, and what it issued there is on no record here.
  bool is_imported = false;
  /// Why its key cannot be used, though it has to sign its revocation list still; empty if all is well.
  std::string cannot_sign{};
  bool may_go(bool imported_too = false) const { return on_it.in_use == 0 && (!is_imported || imported_too); }
};

struct rotation_state {
  std::string issuing;  ///< The subject of the intermediate that issues now.
  std::string root;     ///< And of its root.
  sys_seconds until{};  ///< When the one that issues ends.
  /// Why nothing is issued though, and what mends it ("revoked: mutual rotate intermediate"); empty if all is well.
  std::string stopped{};
  std::string note;  ///< A sentence if what it issues ends with it already; empty if all is well.
  std::vector<old_authority> old;
};

/// Makes a new intermediate and, if it is asked for, a new root above it. The root's key must be at hand. Killed at any
/// moment, it is completed or taken back by the next command. If servers check revocation, they have the new CA's list
/// before anything is issued; one that could not be made is the error then, and the rotation has happened.
result<rotation_state> begin_rotation(pki& of, const rotation_request& request);

result<rotation_state> state_of_rotation(pki& of);

/// Takes away the old CAs on which nothing depends; an error that says when, if there is none. Those that were imported
/// and have not ended are among them only if it is said, for nobody here knows what depends on them. Each signs its
/// last revocation list first; one that cannot stays, unless it was revoked itself, and is the error when the others
/// have gone. An old root needs that only if its list lacks a CA that was revoked, is missing or past its date; with
/// `root_key_is_lost` it goes without, if its key is neither here nor named. Gives what is left. May be killed at any
/// moment, and done again.
result<rotation_state> finish_rotation(pki& of, bool imported_too = false, const root_access& root = {},
                                       bool root_key_is_lost = false);

}  // namespace mutual::authority
