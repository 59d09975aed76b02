#pragma once
// enroll: certificates for those who ask for them over the network, and what proves who they are.

#include "authority/pki.hpp"
#include "authority/token.hpp"
#include "x509/key.hpp"
#include "x509/request.hpp"

#include <mutual/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace mutual::authority {

/// Makes a token that stands for one certificate. An error if its name or names are none.
result<made_token> make_token(pki& of, const token_request& request);

/// The facts of a token that has not ended, used or not; an error (not_found) with the true reason, for the log, if
/// there is none: to whoever showed it, all reasons look the same.
result<token_facts> check_token(pki& of, std::string_view text);

/// Whose key the certificate is to be for: the request's own, or one that is made here and given away.
struct enrolled {
  issued_certificate issued;
  std::optional<x509::private_key> key;
  bool is_repeat = false;  ///< Whether it was given before, and nothing was issued now.
};

/// What is asked for: a request whose signature proves its key, or in the place of whose key another is to be made.
struct enrolment {
  x509::request request;
  bool make_key = false;
};

/// An enrolment whose right was looked into: what is to be certified, or what was given before.
struct agreed {
  certified what;                           ///< Refers to the key of the request, or to the one that was made.
  std::optional<x509::private_key> made;    ///< Whose the certificate is, if it was made here.
  std::optional<issued_certificate> given;  ///< Set if there is nothing to be made.
};

/// The first certificate, by a token. It gets the token's name, profile and alternative names; a request that asks for
/// others is refused. The token is used up in the moment in which the certificate is recorded, and not by what is
/// refused; used by two at once, it serves one (already_exists). Who proves the key of what it was used for gets that
/// certificate once more, since an answer may be lost; others are refused (not_found). The request must live as long as
/// what is agreed, as in the next.
result<agreed> agree_by_token(pki& at, const token_facts& token, const enrolment& what);

/// Another certificate by one that is good (`current`, as it was shown in the handshake): with the same subject and
/// alternative names, which the request must have too (RFC 7030 section 4.2.2). Refused if that one is not of this
/// authority, or revoked or on hold by now, or if any certificate of its key was revoked as compromised; asked once
/// more when it is recorded.
result<agreed> agree_by_certificate(pki& at, const std::string& current_sha256, const enrolment& what);

/// Another certificate for a key whose certificate has ended: the request is signed with that key, and says the same
/// subject and alternative names. If the key has one already that took the place of one that has ended, in whichever
/// way and of whichever key, it is given again until that is due, since an answer may be lost: whoever repeats an old
/// request gets nothing of use. Any other that is good yet is to be shown in TLS (bad_usage), and so is that one from
/// then on: who was given it once more would take it for a new one. A request serves once, and `grace` counts from the
/// end of the last certificate that was given for more than a request, so that those who have recorded some cannot go
/// on renewing.
result<agreed> agree_after_end(pki& at, const x509::request& request, std::chrono::seconds grace);

/// The same, each certified at once and by itself.
result<enrolled> enroll_by_token(pki& at, const token_facts& token, const enrolment& what);
result<enrolled> renew_by_certificate(pki& at, const std::string& current_sha256, const enrolment& what);
result<enrolled> renew_after_end(pki& at, const x509::request& request, std::chrono::seconds grace);

}  // namespace mutual::authority
