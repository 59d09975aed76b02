#pragma once
// Distinguished names: made, and written as RFC 4514 text.

#include "x509/openssl.hpp"

#include <mutual/result.hpp>

#include <string>
#include <vector>

namespace mutual::x509 {

/// The parts of a subject that we put into certificates; empty ones are left out.
struct distinguished_name {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> organizational_units;

  bool empty() const { return common_name.empty() && organizations.empty() && organizational_units.empty(); }
};

/// The name as OpenSSL's object: O, OU, CN in that order, as UTF8String. Refuses parts that are not UTF-8, hold control
/// characters, or are longer than RFC 5280's upper bound of 64 characters.
result<x509_name_ptr> to_x509_name(const distinguished_name& name);

/// RFC 4514: "CN=alice,O=Acme", UTF-8, what could be misread escaped. A name that cannot be decoded is written as "#"
/// and its DER in hex, so that two different names never look the same.
std::string name_text(const X509_NAME* name);

/// All values of an attribute (NID_commonName), in order, as UTF-8; values that are not text are left out.
std::vector<std::string> attribute_values(const X509_NAME* name, int nid);

}  // namespace mutual::x509
