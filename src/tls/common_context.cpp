#include "tls/common_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace mutual::tls {
namespace {

// AEAD with forward secrecy only. TLS 1.3's suites are all of that kind.
// The shorter key first, which every TLS 1.3 has (RFC 8446 section 9.1): no attack is known that a longer one would
// keep off, and it costs a third less. This outweighs what openssl.cnf says. AES first, but whoever asks for ChaCha20
// before all has no hardware for AES.
constexpr const char* ciphers_of_tls_1_3 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* ciphers_of_tls_1_2 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

// The hybrid with ML-KEM is there from OpenSSL 3.5 on.
constexpr const char* groups =
    OPENSSL_VERSION_NUMBER >= 0x30500000L ? "X25519MLKEM768:X25519:P-256:P-384" : "X25519:P-256:P-384";

// What the other end's certificates may take in one message; a real chain takes a few thousand bytes.
constexpr long certificate_bytes = 32L * 1024;

// Compressed certificates (RFC 8879) are a way to make us unpack what nobody has judged; a chain is small as it is.
#ifdef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
constexpr std::uint64_t as_they_are = SSL_OP_NO_RX_CERTIFICATE_COMPRESSION | SSL_OP_NO_TX_CERTIFICATE_COMPRESSION;
#else
constexpr std::uint64_t as_they_are = 0;
#endif

int openssl_version(version v) { return v == version::v1_2 ? TLS1_2_VERSION : TLS1_3_VERSION; }

}  // namespace

result<ssl_ctx_ptr> make_context(const SSL_METHOD* method, version at_least, version at_most, OSSL_LIB_CTX* library) {
  ERR_clear_error();
  ssl_ctx_ptr made(SSL_CTX_new_ex(library, nullptr, method));
  SSL_CTX* ctx = made.get();
  if (ctx == nullptr || SSL_CTX_set_min_proto_version(ctx, openssl_version(at_least)) != 1 ||
      SSL_CTX_set_max_proto_version(ctx, openssl_version(at_most)) != 1 ||
      SSL_CTX_set_cipher_list(ctx, ciphers_of_tls_1_2) != 1 || SSL_CTX_set_ciphersuites(ctx, ciphers_of_tls_1_3) != 1 ||
      SSL_CTX_set1_groups_list(ctx, groups) != 1) {
    return error(errc::tls, fmt::format("cannot set up TLS: {}", x509::openssl_errors()));
  }
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | as_they_are);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_max_cert_list(ctx, certificate_bytes);
  return made;
}

result<> present(SSL_CTX* context, const x509::identity& own, const library_context& under) {
  ERR_clear_error();
  // A key of another context would be translated into this one's at its first use, under a lock that all contexts
  // share.
  const auto leaf = under.adopt(own.leaf());
  const auto key = under.adopt(own.key.get());
  const bool taken = leaf && SSL_CTX_use_certificate(context, leaf.get()) == 1 &&
                     SSL_CTX_use_PrivateKey(context, key ? key.get() : own.key.get()) == 1 &&
                     SSL_CTX_check_private_key(context) == 1 &&
                     std::all_of(own.chain.begin() + 1, own.chain.end(), [&](const x509::certificate& one) {
                       const auto adopted = under.adopt(one);
                       return adopted && SSL_CTX_add1_chain_cert(context, adopted.get()) == 1;
                     });
  if (taken) return {};
  return error(
      errc::bad_input,
      fmt::format("OpenSSL does not take our own certificate {} ({}): have one issued with a P-256, Ed25519 or "
                  "RSA key of 2048 bits or more, signed with SHA-256 or better",
                  own.leaf().subject(), x509::openssl_errors()));
}

}  // namespace mutual::tls
