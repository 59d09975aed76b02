#include "tls/client_context.hpp"

#include "tls/common_context.hpp"
#include "tls/record_watch.hpp"
#include "tls/signature_scheme.hpp"
#include "tls/system_trust.hpp"
#include "x509/name.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <utility>

namespace mutual::tls {
namespace {

constexpr std::array<unsigned char, 9> offered_protocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

// More certificates than this are not kept for telling; the verdict has limits of its own.
constexpr int most_kept = 16;
constexpr int most_signature_algorithms = 64;

server_facts& facts_of(const SSL* ssl) { return *static_cast<server_facts*>(SSL_get_app_data(ssl)); }

const client_context& context_of(const SSL* ssl) {
  return *static_cast<const client_context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::vector<x509::certificate> copies(const STACK_OF(X509) * stack, int at_most) {
  std::vector<x509::certificate> all;
  for (int at = 0; at < std::min(sk_X509_num(stack), at_most); ++at) {
    all.push_back(x509::certificate::shared(sk_X509_value(stack, at)));
  }
  return all;
}

// Whether the name is that of somebody who has issued one of the chain, or is in it.
bool is_named_in(const X509_NAME* name, const std::vector<x509::certificate>& chain) {
  return std::any_of(chain.begin(), chain.end(), [name](const x509::certificate& one) {
    return X509_NAME_cmp(name, X509_get_issuer_name(one.get())) == 0 ||
           X509_NAME_cmp(name, X509_get_subject_name(one.get())) == 0;
  });
}

certificate_request request_of(SSL* ssl, const client_settings& settings) {
  certificate_request asked;
  const auto* names = SSL_get0_peer_CA_list(ssl);
  asked.issuer_count = static_cast<std::size_t>(std::max(0, sk_X509_NAME_num(names)));
  for (int at = 0; at < sk_X509_NAME_num(names); ++at) {
    const auto* name = sk_X509_NAME_value(names, at);
    if (asked.issuers.size() < certificate_request::most_names) asked.issuers.push_back(x509::name_text(name));
    if (settings.own && is_named_in(name, settings.own->chain)) asked.names_our_issuer = true;
  }
  const int count =
      std::min(SSL_get_sigalgs(ssl, 0, nullptr, nullptr, nullptr, nullptr, nullptr), most_signature_algorithms);
  for (int at = 0; at < count; ++at) {
    unsigned char low = 0;
    unsigned char high = 0;
    SSL_get_sigalgs(ssl, at, nullptr, nullptr, nullptr, &low, &high);
    asked.signature_algorithms.push_back(signature_scheme_name(static_cast<std::uint16_t>(high << 8U | low)));
  }
  return asked;
}

constexpr std::size_t message_header = 4;

// A Certificate message of ours that carries one: the list's length is not zero (RFC 5246 section 7.4.2; in RFC 8446
// section 4.4.2 a request context of variable length comes first).
bool carries_certificate(int version, const unsigned char* message, std::size_t size) {
  std::size_t at = message_header;
  if (version == TLS1_3_VERSION) {
    if (size <= at) return false;
    at += 1 + std::size_t{message[at]};
  }
  return size >= at + 3 && (message[at] | message[at + 1] | message[at + 2]) != 0;
}

void see_alert(bool written, int version, const unsigned char* alert, server_facts& facts) {
  const int description = alert[1];
  // Under TLS 1.3 the level says nothing: all are fatal but these two (RFC 8446 section 6).
  const bool fatal = version == TLS1_3_VERSION
                         ? description != SSL_AD_CLOSE_NOTIFY && description != SSL_AD_USER_CANCELLED
                         : alert[0] == SSL3_AL_FATAL;
  if (fatal) (written ? facts.alert_sent : facts.alert_received) = description;
}

}  // namespace

/// What OpenSSL calls during a handshake. None may throw: what goes wrong in them ends the handshake.
struct client_context::callbacks {
  static int verify(X509_STORE_CTX* store, void*) noexcept {
    const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    try {
      return examine(store, facts_of(ssl), context_of(ssl).settings_);
    } catch (...) {
      X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
      return 0;
    }
  }

