#include "client/handshake_facts.hpp"

#include <openssl/evp.h>
#include <openssl/objects.h>

namespace mutual::client {
namespace {

std::string group_of(SSL* ssl) {
  const auto id = static_cast<int>(SSL_get_negotiated_group(ssl));
  const char* name = id == NID_undef ? nullptr : SSL_group_to_name(ssl, id);
  return name == nullptr ? "" : name;
}

std::string_view kind_name(int kind) {
  switch (kind) {
    case EVP_PKEY_EC:
      return "ECDSA";
    case EVP_PKEY_RSA:
      return "RSA";
    case EVP_PKEY_RSA_PSS:
      return "RSA-PSS";
    case EVP_PKEY_ED25519:
      return "Ed25519";
    case EVP_PKEY_ED448:
      return "Ed448";
    default:
      break;
  }
  const char* name = OBJ_nid2ln(kind);
  return name == nullptr ? "unknown" : name;
}

std::string signature_of(SSL* ssl) {
  int digest = NID_undef;
  int kind = NID_undef;
  if (SSL_get_peer_signature_type_nid(ssl, &kind) != 1) return {};
  std::string out(kind_name(kind));
  if (SSL_get_peer_signature_nid(ssl, &digest) == 1 && digest != NID_undef) {
    out += std::string(" with ") + OBJ_nid2sn(digest);
  }
  return out;
}

}  // namespace

void fill_report(handshake_report& report, SSL* ssl, const tls::server_facts& facts, const tls::client_context& by,
                 const std::string& judged_by) {
  report.server_chain = facts.sent;
  report.server_verdict = facts.judged;
  report.asked = facts.asked;
  report.presented = facts.presented;
  report.any_server_accepted = by.settings().accept_any_server;
  report.judged_by = !judged_by.empty()      ? judged_by
                     : by.settings().servers ? "the trust that was given"
                                             : "the CA certificates of this system";
  if (by.settings().own) report.own_chain = by.settings().own->chain;
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
  if (cipher == nullptr) return;
  report.version = SSL_get_version(ssl);
  report.cipher = SSL_CIPHER_get_name(cipher);
  report.cipher_bits = SSL_CIPHER_get_bits(cipher, nullptr);
  report.aead = SSL_CIPHER_is_aead(cipher) == 1;
  report.group = group_of(ssl);
  // TLS 1.3 always exchanges keys afresh here: resumption without it is not offered.
  report.forward_secret = SSL_version(ssl) == TLS1_3_VERSION || SSL_CIPHER_get_kx_nid(cipher) == NID_kx_ecdhe;
  report.resumed = SSL_session_reused(ssl) == 1;
  report.server_signature = signature_of(ssl);
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  if (protocol != nullptr) report.protocol.assign(reinterpret_cast<const char*>(protocol), size);
}

}  // namespace mutual::client
