#include "support/tls_client.hpp"

#include "base/descriptor.hpp"
#include "tls/ssl.hpp"

#include <openssl/err.h>

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>

namespace mutual::test {
namespace {

descriptor connected_to(unsigned short port) {
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

client_report& report_of(const SSL* ssl) { return *static_cast<client_report*>(SSL_get_app_data(ssl)); }

void on_event(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value >> 8) == SSL3_AL_FATAL)
    report_of(ssl).alert = value & 0xff;
}

int on_session(SSL* ssl, SSL_SESSION* session) {
  report_of(ssl).session = std::shared_ptr<SSL_SESSION>(session, SSL_SESSION_free);
  return 1;
}

// Called when the server asks for a certificate. The certificate and key are set without OpenSSL's check that they
// belong together, by way of a key whose public half is the certificate's: proving is what is to fail, not presenting.
int on_certificate_request(SSL* ssl, void* options) {
  const auto& chain = static_cast<const client_options*>(options)->chain;
  auto& report = report_of(ssl);
  report.asked_for_certificate = true;
  const auto* names = SSL_get0_peer_CA_list(ssl);
  for (int at = 0; names != nullptr && at < sk_X509_NAME_num(names); ++at) {
    char text[256];
    report.accepted_names.emplace_back(X509_NAME_oneline(sk_X509_NAME_value(names, at), text, sizeof text));
  }
  if (chain.empty()) return 1;
  if (SSL_use_certificate(ssl, chain.front().certificate()) != 1) return 0;
  if (SSL_use_PrivateKey(ssl, chain.front().private_key()) != 1) return 0;
  SSL_clear_chain_certs(ssl);
  for (std::size_t at = 1; at < chain.size(); ++at) {
    if (SSL_add1_chain_cert(ssl, chain[at].certificate()) != 1) return 0;
  }
  return 1;
}

tls::ssl_ctx_ptr context_for(const client_options& how) {
  tls::ssl_ctx_ptr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* ctx = context.get();
  SSL_CTX_set_min_proto_version(ctx, how.version);
  SSL_CTX_set_max_proto_version(ctx, how.version);
  SSL_CTX_set_security_level(ctx, 0);  // a client that presents anything
  SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, on_session);
  SSL_CTX_set_info_callback(ctx, on_event);
  SSL_CTX_set_cert_cb(ctx, on_certificate_request, const_cast<client_options*>(&how));
  if (!how.ciphers.empty()) SSL_CTX_set_cipher_list(ctx, how.ciphers.c_str());
  if (!how.groups.empty()) SSL_CTX_set1_groups_list(ctx, how.groups.c_str());
  return context;
}

void read_answer(SSL* ssl, client_report& report) {
  std::string answer;
  char piece[4096];
  for (;;) {
    ERR_clear_error();
    errno = 0;
    const int got = SSL_read(ssl, piece, sizeof piece);
    if (got <= 0) {
      report.reset = errno == ECONNRESET;
      break;
    }
    answer.append(piece, static_cast<std::size_t>(got));
  }
  if (answer.size() > 12 && answer.starts_with("HTTP/1.1 ")) {
    report.status = std::stoi(answer.substr(9, 3));
    const auto end = answer.find("\r\n\r\n");
    if (end != std::string::npos) report.body = answer.substr(end + 4);
  }
}

}  // namespace

client_report get(unsigned short port, const client_options& how, const std::string& target) {
  // OpenSSL writes with write(2): without this a server that has closed would end the test program.
  std::signal(SIGPIPE, SIG_IGN);
  client_report report;
  const auto context = context_for(how);
  const auto handle = connected_to(port);
  const tls::ssl_ptr owned(SSL_new(context.get()));
  SSL* ssl = owned.get();
  SSL_set_app_data(ssl, &report);
  SSL_set_fd(ssl, handle.get());
  if (!how.server_name.empty()) SSL_set_tlsext_host_name(ssl, how.server_name.c_str());
  if (!how.alpn.empty()) {
    const std::string list = static_cast<char>(how.alpn.size()) + how.alpn;
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(list.data()), static_cast<unsigned>(list.size()));
  }
  if (how.session) SSL_set_session(ssl, how.session.get());

  ERR_clear_error();
  errno = 0;
  report.connected = SSL_connect(ssl) == 1;
  if (!report.connected) {
    report.reset = errno == ECONNRESET;
    return report;
  }
  report.resumed = SSL_session_reused(ssl) == 1;
  const std::string request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  // Under TLS 1.3 a refusal may be on its way already: whether this can be written says nothing, what is read does.
  SSL_write(ssl, request.data(), static_cast<int>(request.size()));
  read_answer(ssl, report);
  SSL_shutdown(ssl);
  return report;
}

}  // namespace mutual::test
