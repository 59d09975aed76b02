#pragma once
// ocsp_book: what OCSP responders have said about clients, and who is to be asked again.

#include "base/clock.hpp"
#include "base/log.hpp"
#include "tls/trust.hpp"
#include "tls/verdict_finding.hpp"

#include <mutual/ocsp.hpp>
#include <mutual/peer.hpp>
#include <mutual/result.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mutual::tls {

/// A question on its way to a responder.
struct ocsp_question_to {
  std::string url;
  std::function<result<std::string>()> question;   ///< Gives the request as DER; called on the messenger's thread.
  std::function<void(result<std::string>)> heard;  ///< Takes the answer as DER, or why there is none; called once.
};

/// One book a server, shared by its threads; safe to use from any of them. Only about chains that were judged good:
/// nobody else makes us ask anything. One question a certificate is under way at a time, however many wait for it.
class ocsp_book : public std::enable_shared_from_this<ocsp_book> {
 public:
  /// Takes questions; in time, each of them is heard of, whatever becomes of it.
  using messenger = std::function<void(ocsp_question_to)>;

  /// What is known of one certificate.
  class page;
  using pages = std::vector<std::shared_ptr<page>>;

  enum class outcome : std::uint8_t { good, revoked, unknown, failed };

  ocsp_book(ocsp_check how, messenger send, logger log);
  ~ocsp_book();
  ocsp_book(const ocsp_book&) = delete;
  ocsp_book& operator=(const ocsp_book&) = delete;

  const ocsp_check& how() const { return how_; }

  /// The pages about somebody who was judged good under that trust: of its own certificate, and of each CA between it
  /// and the anchor that no list here speaks of. None for who is trusted by itself. Whoever holds them has them kept.
  pages about(const trust& by, const peer& who);

  /// Asks about those of whom nothing current is known; `settled` is called once when all of that is over, from any
  /// thread, perhaps before this returns. False, and it is not called, if there is nothing to ask.
  bool ask(const pages& of, const std::function<void()>& settled);

  /// Why they may not be let in by what is known; nothing if they may. Their certificates in that order.
  std::optional<finding> objection(const pages& to, sys_seconds at) const;

  /// The same as far as it can be said without asking anybody: nothing also if somebody is to be asked first.
  std::optional<finding> objection_unasked(const pages& to, sys_seconds at) const;

  /// Since when one of them is revoked, as its responder says: what tells one revocation from another. Nothing if none
  /// is.
  std::optional<sys_seconds> revoked_since(const pages& of) const;

  /// Whether one of them was revoked, as its responder said before this was asked last.
  static bool were_revoked(const pages& of);

  /// Whether there is surely no objection. Takes no lock.
  static bool are_good(const pages& all, sys_seconds at);

  /// Asks anew about whoever is in use and whose answer is past half of its time. `changed` is called, from any thread,
  /// for each who may not stay. To be called about once a second.
  void refresh(sys_seconds at, const std::function<void()>& changed);

  /// How often that has come of a question.
  std::uint64_t counted(outcome what) const { return counts_[static_cast<std::size_t>(what)].load(); }
  std::size_t kept() const;

 private:
  using places = std::list<std::shared_ptr<page>>;

  std::shared_ptr<page> open(const std::string& about, const std::string& issuer);
  bool must_wait(const page& one, sys_seconds at) const;
  bool may_ask(const page& one, sys_seconds at) const;
  std::optional<finding> opinion(const page& one, sys_seconds at) const;
  void send(const std::shared_ptr<page>& one);
  void heard(page& one, const std::string& nonce, result<std::string> got);
  void note(page& one, sys_seconds at, result<std::string> got, const std::string& nonce);
  void fail(page& one, sys_seconds at, std::string why);
  void set_end(page& one) const;
  void tell_responder(const std::string& url, const std::string& trouble);
  void make_room();

  const ocsp_check how_;
  const messenger send_;
  const logger log_;
  mutable std::mutex guard_;
  places by_use_;                                                  // newest first
  std::unordered_map<std::string_view, places::iterator> by_key_;  // views into the pages
  struct responder {
    sys_seconds silent_until{};
    std::string trouble;  // as it was told
  };
  std::unordered_map<std::string, responder> responders_;
  std::array<std::atomic<std::uint64_t>, 4> counts_{};
};

}  // namespace mutual::tls
