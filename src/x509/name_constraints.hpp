#pragma once
// Name constraints (RFC 5280 section 4.2.1.10): the names that a CA may certify, written into its own certificate.

#include "x509/builder.hpp"
#include "x509/certificate.hpp"
#include "x509/ip_range.hpp"

#include <mutual/result.hpp>

#include <string>
#include <vector>

namespace mutual::x509 {

/// What may be certified. DNS names are domains ("acme.example" permits itself and what is below it); e-mail ones are
/// hosts, or with a leading dot all hosts below. A kind without a list is not constrained, but for the flags.
struct name_constraints {
  std::vector<std::string> dns;
  std::vector<std::string> emails;
  std::vector<ip_range> ips;
  bool no_dns = false;     ///< No DNS name at all.
  bool no_ips = false;     ///< No IP address at all.
  bool no_emails = false;  ///< No e-mail address at all.

  bool empty() const { return dns.empty() && emails.empty() && ips.empty() && !no_dns && !no_ips && !no_emails; }
};

/// The extension, critical. Must not be empty.
result<raw_extension> to_extension(const name_constraints& of);

/// An error (bad_usage) that names the CA if its name constraints do not allow what the certificate says; nothing if it
/// has none.
result<> check_constraints_of(const certificate& issuer, const certificate& issued);

/// The same for several CAs that stand above it.
result<> check_constraints_of(const std::vector<certificate>& above, const certificate& issued);

/// Leaves the common name out where it is one of the certificate's own addresses, and a CA above it constrains DNS
/// names: OpenSSL and GnuTLS hold a server's common name against these, even one that is an address, and nobody looks
/// at it for anything else (RFC 9525). The rest of the subject stays, unless that is the issuer's own name.
void leave_out_address(certificate_spec& spec, const certificate& issuer, const std::vector<certificate>& above);

}  // namespace mutual::x509
