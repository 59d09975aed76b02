// Clients about whom OCSP responders are asked: let in, refused, and closed on.
#include "support/captured_log.hpp"
#include "support/h2_client.hpp"
#include "support/ocsp_answer.hpp"
#include "support/service.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace mutual::test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using testing::HasSubstr;
using tls::unanswered;

// Answers on a thread of its own, by what the test says of alice. To be stopped before the server goes, if it may be
// asked at that moment.
class responder {
 public:
  explicit responder(const pki& of) : pki_(of), thread_([this] { run(); }) {}
  ~responder() { stop(); }

  tls::ocsp_book::messenger takes() {
    return [this](tls::ocsp_question_to one) {
      const std::scoped_lock lock(guard_);
      ++asked_;
      if (stopped_) return;
      waiting_.push_back(std::move(one));
      changed_.notify_all();
    };
  }
  void says(const ocsp_words& what) {
    const std::scoped_lock lock(guard_);
    words_ = what;
  }
  void is_silent(bool silent) {
    const std::scoped_lock lock(guard_);
    silent_ = silent;
    changed_.notify_all();
  }
  void fails(bool fails) {
    const std::scoped_lock lock(guard_);
    fails_ = fails;
  }
  int asked() const {
    const std::scoped_lock lock(guard_);
    return asked_;
  }
  void wait_until_asked(int times) const {
    const auto end = clock::now() + 10s;
    while (asked() < times && clock::now() < end) std::this_thread::sleep_for(5ms);
    EXPECT_GE(asked(), times);
  }
  void stop() {
    {
      const std::scoped_lock lock(guard_);
      stopped_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(guard_);
    for (;;) {
      changed_.wait(lock, [this] { return stopped_ || (!silent_ && !waiting_.empty()); });
      if (stopped_) return;
      const auto one = std::move(waiting_.front());
      waiting_.pop_front();
      auto words = words_;
      const bool fails = fails_;
      lock.unlock();
      words.at = now();
      words.nonce = nonce_in(one.question().value());
      one.heard(fails ? result<std::string>(error(errc::closed, "nobody is there"))
                      : ocsp_answer(pki_.client, pki_.intermediate, pki_.intermediate, words));
      lock.lock();
    }
  }

  const pki& pki_;
  mutable std::mutex guard_;
  std::condition_variable changed_;
  std::deque<tls::ocsp_question_to> waiting_;
  ocsp_words words_{};
  int asked_ = 0;
  bool silent_ = false;
  bool fails_ = false;
  bool stopped_ = false;
  std::thread thread_;
};

class server_ocsp : public testing::TestWithParam<int> {
 protected:
  client_options as(const identity& who, const session& again = {}) const {
    return {.version = GetParam(), .chain = {who, people().intermediate}, .server_name = "localhost", .session = again};
  }
  client_options alice(const session& again = {}) const { return as(people().client, again); }
  const pki& people() const { return files_.people(); }

  http::server_options options(unanswered policy = unanswered::strict) { return options(policy, responder_); }
  http::server_options options(unanswered policy, responder& asked) {
    auto tls = files_.config(tls::client_auth::optional);
    // The CA above the client is judged by a list.
    files_.folder().write("root.crl", pem(make_crl(people().root).get()));
    tls.revocations = {files_.folder() / "root.crl"};
    tls.ocsp = {.ask = "http://ocsp.example/", .policy = policy, .grace = policy == unanswered::grace ? 6h : 0h};
    tls.ocsp.tolerance = 0s;
    auto how = options_for(log_, tls);
    how.ocsp = std::make_shared<tls::ocsp_book>(tls.ocsp, asked.takes(), log_.to());
    how.on_revoked = [this](const tls::standing& who, const http::revocation_found& found) {
      const std::scoped_lock lock(telling_);
      told_ += who.who->name() + " ";
      answered_ = found.answered;
    };
    how.on_released = [this](const peer& who) {
      const std::scoped_lock lock(telling_);
      told_ += who.name() + " is back ";
    };
    return how;
  }
  std::string told() {
    const std::scoped_lock lock(telling_);
    return told_;
  }
  static void expect_refused(const client_report& report, std::string_view why) {
    EXPECT_EQ(report.status, 403);
    EXPECT_THAT(report.body, HasSubstr(fmt::format("\"reason\":\"{}\"", why)));
    EXPECT_THAT(report.body, testing::Not(HasSubstr("alice")));
  }
  // From the next second on: answers have whole seconds.
  // Dates are of whole seconds: of one alone there may be next to nothing left.
  static constexpr std::chrono::seconds short_time{2};
  static void wait_out(std::chrono::seconds length) { std::this_thread::sleep_for(length + 1100ms); }

