#include "tls/server_context.hpp"

#include "tls/common_context.hpp"
#include "tls/light_session.hpp"
#include "tls/server_name.hpp"
#include "tls/session_peer.hpp"
#include "tls/whole_chain.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <utility>

namespace mutual::tls {
namespace {

constexpr std::string_view session_rules = "mutual";
constexpr std::chrono::seconds session_life = std::chrono::hours(1);

client_facts& facts_of(const SSL* ssl) { return *static_cast<client_facts*>(SSL_get_app_data(ssl)); }

std::string_view id_of(const SSL_SESSION* session) {
  unsigned size = 0;
  const auto* id = SSL_SESSION_get_id(session, &size);
  return {reinterpret_cast<const char*>(id), size};
}

}  // namespace

struct server_context::needed_to_the_end {
  std::shared_ptr<const library_contexts> under;
  std::shared_ptr<session_cache> sessions;  // where OpenSSL forgets the session of a connection that fails
};

/// What OpenSSL calls during a handshake. C code is no place for an exception to pass through: running out of memory
/// here ends the program.
struct server_context::callbacks {
  // Runs before everything else, so that the name is known when a session is looked up (in TLS 1.2 that happens before
  // OpenSSL reads the extension).
  static int client_hello(SSL* ssl, int* alert, void*) noexcept {
    const unsigned char* extension = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &extension, &size) != 1)
      return SSL_CLIENT_HELLO_SUCCESS;
    auto name = parse_server_name({reinterpret_cast<const char*>(extension), size});
    if (!name) {
      *alert = SSL_AD_ILLEGAL_PARAMETER;
      return SSL_CLIENT_HELLO_ERROR;
    }
    facts_of(ssl).server_name = *std::move(name);
    return SSL_CLIENT_HELLO_SUCCESS;
  }

  static int verify(X509_STORE_CTX* store, void*) noexcept {
    const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto& facts = facts_of(ssl);
    if (facts.by == nullptr || !facts.by->trust_) return 0;
    facts.judged = std::make_unique<verdict>(facts.by->judge(store));
    if (*facts.judged) return 1;
    // The error chooses the alert that OpenSSL sends, and nothing else.
    X509_STORE_CTX_set_error(store, facts.judged->verify_error);
    return 0;
  }

  static int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                             unsigned offered_size, void*) noexcept {
    if (facts_of(ssl).by == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
    const auto& spoken = facts_of(ssl).by->alpn_;
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(spoken.data()),
                              static_cast<unsigned>(spoken.size()), offered, offered_size) != OPENSSL_NPN_NEGOTIATED) {
      return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 section 3.2
    }
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
  }

  // OpenSSL keeps with a session all that the client sent, for as long as the session is kept. Whoever sends more than
  // its chain is served, and shakes hands in full each time: a client must not fill our memory with what it likes.
  static bool sent_more_than_needed(SSL* ssl, const client_facts& facts) {
    const int sent = sk_X509_num(SSL_get_peer_cert_chain(ssl));  // without the leaf, at a server
    if (!facts.judged || !facts.judged->who) return sent > 0;
    return sent > static_cast<int>(facts.judged->who->chain().size());
  }

  // A session is about to be handed out: remember it, and for whom it is.
  static int new_session(SSL* ssl, SSL_SESSION* session) noexcept {
    const auto& facts = facts_of(ssl);
    if (facts.by == nullptr) return 0;
    const auto& self = *facts.by;
    // A ticket on a resumed connection carries on what the session knew already; its binding was copied with it.
    if (SSL_session_reused(ssl) == 0) {
      if (sent_more_than_needed(ssl, facts)) return 0;
      session_peer made;
      if (facts.judged) made.known = facts.judged->holds;
      made.server_name = facts.server_name;
      made.proved_at = now();
      if (self.under_->used().light_sessions && !drop_certificates(ssl, session)) return 0;
      if (!bind(session, std::make_shared<const session_peer>(std::move(made)))) return 0;
    } else if (!bound_to(session)) {
      return 0;
    }
    self.sessions_->put(id_of(session), ssl_session_ptr(session));
    return 1;  // the reference is ours now
  }

  // A client wants to take up a session again. Null means: shake hands in full, and be judged by what you present now.
  static SSL_SESSION* find_session(SSL* ssl, const unsigned char* id, int size, int* copy) noexcept {
    *copy = 0;  // the reference that is returned is OpenSSL's
    if (facts_of(ssl).by == nullptr) return nullptr;
    const auto& self = *facts_of(ssl).by;
    const std::string_view key(reinterpret_cast<const char*>(id), static_cast<std::size_t>(size));
    auto session = self.sessions_->find(key);
    const auto bound = bound_to(session.get());
    if (!bound || bound->server_name != facts_of(ssl).server_name) return nullptr;
    // Each ticket is a new session to OpenSSL, so its own limit would never be reached by a client that keeps coming.
    const auto age = now() - bound->proved_at;
    const bool fresh = age >= std::chrono::seconds(0) && age < session_life;
    if (fresh && self.may_resume(bound->known, facts_of(ssl))) return session.release();
    self.sessions_->remove(key);
    return nullptr;
  }

  static void remove_session(SSL_CTX* context, SSL_SESSION* session) noexcept {
    const auto* self = static_cast<const needed_to_the_end*>(SSL_CTX_get_app_data(context));
    if (self != nullptr) self->sessions->remove(id_of(session));
  }
};

