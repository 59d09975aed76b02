// What OCSP responders say of a client whose handshake has shown that its chain is good.
//
// OpenSSL cannot let a server's handshake wait (SSL_set_retry_verify is for clients: a server goes on as if the
// certificate were good), so they are asked after it, before anything is read of the client or said to it. TLS has no
// more to say by then but close_notify, so that whoever is refused hears of it as of a policy: 403, with the reason. If
// it comes again it hears the alert, since the answer is known.

#include "http/own_answer.hpp"
#include "http/server.hpp"
#include "http/server_guest.hpp"
#include "http/server_worker.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace mutual::http {
namespace {

task<response> refuse_with(std::shared_ptr<bool> told, reason why, answer_notes& notes) {
  *told = true;
  notes.refused = why;
  auto made = own_answer(403, meaning(why), why);
  made.headers.set("Cache-Control", "no-store");
  co_return made;
}

// One answer for whatever is asked, soon or never.
server_options refusing(const server_options& usual, reason why, std::shared_ptr<bool> told) {
  auto how = usual;
  how.answer = [why, told = std::move(told)](request&, answer_notes& notes) { return refuse_with(told, why, notes); };
  how.answer_at_once = nullptr;  // which would be asked first
  how.check_head = [](const request&) { return body_terms{.limit = std::nullopt, .wanted = false}; };
  how.timeouts.idle = std::min(usual.timeouts.idle, usual.timeouts.linger);
  how.timeouts.head = std::min(usual.timeouts.head, usual.timeouts.linger);
  return how;
}

}  // namespace

// True if they have nothing against it; else it has been told so.
task<bool> server_worker::ask_about(guest& self, std::shared_ptr<const connection_info> info) {
  auto* const book = owner_.options_.ocsp.get();
  if (book == nullptr || !self.standing.who) co_return true;
  // Whoever has not shown who he is must not push out whoever has.
  leave_the_door(self);
  self.answers = book->about(*self.context->trust(), *self.standing.who);
  auto waiting = wait_for_answers(self);
  co_await std::move(waiting);
  if (self.stream.socket().cancelled()) co_return false;
  auto wrong = book->objection(self.answers, now());
  if (!wrong) {
    if (tls::ocsp_book::were_revoked(self.answers) && owner_.options_.on_released) {
      owner_.options_.on_released(*self.standing.who);
    }
    co_return true;
  }
  const auto why = wrong->why;
  self.facts.judged = std::make_unique<tls::verdict>(tls::refusal_of(*self.standing.who, std::move(*wrong)));
  refuse(self, why, self.facts.judged->detail);
  // A session of theirs was not taken up again.
  if (why == reason::revoked && info->resumed) {
    tell_revoked(self.standing, *self.context, book->revoked_since(self.answers));
  }
  auto turning = turn_away(self, std::move(info));
  co_await std::move(turning);
  co_return false;
}

task<> server_worker::wait_for_answers(guest& self) {
  const auto waiting = std::make_shared<settling>();
  const std::function<void()> settled = [waiting, &loop = loop_] {
    loop.post([waiting] {
      waiting->over = true;
      waiting->news.ring();
    });
  };
  if (!owner_.options_.ocsp->ask(self.answers, settled)) co_return;
  self.asked = waiting;
  while (!waiting->over && !self.stream.socket().cancelled()) co_await waiting->news.wait();
  self.asked = nullptr;
}

// Whoever waits goes on in a turn of its own: it may take itself off the list that its caller walks along.
void server_worker::stop_waiting(const guest& self) {
  if (self.asked) loop_.post([waiting = self.asked] { waiting->news.ring(); });
}

// The client is nobody here: its name is in no answer and no access log.
task<> server_worker::turn_away(guest& self, std::shared_ptr<const connection_info> info) {
  auto nobody = std::make_shared<connection_info>(*info);
  nobody->who = nullptr;
  const auto told = std::make_shared<bool>(false);
  const auto how = refusing(owner_.options_, *self.facts.judged->refused, told);
  connection_guide guide;
  guide.stopping = [this, told] { return draining_ || *told; };
  guide.still_welcome = [told] { return !*told; };
  guide.sent_away = [&self] { return self.stream.socket().cancelled(); };
  guide.date = [this] { return dates_.at(now()); };
  if (self.speaks_h2) {
    h2_connection conversation(self.stream, how, std::move(nobody), guide);
    abandonable talk(conversation.run());
    self.talk = &talk;
    co_await talk;
    self.talk = nullptr;
    co_return;
  }
  connection conversation(self.stream, how, std::move(nobody), guide);
  abandonable talk(conversation.run());
  self.talk = &talk;
  co_await talk;
  self.talk = nullptr;
}

void server_worker::refresh_answers() {
  if (!owner_.options_.ocsp) return;
  owner_.options_.ocsp->refresh(now(), [&owner = owner_] { owner.judge_all_again(); });
}

}  // namespace mutual::http
