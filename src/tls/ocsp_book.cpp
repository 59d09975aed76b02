#include "tls/ocsp_book.hpp"

#include "base/text.hpp"
#include "tls/ocsp_page.hpp"
#include "tls/verdict_revocation.hpp"
#include "tls/verdict_rules.hpp"
#include "x509/certificate_places.hpp"
#include "x509/digest.hpp"
#include "x509/ocsp_answer.hpp"
#include "x509/peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mutual::tls {
namespace {

using status = x509::ocsp_fact::status;
using std::chrono::seconds;

// After a question that was for nothing. Until then what is known has to do, so that a responder that is silent does
// not hold up every client for as long as we are patient.
constexpr seconds shortest_rest{2};
constexpr seconds longest_rest{60};

// For answers that do not say how long they hold, and for those that say nothing: a certificate may be so new that the
// responder does not know it yet.
constexpr seconds short_life{60};

constexpr std::size_t most_responders = 256;

// Whether the trust judges that CA by a list.
bool is_listed(const trust& by, const std::string& about, const std::string& issuer) {
  if (!by.checks_revocation()) return false;
  const auto one = x509::from_whole_der<x509::x509_ptr>(about, d2i_X509);
  const auto above = x509::from_whole_der<x509::x509_ptr>(issuer, d2i_X509);
  return one && above && has_list_for(by, one.get(), above.get());
}

result<x509::ocsp_subject> subject_of(const std::string& about, const std::string& issuer) {
  MUTUAL_TRY(auto one, x509::certificate::from_der(about));
  MUTUAL_TRY(auto above, x509::certificate::from_der(issuer));
  return x509::ocsp_subject{std::move(one), std::move(above)};
}

}  // namespace

ocsp_book::ocsp_book(ocsp_check how, messenger send, logger log)
    : how_(std::move(how)), send_(std::move(send)), log_(std::move(log)) {}

ocsp_book::~ocsp_book() = default;

std::size_t ocsp_book::kept() const {
  const std::scoped_lock lock(guard_);
  return by_use_.size();
}

// Those in use are never forgotten: their owners would wait for news that do not come.
void ocsp_book::make_room() {
  constexpr int far_enough = 64;
  auto at = by_use_.end();
  for (int looked = 0; by_use_.size() > how_.most_kept && looked < far_enough && at != by_use_.begin(); ++looked) {
    --at;
    if (at->use_count() > 1) continue;
    by_key_.erase((*at)->key);
    at = by_use_.erase(at);
  }
}

std::shared_ptr<ocsp_book::page> ocsp_book::open(const std::string& about, const std::string& issuer) {
  constexpr std::size_t whole_key = 64;
  auto key = x509::sha256_bytes(about) + x509::sha256_bytes(issuer);
  // Without digests nobody could be told from anybody else: a page of which nothing will be known.
  if (key.size() != whole_key) return std::make_shared<page>(std::string(), about, issuer);
  {
    const std::scoped_lock lock(guard_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      by_use_.splice(by_use_.begin(), by_use_, found->second);
      return by_use_.front();
    }
  }
  auto made = std::make_shared<page>(std::move(key), about, issuer);
  if (const auto one = x509::from_whole_der<x509::x509_ptr>(about, d2i_X509)) {
    made->name = tls::subject_of(one.get());
    made->serial = x509::serial_text(one.get());
    if (how_.ask == "certificate") made->responder = x509::places_in(one.get()).ocsp;
  }
  if (how_.ask != "certificate") made->responder = how_.ask;
  if (!made->responder.starts_with("http://")) made->responder.clear();
  set_end(*made);
  const std::scoped_lock lock(guard_);
  if (const auto found = by_key_.find(made->key); found != by_key_.end()) return *found->second;
  by_use_.push_front(std::move(made));
  by_key_.emplace(by_use_.front()->key, by_use_.begin());
  auto out = by_use_.front();
  make_room();
  return out;
}

ocsp_book::pages ocsp_book::about(const trust& by, const peer& who) {
  const auto& chain = who.chain();
  pages all;
  for (std::size_t at = 0; at + 1 < chain.size(); ++at) {
    if (at > 0 && is_listed(by, chain[at], chain[at + 1])) continue;
    all.push_back(open(chain[at], chain[at + 1]));
  }
  return all;
}

bool ocsp_book::are_good(const pages& all, sys_seconds at) {
  return std::all_of(all.begin(), all.end(), [at](const auto& one) { return one->is_good(at); });
}

std::optional<sys_seconds> ocsp_book::revoked_since(const pages& of) const {
  const std::scoped_lock lock(guard_);
  for (const auto& one : of) {
    if (one->said && one->said->is == status::revoked) return one->said->revoked_at;
  }
  return std::nullopt;
}

bool ocsp_book::were_revoked(const pages& of) {
  bool any = false;
  for (const auto& one : of) any = (one->was_revoked.load() && one->was_revoked.exchange(false)) || any;
  return any;
}

void ocsp_book::set_end(page& one) const {
  using limits = std::numeric_limits<std::int64_t>;
  const bool is_good = one.said && one.said->is == status::good;
  auto end = limits::min();
  if (is_good) end = one.said->until.time_since_epoch().count();
  if (is_good && how_.policy == unanswered::grace) end += how_.grace.count();
  if ((is_good || !one.said) && how_.policy == unanswered::off) end = limits::max();
  one.good_until.store(end, std::memory_order_release);
}

// Whether an answer is on its way, or should be, without which nothing current is known.
bool ocsp_book::must_wait(const page& one, sys_seconds at) const {
  if (one.said && at < one.said->until) return false;
  return one.asking || may_ask(one, at);
}