server_context::server_context(config settings, std::string stamp, std::uint64_t generation, x509::identity identity,
                               std::shared_ptr<const tls::trust> trust, std::shared_ptr<session_cache> sessions,
                               std::vector<std::string> protocols, std::shared_ptr<const library_contexts> under,
                               std::shared_ptr<ocsp_book> answers)
    : under_(under ? std::move(under) : std::make_shared<const library_contexts>(1, levers{.own_contexts = false})),
      lasting_(std::make_shared<const needed_to_the_end>(needed_to_the_end{under_, sessions})),
      settings_(std::move(settings)),
      stamp_(std::move(stamp)),
      generation_(generation),
      identity_(std::move(identity)),
      trust_(std::move(trust)),
      sessions_(std::move(sessions)),
      protocols_(std::move(protocols)),
      answers_(std::move(answers)),
      remembered_(std::make_unique<verdict_memory>()) {
  for (const auto& each : protocols_) alpn_.append(1, static_cast<char>(each.size())).append(each);
}

bool server_context::may_resume(const standing& known, client_facts& facts) const {
  switch (settings_.clients) {
    case client_auth::none:
      return known.who == nullptr;
    case client_auth::optional:
      return known.who == nullptr || is_good_yet(known, facts);
    case client_auth::required:
      return known.who != nullptr && is_good_yet(known, facts);
  }
  return false;
}

bool server_context::is_good_yet(const standing& known, client_facts& facts) const {
  auto judged = judge_again(known);
  const bool is_answers_word = bool(judged);
  judged = heed_answers(std::move(judged));
  if (judged.refused == reason::revoked) {
    facts.revoked = known;
    if (is_answers_word) facts.revoked_since = answers_->revoked_since(answers_->about(*trust_, *known.who));
  }
  return bool(judged);
}

result<standing> server_context::who_is_at(SSL* ssl, const client_facts& facts) const {
  standing found;
  if (SSL_session_reused(ssl) != 0) {
    const auto bound = bound_to(SSL_get_session(ssl));
    if (!bound)
      return error(errc::internal, "a session was resumed that nobody is known for; the connection is closed");
    found = bound->known;
  } else if (facts.judged) {
    if (!*facts.judged) {
      return error(errc::internal, "a refused certificate got through the handshake; the connection is closed");
    }
    found = facts.judged->holds;
  }
  if (!found.who && settings_.clients == client_auth::required) {
    return error(errc::internal, "a client without a certificate got through the handshake; the connection is closed");
  }
  return found;
}

