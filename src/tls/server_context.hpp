#pragma once
// server_context: what a listener proves itself with and judges its clients by, at one moment.

#include "tls/library_context.hpp"
#include "tls/ocsp_book.hpp"
#include "tls/session_cache.hpp"
#include "tls/ssl.hpp"
#include "tls/trust.hpp"
#include "tls/verdict.hpp"
#include "tls/verdict_memory.hpp"
#include "x509/identity.hpp"

#include <mutual/peer.hpp>
#include <mutual/reason.hpp>
#include <mutual/result.hpp>
#include <mutual/tls.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mutual::tls {

class server_context;

/// What a handshake brings to light about one client. Lives as long as its SSL and does not move.
struct client_facts {
  const server_context* by = nullptr;  ///< What the handshake asks; null before it and once it is over: it is refused.
  std::string server_name;             ///< The SNI it asked for, or empty.
  /// Of the certificate that it presented; null if it presented none, or resumed, or when nobody asks any more: a
  /// verdict is large, and a connection waits for long.
  std::unique_ptr<verdict> judged;
  /// Whoever was let in before, wanted to take up that session again, and has been revoked since; nobody else.
  standing revoked;
  /// Since when, if an OCSP responder says it and no list.
  std::optional<sys_seconds> revoked_since{};
};

/// The certificate, key, trust and rules of one listener, read and checked as a whole; immutable, numbered by
/// generation, and replaced by another when the files change. Safe to use from any thread.
class server_context {
 public:
  /// Reads everything that `settings` names, to serve in place of `replaced` if there was one before. An error says
  /// which file is wrong and how; nothing is half loaded. `protocols` are those that are spoken, by their ALPN names,
  /// the preferred first; a client that names none of them is refused, one that names nothing at all speaks the last.
  /// `under` are the OpenSSLs of the threads that will accept; null for the one that the program shares. `offered` are
  /// revocation lists that lie in no file; null for none. `answers` are those of OCSP responders, which the settings
  /// then ask for; null if nobody is asked.
  static result<std::shared_ptr<const server_context>> load(
      const config& settings, std::uint64_t generation, std::shared_ptr<session_cache> sessions,
      const server_context* replaced = nullptr, std::vector<std::string> protocols = {"http/1.1"},
      std::shared_ptr<const library_contexts> under = nullptr,
      std::shared_ptr<const std::vector<x509::lookup_list>> offered = nullptr,
      std::shared_ptr<ocsp_book> answers = nullptr);

  /// A new connection's SSL, which will accept and write what it learns into `facts`; for the thread of that number.
  /// This must live until `facts.by` is null again, when the handshake is over, and what `lasting()` gives as long as
  /// the SSL.
  ssl_ptr accept(client_facts& facts, std::size_t thread = 0) const;

  /// What an SSL goes on needing once its handshake is over; not the trust, nor what was judged by it: connections last
  /// for days, and the lists of each hour must not last with them.
  std::shared_ptr<const void> lasting() const { return lasting_; }

  /// Who is at the other end of a handshake that has succeeded, and for how long that holds: nobody if nobody has
  /// proved it, which `required` never lets happen. An error means that what is known does not add up, and the
  /// connection must be closed.
  result<standing> who_is_at(SSL* ssl, const client_facts& facts) const;

  /// Whether an earlier verdict holds here and now without a look at the chain.
  bool still_holds(const standing& earlier) const;

  /// Judges once more somebody who was let in before: a session to be resumed, or a live connection. What responders
  /// have said is left out here.
  verdict judge_again(const standing& earlier) const;

  std::uint64_t generation() const { return generation_; }
  client_auth clients() const { return settings_.clients; }
  /// Null if certificates are not asked for.
  const std::shared_ptr<const tls::trust>& trust() const { return trust_; }
  const x509::certificate& certificate() const { return identity_.chain.front(); }
  /// What it presents: that, and the CAs that it sends along.
  const std::vector<x509::certificate>& chain() const { return identity_.chain; }
  const config& settings() const { return settings_; }
  const std::vector<std::string>& protocols() const { return protocols_; }
  /// Every file that was read: when one of them changes, load again.
  std::vector<std::filesystem::path> files() const;
  /// stamp_of() those files, taken before the first of them was read: what changes later differs from it.
  const std::string& stamp() const { return stamp_; }

 private:
  server_context(config settings, std::string stamp, std::uint64_t generation, x509::identity identity,
                 std::shared_ptr<const tls::trust> trust, std::shared_ptr<session_cache> sessions,
                 std::vector<std::string> protocols, std::shared_ptr<const library_contexts> under,
                 std::shared_ptr<ocsp_book> answers);

  verdict heed_answers(verdict good) const;
  bool may_resume(const standing& known, client_facts& facts) const;
  bool is_good_yet(const standing& known, client_facts& facts) const;
  verdict judge(X509_STORE_CTX* asking) const;

  struct callbacks;
  friend struct callbacks;
  result<> prepare();
  result<ssl_ctx_ptr> prepare_for(const library_context& one);

  struct needed_to_the_end;

  std::shared_ptr<const library_contexts> under_;  // first: all else may have been made under them
  std::shared_ptr<const needed_to_the_end> lasting_;
  config settings_;
  std::string stamp_;
  std::uint64_t generation_;
  x509::identity identity_;
  std::shared_ptr<const tls::trust> trust_;
  std::shared_ptr<session_cache> sessions_;
  std::vector<std::string> protocols_;
  std::string alpn_;                            // the same, as they are on the wire: each after its length
  std::shared_ptr<ocsp_book> answers_;          // null if nobody is asked
  std::unique_ptr<verdict_memory> remembered_;  // by trust_, and gone with it
  std::vector<ssl_ctx_ptr> contexts_;           // one a thread
};

/// The configuration with the names of its files filled in, if it came from from_pki() without a name; an error if the
/// folder holds no server certificate, or several.
result<config> with_files_named(config settings);

}  // namespace mutual::tls
