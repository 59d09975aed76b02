#include "support/tls_client.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <utility>

namespace mutual::test {
namespace {

unsigned short own_port(int fd) {
  sockaddr_in own{};
  socklen_t size = sizeof own;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size);
  return ntohs(own.sin_port);
}

bool was_reset(int code) { return code == ECONNRESET || code == EPIPE; }

// A key that signs with `key` and claims the certificate's public half: OpenSSL would not present the certificate
// otherwise. Null if they belong together, or are no P-256 keys.
x509::pkey_ptr mismatched_key(const identity& one) {
  if (X509_check_private_key(one.certificate(), one.private_key()) == 1) return nullptr;
  ERR_clear_error();
  BIGNUM* secret = nullptr;
  unsigned char point[256];
  std::size_t point_size = 0;
  EVP_PKEY_get_bn_param(one.private_key(), OSSL_PKEY_PARAM_PRIV_KEY, &secret);
  const x509::bignum_ptr owned_secret(secret);
  EVP_PKEY_get_octet_string_param(X509_get0_pubkey(one.certificate()), OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                  &point_size);
  const std::unique_ptr<OSSL_PARAM_BLD, x509::freed_by<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point, point_size);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret);
  const std::unique_ptr<OSSL_PARAM, x509::freed_by<OSSL_PARAM_free>> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const x509::pkey_ctx_ptr maker(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata_init(maker.get()) != 1 ||
      EVP_PKEY_fromdata(maker.get(), &made, EVP_PKEY_KEYPAIR, parameters.get()) != 1) {
    throw std::runtime_error("test client: cannot make a key that does not match: " + x509::openssl_errors());
  }
  return x509::pkey_ptr(made);
}

session half_made_session(SSL* ssl) {
  const SSL_SESSION* begun = SSL_get_session(ssl);
  if (begun == nullptr || SSL_version(ssl) != TLS1_2_VERSION) return nullptr;
  unsigned size = 0;
  const auto* id = SSL_SESSION_get_id(begun, &size);
  unsigned char secret[SSL_MAX_MASTER_KEY_LENGTH];
  const auto secret_size = SSL_SESSION_get_master_key(begun, secret, sizeof secret);
  const auto* cipher = SSL_SESSION_get0_cipher(begun);
  if (size == 0 || secret_size == 0 || cipher == nullptr) return nullptr;
  session forged(SSL_SESSION_new(), SSL_SESSION_free);
  SSL_SESSION_set_protocol_version(forged.get(), TLS1_2_VERSION);
  SSL_SESSION_set1_id(forged.get(), id, size);
  SSL_SESSION_set1_master_key(forged.get(), secret, secret_size);
  SSL_SESSION_set_cipher(forged.get(), cipher);
  return forged;
}

}  // namespace

struct connection_callbacks {
  static tls_connection& of(const SSL* ssl) { return *static_cast<tls_connection*>(SSL_get_app_data(ssl)); }

  static void event(const SSL* ssl, int where, int value) {
    if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT) return;
    auto& report = of(ssl).report_;
    if ((value >> 8) == SSL3_AL_FATAL) report.alert = value & 0xff;
    if ((value & 0xff) == SSL_AD_CLOSE_NOTIFY) report.closed_cleanly = true;
  }

  static int new_session(SSL* ssl, SSL_SESSION* given) {
    of(ssl).report_.session = session(given, SSL_SESSION_free);
    return 1;
  }

  // Called when the server asks for a certificate. Whatever chain the test wants is presented, right or wrong.
  static int certificate_request(SSL* ssl, void*) {
    auto& self = of(ssl);
    const auto& chain = self.how_.chain;
    self.report_.asked_for_certificate = true;
    const auto* names = SSL_get0_peer_CA_list(ssl);
    for (int at = 0; names != nullptr && at < sk_X509_NAME_num(names); ++at) {
      char text[256];
      self.report_.accepted_names.emplace_back(X509_NAME_oneline(sk_X509_NAME_value(names, at), text, sizeof text));
    }
    if (chain.empty()) return 1;
    if (SSL_use_certificate(ssl, chain.front().certificate()) != 1) return 0;
    const auto other = mismatched_key(chain.front());
    if (SSL_use_PrivateKey(ssl, other ? other.get() : chain.front().private_key()) != 1) return 0;
    SSL_clear_chain_certs(ssl);
    for (std::size_t at = 1; at < chain.size(); ++at) {
      if (SSL_add1_chain_cert(ssl, chain[at].certificate()) != 1) return 0;
    }
    return 1;
  }

  static tls::ssl_ctx_ptr context_for(const client_options& how) {
    tls::ssl_ctx_ptr context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* ctx = context.get();
    SSL_CTX_set_min_proto_version(ctx, how.version);
    SSL_CTX_set_max_proto_version(ctx, how.version);
    SSL_CTX_set_security_level(ctx, 0);  // a client that presents anything
    SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, new_session);
    SSL_CTX_set_info_callback(ctx, event);
    SSL_CTX_set_cert_cb(ctx, certificate_request, nullptr);
    if (!how.ciphers.empty()) SSL_CTX_set_cipher_list(ctx, how.ciphers.c_str());
    if (!how.suites.empty()) SSL_CTX_set_ciphersuites(ctx, how.suites.c_str());
    if (!how.groups.empty()) SSL_CTX_set1_groups_list(ctx, how.groups.c_str());
    if (!how.signature_algorithms.empty()) SSL_CTX_set1_sigalgs_list(ctx, how.signature_algorithms.c_str());
    return context;
  }
};