  static int examine(X509_STORE_CTX* store, server_facts& facts, const client_settings& settings) {
    X509* leaf = X509_STORE_CTX_get0_cert(store);
    const auto* sent = X509_STORE_CTX_get0_untrusted(store);
    facts.sent = copies(sent, most_kept);
    judge_options options;
    options.use = purpose::server;
    options.host = facts.host;
    const auto trusted = settings.servers ? settings.servers : system_trust_for(leaf, sent);
    facts.judged = trusted ? judge(*trusted, leaf, sent, options) : unknown_to_the_system(leaf);
    if (!*facts.judged && !settings.accept_any_server) {
      X509_STORE_CTX_set_error(store, facts.judged->verify_error);
      return 0;
    }
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }

  static verdict unknown_to_the_system(X509* leaf) {
    const auto shown = x509::certificate::shared(leaf);
    if (shown.is_self_signed()) {
      return refusal(reason::self_signed,
                     "the server's certificate is signed by itself, and this system does not "
                     "know it: name it as trusted if it is the right one");
    }
    return refusal(reason::unknown_issuer,
                   "none of this system's CA certificates has issued the server's: name the CA "
                   "that has");
  }

  // Called when the server has asked for a certificate, before one is chosen; 1 to go on with what is configured.
  static int certificate_wanted(SSL* ssl, void*) noexcept {
    try {
      facts_of(ssl).asked = request_of(ssl, context_of(ssl).settings_);
      return 1;
    } catch (...) {
      return 0;
    }
  }

  static void message(int written, int, int type, const void* data, std::size_t size, SSL* ssl, void* watch) noexcept {
    if (watch != nullptr) static_cast<record_watch*>(watch)->see(written, type, ssl);
    const auto* bytes = static_cast<const unsigned char*>(data);
    auto& facts = facts_of(ssl);
    if (type == SSL3_RT_ALERT && size == 2) {
      see_alert(written != 0, SSL_version(ssl), bytes, facts);
    } else if (type == SSL3_RT_HANDSHAKE && size >= message_header) {
      if (written != 0 && bytes[0] == SSL3_MT_CERTIFICATE) {
        facts.presented = carries_certificate(SSL_version(ssl), bytes, size);
      }
      if (written == 0 && bytes[0] == SSL3_MT_NEWSESSION_TICKET) ++facts.tickets;
    }
  }
};

result<std::shared_ptr<const client_context>> client_context::make(client_settings settings) {
  if (settings.at_least == version::v1_3 && settings.at_most == version::v1_2) {
    return error(errc::bad_usage, "no version of TLS is left: the least version is above the highest");
  }
  std::shared_ptr<client_context> made(new client_context(std::move(settings)));
  MUTUAL_CHECK(made->prepare());
  return std::shared_ptr<const client_context>(std::move(made));
}

result<> client_context::prepare() {
  MUTUAL_TRY(context_, make_context(TLS_client_method(), settings_.at_least, settings_.at_most));
  SSL_CTX* ctx = context_.get();
  SSL_CTX_set_app_data(ctx, this);
  // A session that is taken up again brings no certificate to judge; none is offered.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  if (SSL_CTX_set_alpn_protos(ctx, offered_protocols.data(), offered_protocols.size()) != 0) {
    return error(errc::tls, fmt::format("cannot set up TLS: {}", x509::openssl_errors()));
  }
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(ctx, callbacks::verify, nullptr);
  SSL_CTX_set_cert_cb(ctx, callbacks::certificate_wanted, nullptr);
  SSL_CTX_set_msg_callback(ctx, callbacks::message);
  if (!settings_.own) return {};
  // Servers that ask only for some paths do so after the handshake (RFC 8446 section 4.6.2).
  SSL_CTX_set_post_handshake_auth(ctx, 1);
  return present(ctx, *settings_.own, library_context());
}

ssl_ptr client_context::connect(server_facts& facts) const {
  ERR_clear_error();
  ssl_ptr ssl(SSL_new(context_.get()));
  if (!ssl) return nullptr;
  SSL_set_app_data(ssl.get(), &facts);
  // RFC 6066 section 3: addresses are not names.
  if (!is_address(facts.host) && SSL_set_tlsext_host_name(ssl.get(), facts.host.c_str()) != 1) return nullptr;
  SSL_set_connect_state(ssl.get());
  return ssl;
}

result<std::shared_ptr<const peer>> client_context::who_is_at(SSL* ssl, const server_facts& facts) const {
  if (SSL_session_reused(ssl) != 0 || !facts.judged) {
    return error(errc::internal, "the server got through the handshake unjudged; the connection is closed");
  }
  if (!*facts.judged && !settings_.accept_any_server) {
    return error(errc::internal, "a refused server got through the handshake; the connection is closed");
  }
  return facts.judged->who;
}

}  // namespace mutual::tls
