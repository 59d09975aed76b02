#pragma once
// Subject alternative names: checked, told apart by content, and made.

#include "x509/openssl.hpp"

#include <mutual/peer.hpp>
#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::x509 {

/// The name in its canonical form (DNS names in lower case, addresses as inet_ntop writes them), or an error that says
/// what is wrong with it. DNS names may begin with "*." (RFC 6125); names outside ASCII must be given in A-label form.
result<std::string> checked_dns_name(std::string_view name);
result<std::string> checked_ip(std::string_view address);
result<std::string> checked_uri(std::string_view uri);
result<std::string> checked_email(std::string_view address);

/// Adds a name to the kind that it looks like: an IP address, a URI ("://" or "urn:"), an e-mail address ("@"), else a
/// DNS name. A name that is there already is not added again. Nothing is added if it is not well-formed.
result<> add_by_content(alternative_names& names, std::string_view name);

/// The names as OpenSSL's object, in the order DNS, IP, URI, e-mail; each is checked as above.
result<general_names_ptr> to_general_names(const alternative_names& names);

}  // namespace mutual::x509
