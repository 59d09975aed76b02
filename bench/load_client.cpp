#include "load_client.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <arpa/inet.h>
#include <array>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mutual::bench {
namespace {

int keep_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<tls::ssl_session_ptr*>(SSL_get_app_data(ssl))->reset(session);
  return 1;  // the reference is ours now
}

// ALPN as HTTP/1.1 clients offer it (RFC 7301).
constexpr unsigned char spoken[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

}  // namespace

result<load_client> load_client::make(const load_options& options) {
  load_client made;
  made.host_ = options.host;
  made.port_ = options.port;
  made.request_ = "GET " + options.path + " HTTP/1.1\r\nHost: " + options.host + ":" + std::to_string(options.port) +
                  "\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";
  made.context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = made.context_.get();
  if (context == nullptr) return error(errc::tls, x509::openssl_errors());
  const int version = options.tls == 2 ? TLS1_2_VERSION : TLS1_3_VERSION;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  if (SSL_CTX_set_min_proto_version(context, version) != 1 || SSL_CTX_set_max_proto_version(context, version) != 1 ||
      SSL_CTX_set_alpn_protos(context, spoken, sizeof spoken) != 0 ||
      SSL_CTX_load_verify_file(context, options.trust.c_str()) != 1 ||
      SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return error(errc::bad_input, "the client's files cannot be used: " + x509::openssl_errors());
  }
  if (!options.issuer_key.empty()) {
    const std::unique_ptr<BIO, x509::freed_by<BIO_free_all>> file(BIO_new_file(options.issuer_key.c_str(), "r"));
    made.issuer_key_.reset(file ? PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!made.issuer_key_) return error(errc::bad_input, "the issuer's key cannot be used: " + x509::openssl_errors());
  }
  return made;
}

// The same but for its serial number, which its issuer has signed anew.
bool load_client::present_another(SSL* ssl) const {
  const x509::x509_ptr made(X509_dup(SSL_CTX_get0_certificate(context_.get())));
  std::array<unsigned char, 16> serial{};
  if (!made || RAND_bytes(serial.data(), serial.size()) != 1) return false;
  serial.front() = (serial.front() & 0x3FU) | 0x40U;
  return ASN1_STRING_set(X509_get_serialNumber(made.get()), serial.data(), serial.size()) == 1 &&
         X509_sign(made.get(), issuer_key_.get(), EVP_sha256()) > 0 && SSL_use_certificate(ssl, made.get()) == 1;
}

tls::ssl_ptr load_client::connect_over(int fd, SSL_SESSION* resume, tls::ssl_session_ptr& kept) const {
  tls::ssl_ptr ssl(SSL_new(context_.get()));
  if (!ssl) return nullptr;
  SSL_set_app_data(ssl.get(), &kept);
  SSL_set_connect_state(ssl.get());
  if (SSL_set_fd(ssl.get(), fd) != 1 || SSL_set_tlsext_host_name(ssl.get(), host_.c_str()) != 1 ||
      SSL_set1_host(ssl.get(), host_.c_str()) != 1 || (resume != nullptr && SSL_set_session(ssl.get(), resume) != 1)) {
    return nullptr;
  }
  if (issuer_key_ && !present_another(ssl.get())) return nullptr;
  return ssl;
}

int load_client::open_socket() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port_);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // On loopback this does not wait unless the server's queue is full, and then it should.
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 && ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
    return fd;
  }
  ::close(fd);
  return -1;
}

}  // namespace mutual::bench