bool ocsp_book::may_ask(const page& one, sys_seconds at) const {
  if (one.responder.empty() || one.asking || at < one.try_again) return false;
  const auto known = responders_.find(one.responder);
  return known == responders_.end() || at >= known->second.silent_until;
}

bool ocsp_book::ask(const pages& of, const std::function<void()>& settled) {
  const auto left = std::make_shared<std::atomic<std::size_t>>(0);
  const auto one_less = [left, settled] {
    if (left->fetch_sub(1) == 1) settled();
  };
  pages to_send;
  {
    const std::scoped_lock lock(guard_);
    for (const auto& one : of) {
      if (!must_wait(*one, now())) continue;
      left->fetch_add(1);
      one->waiting.emplace_back(one_less);
      if (!std::exchange(one->asking, true)) to_send.push_back(one);
    }
    if (left->load() == 0) return false;
  }
  for (const auto& one : to_send) send(one);
  return true;
}

void ocsp_book::refresh(sys_seconds at, const std::function<void()>& changed) {
  constexpr std::size_t most_at_once = 64;
  pages to_send;
  {
    const std::scoped_lock lock(guard_);
    for (const auto& one : by_use_) {
      const bool is_settled = one->said && one->said->is != status::good;
      if (one.use_count() < 2 || is_settled || at < one->ask_again || !may_ask(*one, at)) continue;
      one->asking = true;
      // What waits is the page's own: it must not hold the page.
      one->waiting.emplace_back([raw = one.get(), changed] {
        if (!raw->is_good(now())) changed();
      });
      to_send.push_back(one);
      if (to_send.size() == most_at_once) break;
    }
  }
  for (const auto& one : to_send) send(one);
}

// Requests are made, and answers read, on the messenger's thread: signatures cost time, and the threads that serve may
// use an OpenSSL that reads no keys.
void ocsp_book::send(const std::shared_ptr<page>& one) {
  const auto nonce = std::make_shared<std::string>();
  ocsp_question_to out;
  out.url = one->responder;
  out.question = [one, nonce]() -> result<std::string> {
    MUTUAL_TRY(const auto subject, subject_of(one->about, one->issuer));
    MUTUAL_TRY(auto errand, x509::make_ocsp_errand(subject));
    *nonce = std::move(errand.nonce);
    return std::move(errand.der);
  };
  out.heard = [self = weak_from_this(), one, nonce](result<std::string> got) {
    if (const auto book = self.lock()) book->heard(*one, *nonce, std::move(got));
  };
  send_(std::move(out));
}

void ocsp_book::heard(page& one, const std::string& nonce, result<std::string> got) {
  note(one, now(), std::move(got), nonce);
  std::vector<std::function<void()>> waiting;
  std::string trouble;
  {
    const std::scoped_lock lock(guard_);
    one.asking = false;
    waiting.swap(one.waiting);
    trouble = one.failure;
    set_end(one);
  }
  tell_responder(one.responder, trouble);
  for (const auto& each : waiting) each();
}

void ocsp_book::note(page& one, sys_seconds at, result<std::string> got, const std::string& nonce) {
  const auto subject = subject_of(one.about, one.issuer);
  auto said = !got ? result<x509::ocsp_statement>(got.error())
              : subject
                  ? x509::read_ocsp_answer(*got, *subject, {.at = at, .nonce = nonce, .tolerance = how_.tolerance})
                  : result<x509::ocsp_statement>(subject.error());
  const std::scoped_lock lock(guard_);
  auto& of = responders_[one.responder];
  if (!got) of.silent_until = at + shortest_rest;
  if (!said) return fail(one, at, said.error().message());
  // As with the numbers of lists: what was said later is not taken back by what was said before, which anybody on the
  // way may have kept.
  if (one.said && said->this_update < one.said->this_update) {
    return fail(one, at, "the OCSP answer is older than one that came before it");
  }
  auto until = said->next_update ? *said->next_update + how_.tolerance : at + short_life;
  if (said->is == status::unknown) until = std::min(until, at + short_life);
  one.said = page::word{said->is, said->revoked_at, said->this_update, until};
  if (said->is == status::revoked) one.was_revoked = true;
  one.ask_again = at + std::max((until - at) / 2, seconds(1));
  one.try_again = {};
  one.failure.clear();
  const auto what = said->is == status::good      ? outcome::good
                    : said->is == status::revoked ? outcome::revoked
                                                  : outcome::unknown;
  counts_[static_cast<std::size_t>(what)].fetch_add(1, std::memory_order_relaxed);
}

void ocsp_book::fail(page& one, sys_seconds at, std::string why) {
  counts_[static_cast<std::size_t>(outcome::failed)].fetch_add(1, std::memory_order_relaxed);
  const auto left = one.said ? one.said->until - at : seconds(0);
  one.try_again = at + std::clamp(left / 8, shortest_rest, longest_rest);
  one.failure = std::move(why);
}

// Once for each cause, and again when it answers.
void ocsp_book::tell_responder(const std::string& url, const std::string& trouble) {
  {
    const std::scoped_lock lock(guard_);
    if (responders_.size() > most_responders) responders_.clear();
    auto& known = responders_[url];
    if (known.trouble == trouble) return;
    known.trouble = trouble;
  }
  if (trouble.empty()) {
    log_.info(fmt::format("the OCSP responder {} answers again", text::printable(url)));
  } else {
    log_.warn(fmt::format("the OCSP responder {} gives no answer that counts: {}", text::printable(url),
                          text::printable(trouble, 1024)));
  }
}

}  // namespace mutual::tls
