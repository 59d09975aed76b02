#pragma once
// late_renewals: renewals of certificates that had ended, which a request alone has asked for.

#include "authority/database.hpp"
#include "authority/record.hpp"
#include "base/clock.hpp"
#include "x509/request.hpp"

#include <mutual/result.hpp>

#include <string>

namespace mutual::authority {

/// What a request is known by once it was used: a digest over what is signed in it and its signature, which nobody can
/// make another of without the key.
std::string digest_of(const x509::request& one);

/// Until when there was a certificate that was given for more than a request: for a token, by a command, or to who
/// showed a certificate in TLS. The end of `one`, if it was given so; else that of the last before it.
result<sys_seconds> proved_until(database& db, const record& one);

/// Notes that the certificate of that serial number is renewed by that request; bad_usage if the request was used
/// before. Only within the change in which the renewal is recorded.
result<> note_late_renewal(database& db, const std::string& request_digest, std::string_view renewed,
                           sys_seconds until);

}  // namespace mutual::authority
