#pragma once
// The command line that shows a service at work.

#include "net/address.hpp"
#include "x509/certificate.hpp"

#include <mutual/tls.hpp>

#include <string>
#include <string_view>

namespace mutual {

/// A curl line that gets an answer when it is pasted into a shell of this machine and folder: to a host that the
/// server's certificate is for, at that path, as a client that the PKI has a certificate and the key of. If there is no
/// such client, how to make one; empty if the service does not serve from a PKI's folder.
std::string curl_line(const tls::config& settings, const x509::certificate& own, const net::endpoint& where,
                      std::string_view path);

}  // namespace mutual
