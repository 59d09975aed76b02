#include "client/one_server.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace mutual::test {

int refuse(X509_STORE_CTX* store, void* terms) {
  const int code = static_cast<const tls_terms*>(terms)->refuse_with;
  X509_STORE_CTX_set_error(store, code);
  return code == X509_V_OK ? 1 : 0;
}

one_server::one_server(std::function<void(int fd)> serve) : serve_(std::move(serve)) {
  // OpenSSL's own socket BIO, which the servers here use, writes with write(2).
  std::signal(SIGPIPE, SIG_IGN);
  listening_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listening_.get(), 64) != 0 ||
      ::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("a test's server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

one_server::~one_server() {
  stopping_ = true;
  ::shutdown(listening_.get(), SHUT_RDWR);
  thread_.join();
}

void one_server::run() {
  while (!stopping_) {
    const descriptor connected(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connected) return;
    serve_(connected.get());
  }
}

std::string one_server::url(std::string_view scheme, std::string_view path) const {
  return std::string(scheme) + "://localhost:" + std::to_string(port_) + std::string(path);
}

tls::ssl_ctx_ptr server_side(const identity& own, const tls_terms& terms) {
  tls::ssl_ctx_ptr context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* ctx = context.get();
  SSL_CTX_set_min_proto_version(ctx, terms.version);
  SSL_CTX_set_max_proto_version(ctx, terms.version);
  SSL_CTX_use_certificate(ctx, own.certificate());
  SSL_CTX_use_PrivateKey(ctx, own.private_key());
  for (const auto& one : terms.chain) SSL_CTX_add1_chain_cert(ctx, one.certificate());
  SSL_CTX_set_num_tickets(ctx, terms.tickets);
  SSL_CTX_set_session_id_context(ctx, reinterpret_cast<const unsigned char*>("test"), 4);
  if (!terms.signature_algorithms.empty()) {
    SSL_CTX_set1_client_sigalgs_list(ctx, terms.signature_algorithms.c_str());
  }
  if (terms.ask || terms.require) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (terms.require ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
    SSL_CTX_set_cert_verify_callback(ctx, refuse, const_cast<tls_terms*>(&terms));
    for (const auto& one : terms.names) SSL_CTX_add_client_CA(ctx, one.certificate());
  }
  return context;
}

tls_session::tls_session(SSL_CTX* context, int fd) : ssl_(SSL_new(context)) {
  SSL_set_fd(ssl_.get(), fd);
  good_ = SSL_accept(ssl_.get()) == 1;
}

tls_session::~tls_session() = default;

void tls_session::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t count = 0;
    if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count) != 1) return;
    bytes.remove_prefix(count);
  }
}

std::string tls_session::read_head() {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && SSL_read(ssl_.get(), &byte, 1) == 1) head += byte;
  return head;
}

void tls_session::say_goodbye() { SSL_shutdown(ssl_.get()); }

std::string read_plain_head(int fd) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && ::read(fd, &byte, 1) == 1) head += byte;
  return head;
}

void write_plain(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void drain(int fd) {
  ::shutdown(fd, SHUT_WR);
  char bytes[4096];
  while (::read(fd, bytes, sizeof bytes) > 0) {
  }
}

}  // namespace mutual::test