  server_files files_{make_pki()};
  captured_log log_;
  std::mutex telling_;
  std::string told_;
  std::optional<sys_seconds> answered_;
  responder responder_{files_.people()};
};

TEST_P(server_ocsp, who_is_good_is_let_in_and_asked_about_once) {
  const service running(options());
  for (int count = 0; count < 3; ++count) {
    const auto report = get(running.port(), alice());
    EXPECT_EQ(report.status, 200);
    EXPECT_THAT(report.body, HasSubstr("alice"));
  }
  EXPECT_EQ(responder_.asked(), 1);
}

TEST_P(server_ocsp, nobody_is_served_before_the_answer_is_there_and_others_are_meanwhile) {
  const service running(options());
  responder_.is_silent(true);
  tls_connection waits(running.port(), alice());
  ASSERT_TRUE(waits.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  responder_.wait_until_asked(1);
  EXPECT_EQ(get(running.port(), {.version = GetParam(), .server_name = "localhost"}).status, 200)
      << "the one thread serves who needs no answer";
  EXPECT_EQ(running->counted(http::tally::full_handshakes), 2U);
  std::this_thread::sleep_for(100ms);
  responder_.is_silent(false);
  EXPECT_THAT(waits.read_answer(), HasSubstr("alice"));
}

TEST_P(server_ocsp, who_is_revoked_is_told_so_by_an_answer_and_from_then_on_by_the_alert) {
  const service running(options());
  responder_.says({.status = V_OCSP_CERTSTATUS_REVOKED});
  expect_refused(get(running.port(), alice()), "revoked");
  const auto line = log_.wait_for("revoked: ");
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, HasSubstr("CN=alice"));
  EXPECT_THAT(*line, HasSubstr("says the OCSP responder http://ocsp.example/"));
  EXPECT_EQ(get(running.port(), alice()).alert, SSL_AD_CERTIFICATE_REVOKED);
  const auto end = clock::now() + 10s;
  while (running->refused(reason::revoked) < 2 && clock::now() < end) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(running->refused(reason::revoked), 2U);
  EXPECT_EQ(responder_.asked(), 1);
  EXPECT_EQ(told(), "") << "it had never been let in";
}

TEST_P(server_ocsp, who_is_refused_over_http_2_hears_the_same) {
  const service running(options());
  responder_.says({.status = V_OCSP_CERTSTATUS_REVOKED});
  auto how = alice();
  how.alpn = "h2";
  h2_client client(running.port(), how);
  const auto& answer = client.get();
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("\"reason\":\"revoked\""));
  client.read_to_end();
  EXPECT_TRUE(client.ended());
}

TEST_P(server_ocsp, a_refused_client_gets_one_answer_and_its_body_is_not_waited_for) {
  const service running(options());
  responder_.says({.status = V_OCSP_CERTSTATUS_REVOKED});
  tls_connection client(running.port(), alice());
  client.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nhalf");
  EXPECT_EQ(status_of(client.read_to_end()), 403);
  tls_connection silent(running.port(), as(issue(people().intermediate, client_spec("bob"))));
  EXPECT_EQ(silent.read_to_end(), "") << "and who asks for nothing is closed on";
}

TEST_P(server_ocsp, a_refused_client_is_not_answered_by_what_answers_at_once) {
  auto how = options();
  how.answer_at_once = [](request&, http::answer_notes&) { return response(200); };
  const service running(how);
  responder_.says({.status = V_OCSP_CERTSTATUS_REVOKED});
  expect_refused(get(running.port(), alice()), "revoked");
  auto over_http_2 = as(issue(people().intermediate, client_spec("bob")));
  over_http_2.alpn = "h2";
  responder_.says({.status = V_OCSP_CERTSTATUS_REVOKED});
  h2_client client(running.port(), over_http_2);
  EXPECT_EQ(client.get().status, 403);
}

TEST_P(server_ocsp, without_an_answer_its_policy_decides) {
  for (const auto policy : {unanswered::strict, unanswered::grace, unanswered::off}) {
    const service running(options(policy));
    responder_.fails(true);
    const auto first = get(running.port(), alice());
    const auto second = get(running.port(), alice());
    if (policy == unanswered::off) {
      EXPECT_EQ(first.status, 200);
      EXPECT_EQ(second.status, 200);
      continue;
    }
    expect_refused(first, "revocation_unknown");
    EXPECT_EQ(second.alert, SSL_AD_CERTIFICATE_UNKNOWN) << "while the responder rests, within the handshake";
  }
}

