#pragma once
// A certificate, a request and a revocation list, for people and for programs.

#include "x509/bundle.hpp"

#include <boost/json/fwd.hpp>

#include <string>

namespace mutual::cli {

/// Its subject as RFC 4514 writes it, safe for a terminal.
std::string subject_text(const x509::certificate& one);

/// Some lines about it, each indented, safe for a terminal whatever it holds.
std::string certificate_text(const x509::certificate& one);
std::string request_text(const x509::request& one);
std::string crl_text(const x509::crl& one);

boost::json::object certificate_json(const x509::certificate& one);
boost::json::object request_json(const x509::request& one);
boost::json::object crl_json(const x509::crl& one);

}  // namespace mutual::cli