verdict server_context::judge(X509_STORE_CTX* asking) const {
  const whole_chain shown(*trust_, X509_STORE_CTX_get0_cert(asking), X509_STORE_CTX_get0_untrusted(asking),
                          under_->known());
  auto made = under_->used().remembered_verdicts ? remembered_->judge(*trust_, shown.leaf(), shown.sent())
                                                 : tls::judge(*trust_, shown.leaf(), shown.sent());
  if (!made) return made;
  shown.remember(*made.who);
  shown.lend_leaf(asking);
  return heed_answers(std::move(made));
}

// While it is known already, a client hears of its revocation by its alert, here, within the handshake. Whoever has to
// be asked about first is asked about after it.
verdict server_context::heed_answers(verdict good) const {
  if (!answers_ || !good) return good;
  auto wrong = answers_->objection_unasked(answers_->about(*trust_, *good.who), now());
  if (!wrong) return good;
  return refusal_of(*good.who, std::move(*wrong));
}

ssl_ptr server_context::accept(client_facts& facts, std::size_t thread) const {
  ssl_ptr ssl(SSL_new(contexts_[thread % contexts_.size()].get()));
  if (!ssl) return nullptr;
  SSL_set_app_data(ssl.get(), &facts);
  facts.by = this;
  SSL_set_accept_state(ssl.get());
  return ssl;
}

result<> server_context::prepare() {
  for (std::size_t at = 0; at < under_->size(); ++at) {
    auto made = prepare_for(under_->at(at));
    under_->at(at).leave_thread();  // this one reads files, and does not serve
    if (!made) return std::move(made).error();
    contexts_.push_back(*std::move(made));
  }
  return {};
}

result<ssl_ctx_ptr> server_context::prepare_for(const library_context& one) {
  MUTUAL_TRY(auto made, make_context(TLS_server_method(), settings_.at_least, settings_.at_most, one.get()));
  SSL_CTX* const ctx = made.get();
  SSL_CTX_set_app_data(ctx, const_cast<needed_to_the_end*>(lasting_.get()));  // only read from there
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  MUTUAL_CHECK(present(ctx, identity_, one));

  // Stateful sessions: the client holds an id, the session stays here. Revoking is forgetting, a ticket never carries a
  // certificate, and OpenSSL parses nothing again.
  SSL_CTX_set_session_cache_mode(ctx,
                                 SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR);
  if (SSL_CTX_set_num_tickets(ctx, 1) != 1 ||
      SSL_CTX_set_session_id_context(ctx, reinterpret_cast<const unsigned char*>(session_rules.data()),
                                     static_cast<unsigned>(session_rules.size())) != 1) {
    return error(errc::tls, fmt::format("cannot set up TLS: {}", x509::openssl_errors()));
  }
  SSL_CTX_set_timeout(ctx, session_life.count());
  SSL_CTX_sess_set_new_cb(ctx, callbacks::new_session);
  SSL_CTX_sess_set_get_cb(ctx, callbacks::find_session);
  SSL_CTX_sess_set_remove_cb(ctx, callbacks::remove_session);
  SSL_CTX_set_client_hello_cb(ctx, callbacks::client_hello, nullptr);
  SSL_CTX_set_alpn_select_cb(ctx, callbacks::choose_protocol, nullptr);

  SSL_CTX_set_cert_verify_callback(ctx, callbacks::verify, nullptr);
  switch (settings_.clients) {
    case client_auth::none:
      SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
      break;
    case client_auth::optional:
      SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
      break;
    case client_auth::required:
      SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      break;
  }
  if (trust_) SSL_CTX_set0_CA_list(ctx, trust_->acceptable_issuers().release());
  return made;
}

bool server_context::still_holds(const standing& earlier) const { return trust_ && tls::still_holds(*trust_, earlier); }

verdict server_context::judge_again(const standing& earlier) const {
  if (!trust_) return refusal(reason::unknown_issuer, "this listener no longer asks for certificates");
  return under_->used().remembered_verdicts ? remembered_->judge_again(*trust_, earlier)
                                            : tls::judge_again(*trust_, earlier);
}

}  // namespace mutual::tls
