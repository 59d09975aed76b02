#include "tls/light_session.hpp"

#include "x509/openssl.hpp"

#include <openssl/asn1.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace mutual::tls {
namespace {

// In the ASN.1 that OpenSSL writes of a session, the other end's certificate is the element [3]
// (SSL_SESSION_to_bytes, i2d_SSL_SESSION(3)).
constexpr int certificate_tag = 3;

// One element of `der` from its front, whole; empty if it is none.
std::string_view take_element(std::string_view& der, int& kind, int& tag, std::size_t& content_size) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(der.data());
  const auto* at = begin;
  long size = 0;
  kind = 0;
  const int flags = ASN1_get_object(&at, &size, &tag, &kind, static_cast<long>(der.size()));
  if ((flags & 0x80) != 0 || size < 0) return {};
  content_size = static_cast<std::size_t>(size);
  const auto whole = der.substr(0, static_cast<std::size_t>(at - begin) + content_size);
  der.remove_prefix(whole.size());
  return whole;
}

// The sequence without its element [3]; empty if it is none.
std::string without_certificate(std::string_view der) {
  int kind = 0;
  int tag = 0;
  std::size_t size = 0;
  const auto outer = take_element(der, kind, tag, size);
  if (outer.empty() || tag != V_ASN1_SEQUENCE) return {};
  auto left = outer.substr(outer.size() - size);
  std::string kept;
  kept.reserve(outer.size());  // the secret is in it: no copies are left behind
  while (!left.empty()) {
    const auto element = take_element(left, kind, tag, size);
    if (element.empty()) return {};
    if (kind != V_ASN1_CONTEXT_SPECIFIC || tag != certificate_tag) kept += element;
  }
  const auto content = static_cast<int>(kept.size());
  kept.insert(0, static_cast<std::size_t>(ASN1_object_size(1, content, V_ASN1_SEQUENCE) - content), '\0');
  auto* into = reinterpret_cast<unsigned char*>(kept.data());
  ASN1_put_object(&into, 1, content, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
  return kept;
}

// It holds the session's secret.
struct wiped {
  std::string bytes;
  ~wiped() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

}  // namespace

bool drop_certificates(SSL* ssl, SSL_SESSION* session) {
  const wiped whole{x509::der_of(session, i2d_SSL_SESSION)};
  const wiped light{without_certificate(whole.bytes)};
  const auto* at = reinterpret_cast<const unsigned char*>(light.bytes.data());
  // Read into the very object that there is: what is not there is taken away (d2i_X509(3), "reuse").
  if (light.bytes.empty() || d2i_SSL_SESSION(&session, &at, static_cast<long>(light.bytes.size())) == nullptr) {
    return false;
  }
  // The rest of the chain has no place in that form. This list is the session's own.
  auto* const chain = SSL_get_peer_cert_chain(ssl);
  while (chain != nullptr && sk_X509_num(chain) > 0) X509_free(sk_X509_pop(chain));
  return true;
}

}  // namespace mutual::tls