descriptor connect_plain(unsigned short port) {
  // OpenSSL writes with write(2): without this a server that has closed would end the test program.
  std::signal(SIGPIPE, SIG_IGN);
  descriptor handle(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{10, 0};
  ::setsockopt(handle.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(handle.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(handle.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
    throw std::runtime_error("cannot connect to the server under test");
  }
  return handle;
}

std::string read_all(int fd) {
  std::string all;
  char piece[16384];
  for (;;) {
    const auto got = ::recv(fd, piece, sizeof piece, 0);
    if (got <= 0) return all;
    all.append(piece, static_cast<std::size_t>(got));
  }
}

tls_connection::tls_connection(unsigned short port, client_options how)
    : how_(std::move(how)), handle_(connect_plain(port)), context_(connection_callbacks::context_for(how_)) {
  report_.port = own_port(handle_.get());
  ssl_.reset(SSL_new(context_.get()));
  SSL* ssl = ssl_.get();
  SSL_set_app_data(ssl, this);
  SSL_set_fd(ssl, handle_.get());
  if (!how_.server_name.empty()) SSL_set_tlsext_host_name(ssl, how_.server_name.c_str());
  if (!how_.alpn.empty()) {
    const std::string list = static_cast<char>(how_.alpn.size()) + how_.alpn;
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(list.data()), static_cast<unsigned>(list.size()));
  }
  if (how_.session) SSL_set_session(ssl, how_.session.get());

  ERR_clear_error();
  errno = 0;
  report_.connected = SSL_connect(ssl) == 1;
  if (!report_.connected) {
    report_.reset = was_reset(errno);
    report_.half_made = half_made_session(ssl);
    return;
  }
  report_.resumed = SSL_session_reused(ssl) == 1;
}

tls_connection::~tls_connection() = default;

bool tls_connection::write(std::string_view bytes) {
  ERR_clear_error();
  errno = 0;
  std::size_t written = 0;
  const bool done = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) == 1 && written == bytes.size();
  if (!done && was_reset(errno)) report_.reset = true;
  return done;
}

std::string tls_connection::read_some() {
  char piece[16384];
  ERR_clear_error();
  errno = 0;
  const int got = SSL_read(ssl_.get(), piece, sizeof piece);
  if (got > 0) return {piece, static_cast<std::size_t>(got)};
  if (was_reset(errno)) report_.reset = true;
  return {};
}

std::string tls_connection::read_answer() {
  for (;;) {
    const auto head = pending_.find("\r\n\r\n");
    const auto length = pending_.find("Content-Length: ");
    if (head != std::string::npos && length < head) {
      std::size_t size = 0;
      std::from_chars(pending_.data() + length + 16, pending_.data() + head, size);
      const auto whole = head + 4 + size;
      if (pending_.size() >= whole) {
        auto answer = pending_.substr(0, whole);
        pending_.erase(0, whole);
        return answer;
      }
    }
    const auto piece = read_some();
    if (piece.empty()) return std::exchange(pending_, {});
    pending_ += piece;
  }
}

std::string tls_connection::read_to_end() {
  auto all = std::exchange(pending_, {});
  for (;;) {
    const auto piece = read_some();
    if (piece.empty()) return all;
    all += piece;
  }
}

void tls_connection::shut_down() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

void tls_connection::vanish(bool with_reset) {
  // OpenSSL's client would forget its session too.
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN);
  const linger at_once{1, 0};
  if (with_reset) {
    (void)::setsockopt(handle_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  } else {
    // What is left unread would make it a reset.
    (void)::shutdown(handle_.get(), SHUT_WR);
    (void)read_all(handle_.get());
  }
  handle_.reset();
}

std::optional<std::string> tls_connection::ask(const std::string& target) {
  write("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto answer = read_answer();
  if (status_of(answer) == 0) return std::nullopt;
  return body_of(answer);
}

client_report get(unsigned short port, const client_options& how, const std::string& target) {
  tls_connection connection(port, how);
  if (!connection.report().connected) return connection.report();
  // Under TLS 1.3 a refusal may be on its way already: whether this can be written says nothing, what is read does.
  connection.write("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto answer = connection.read_to_end();
  auto report = connection.report();
  report.status = status_of(answer);
  report.body = body_of(answer);
  connection.shut_down();
  return report;
}

session with_other_secret(const session& whole) {
  session copy(SSL_SESSION_dup(whole.get()), SSL_SESSION_free);
  unsigned char secret[SSL_MAX_MASTER_KEY_LENGTH];
  const auto size = SSL_SESSION_get_master_key(copy.get(), secret, sizeof secret);
  secret[0] ^= 1;
  SSL_SESSION_set1_master_key(copy.get(), secret, size);
  return copy;
}

int status_of(std::string_view answer) {
  if (answer.size() < 12 || !answer.starts_with("HTTP/1.")) return 0;
  int status = 0;
  std::from_chars(answer.data() + 9, answer.data() + 12, status);
  return status;
}

std::string body_of(std::string_view answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string() : std::string(answer.substr(end + 4));
}

}  // namespace mutual::test