TEST_P(server_ocsp, a_session_is_asked_about_again_once_the_answer_has_ended) {
  const service running(options());
  responder_.says({.ends_in = short_time});
  const auto first = get(running.port(), alice());
  ASSERT_EQ(first.status, 200);
  ASSERT_TRUE(first.session);
  wait_out(short_time);
  const auto again = get(running.port(), alice(first.session));
  EXPECT_EQ(again.status, 200);
  EXPECT_TRUE(again.resumed);
  EXPECT_EQ(responder_.asked(), 2);
  wait_out(short_time);
  responder_.says({.status = V_OCSP_CERTSTATUS_REVOKED});
  // Under TLS 1.3 each is for one more connection, under TLS 1.2 the first goes on.
  const auto next = again.session ? again.session : first.session;
  const auto third = get(running.port(), alice(next));
  EXPECT_TRUE(third.resumed);
  expect_refused(third, "revoked");
  EXPECT_EQ(told(), "alice ") << "it had been let in before";
  // Now it is known, and the session is not taken up again.
  const auto last = third.session ? third.session : next;
  EXPECT_EQ(get(running.port(), alice(last)).alert, SSL_AD_CERTIFICATE_REVOKED);
}

TEST_P(server_ocsp, who_is_let_in_after_a_revocation_that_was_taken_back_is_told_of) {
  const service running(options());
  responder_.says({.ends_in = short_time});
  const auto first = get(running.port(), alice());
  ASSERT_TRUE(first.session);
  wait_out(short_time);
  responder_.says({.status = V_OCSP_CERTSTATUS_REVOKED, .ends_in = short_time});
  expect_refused(get(running.port(), alice(first.session)), "revoked");
  EXPECT_EQ(told(), "alice ");
  EXPECT_TRUE(answered_) << "by a responder's word, which says since when";
  wait_out(short_time);
  responder_.says({});
  for (int count = 0; count < 2; ++count) EXPECT_EQ(get(running.port(), alice()).status, 200);
  EXPECT_EQ(told(), "alice alice is back ") << "once";
}

TEST_P(server_ocsp, a_live_connection_is_asked_about_and_closed_when_its_peer_is_revoked) {
  const service running(options());
  responder_.says({.ends_in = 4s});
  tls_connection client(running.port(), alice());
  ASSERT_TRUE(client.ask());
  responder_.wait_until_asked(2);
  ASSERT_TRUE(client.ask()) << "good answers go on";
  responder_.says({.status = V_OCSP_CERTSTATUS_REVOKED});
  const auto end = clock::now() + 10s;
  while (running->answers()->counted(tls::ocsp_book::outcome::revoked) == 0 && clock::now() < end) {
    std::this_thread::sleep_for(5ms);
  }
  const auto began = clock::now();
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_LT(clock::now() - began, 1s) << "once it is known";
  const auto line = log_.wait_for(fmt::format("refused 127.0.0.1:{}: revoked: ", client.report().port));
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, HasSubstr("the connection was open, and is closed"));
  EXPECT_EQ(running->counted(http::tally::dismissed), 1U);
  EXPECT_EQ(told(), "alice ");
  responder_.stop();
}

TEST_P(server_ocsp, a_live_connection_outlives_its_answer_by_its_policy) {
  for (const auto policy : {unanswered::strict, unanswered::grace, unanswered::off}) {
    responder asked(people());
    const service running(options(policy, asked));
    asked.says({.ends_in = 2s});
    tls_connection client(running.port(), alice());
    ASSERT_TRUE(client.ask());
    asked.fails(true);
    wait_out(3s);
    EXPECT_EQ(client.ask().has_value(), policy != unanswered::strict);
    EXPECT_EQ(log_.wait_for("revocation_stale", 0, 10ms).has_value(), true) << "of the first, which was strict";
    asked.stop();
  }
}

TEST_P(server_ocsp, a_service_that_stops_waits_for_no_answer) {
  const service running(options());
  responder_.is_silent(true);
  tls_connection waits(running.port(), alice());
  responder_.wait_until_asked(1);
  const auto began = clock::now();
  running->stop();
  EXPECT_TRUE(running->wait());
  EXPECT_LT(clock::now() - began, 3s);
  responder_.stop();
}

TEST_P(server_ocsp, is_not_started_if_nobody_asks) {
  auto how = options();
  how.ocsp = nullptr;
  const auto started = http::server::start(std::move(how));
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message(), HasSubstr("nobody does so"));
}

INSTANTIATE_TEST_SUITE_P(version, server_ocsp, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& one) { return one.param == TLS1_2_VERSION ? "tls_1_2" : "tls_1_3"; });

}  // namespace
}  // namespace mutual::test
