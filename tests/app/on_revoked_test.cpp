// What a program is told when somebody whom it had let in is revoked.
#include "support/captured_log.hpp"
#include "support/service.hpp"

#include <mutual/mutual.hpp>

#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace mutual::test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

// Who was revoked, as handlers have heard it.
class heard {
 public:
  void add(const peer& who) {
    const std::scoped_lock lock(guard_);
    names_.push_back(who.name());
    came_.notify_all();
  }
  // All of them, once there are so many; what there is after ten seconds.
  std::vector<std::string> names(std::size_t count) {
    std::unique_lock lock(guard_);
    came_.wait_for(lock, 10s, [&] { return names_.size() >= count; });
    return names_;
  }

 private:
  std::mutex guard_;
  std::condition_variable came_;
  std::vector<std::string> names_;
};

class on_revoked : public testing::TestWithParam<int> {
 protected:
  ~on_revoked() override { stop(); }

  void start() {
    served_.log_to([to = log_.to()](std::string_view line) { to.info(line); });
    served_.get("/", [](const peer& who) { return who.name() + "\n"; });
    run_options how;
    how.listen = "127.0.0.1:0";
    how.tls = files_.config(tls::client_auth::required, true);
    how.threads = 2;
    how.banner = how.access_log = false;
    std::promise<std::string> ready;
    auto address = ready.get_future();
    how.on_ready = [&](const std::vector<std::string>& all) { ready.set_value(all.front()); };
    serving_ = std::thread([this, how] { exit_code_ = served_.run(how); });
    const auto at = address.get();
    port_ = static_cast<unsigned short>(std::stoi(at.substr(at.rfind(':') + 1)));
  }
  void stop() {
    if (!serving_.joinable()) return;
    served_.stop();
    serving_.join();
    EXPECT_EQ(exit_code_, 0);
  }

  client_options as(const identity& who) const {
    return {.version = GetParam(), .chain = {who, files_.people().intermediate}, .server_name = "localhost"};
  }
  const identity& alice() const { return files_.people().client; }
  void revoke(const std::vector<identity>& all) {
    const auto logged = log_.size();
    files_.folder().write("intermediate.crl",
                          pem(make_crl(files_.people().intermediate, {.revoked = all, .number = ++number_}).get()));
    EXPECT_TRUE(log_.wait_for("read again", logged));
  }

  server_files files_{make_pki()};
  captured_log log_;
  heard told_;
  app served_;
  unsigned short port_ = 0;

 private:
  std::uint64_t number_ = 1;
  std::thread serving_;
  int exit_code_ = -1;
};

TEST_P(on_revoked, tells_once_of_somebody_with_many_connections_and_not_of_others) {
  served_.on_revoked([this](const peer& who) { told_.add(who); });
  start();
  const auto bob = issue(files_.people().intermediate, client_spec("bob"));
  const auto carol = issue(files_.people().intermediate, client_spec("carol"));
  tls_connection one(port_, as(alice())), two(port_, as(alice())), three(port_, as(alice()));
  tls_connection bobs(port_, as(bob)), carols(port_, as(carol));
  for (auto* each : {&one, &two, &three, &bobs, &carols}) ASSERT_TRUE(each->ask());
  revoke({alice()});
  for (auto* each : {&one, &two, &three}) EXPECT_EQ(each->read_to_end(), "");
  EXPECT_EQ(told_.names(1), std::vector<std::string>{"alice"});
  EXPECT_TRUE(bobs.ask());
  EXPECT_FALSE(get(port_, as(alice())).status);
  revoke({alice(), carol});
  EXPECT_EQ(told_.names(2), (std::vector<std::string>{"alice", "carol"}));
  EXPECT_TRUE(bobs.ask());
}

TEST_P(on_revoked, tells_of_a_session_that_is_not_taken_up_again) {
  served_.on_revoked([this](const peer& who) { told_.add(who); });
  start();
  const auto first = get(port_, as(alice()));
  ASSERT_TRUE(first.session);
  auto again = as(alice());
  again.session = first.session;
  const auto second = get(port_, again);
  ASSERT_TRUE(second.resumed);
  again.session = second.session ? second.session : first.session;
  revoke({alice()});
  EXPECT_EQ(get(port_, again).alert, SSL_AD_CERTIFICATE_REVOKED);
  EXPECT_EQ(told_.names(1), std::vector<std::string>{"alice"});
}

TEST_P(on_revoked, says_nothing_of_those_who_were_never_let_in_or_have_merely_ended) {
  served_.on_revoked([this](const peer& who) { told_.add(who); });
  start();
  auto ends_soon = client_spec("ends");
  ends_soon.ends_in = 3s;
  tls_connection ends(port_, as(issue(files_.people().intermediate, ends_soon)));
  ASSERT_TRUE(ends.ask());
  revoke({alice()});
  EXPECT_EQ(get(port_, as(alice())).alert, SSL_AD_CERTIFICATE_REVOKED);
  EXPECT_EQ(ends.read_to_end(), "");
  EXPECT_TRUE(log_.wait_for("expired"));
  stop();
  EXPECT_TRUE(told_.names(0).empty());
}

TEST_P(on_revoked, tells_again_of_somebody_who_was_let_in_once_more_meanwhile) {
  served_.on_revoked([this](const peer& who) { told_.add(who); });
  start();
  for (std::size_t count = 1; count <= 2; ++count) {
    tls_connection held(port_, as(alice()));
    ASSERT_TRUE(held.ask());
    revoke({alice()});
    EXPECT_EQ(held.read_to_end(), "");
    EXPECT_EQ(told_.names(count).size(), count);
    revoke({});
  }
}

TEST_P(on_revoked, goes_on_after_a_handler_that_throws_and_logs_what_it_has_thrown) {
  served_.on_revoked([](const peer&) { throw std::runtime_error("no such chair"); });
  served_.on_revoked([](const peer&) { throw 7; });
  served_.on_revoked([this](const peer& who) { told_.add(who); });
  start();
  const auto bob = issue(files_.people().intermediate, client_spec("bob"));
  tls_connection alices(port_, as(alice())), bobs(port_, as(bob));
  ASSERT_TRUE(alices.ask());
  ASSERT_TRUE(bobs.ask());
  revoke({alice(), bob});
  EXPECT_THAT(told_.names(2), testing::UnorderedElementsAre("alice", "bob"));
  EXPECT_TRUE(log_.wait_for("on_revoked has failed for 'CN=alice,O=Acme': no such chair"));
  EXPECT_TRUE(log_.wait_for("no std::exception"));
}

TEST_P(on_revoked, keeps_nobody_open_whose_handler_takes_its_time) {
  std::promise<void> go_on;
  served_.on_revoked([this, wait = go_on.get_future().share()](const peer& who) {
    wait.wait();
    told_.add(who);
  });
  start();
  const auto bob = issue(files_.people().intermediate, client_spec("bob"));
  const auto carol = issue(files_.people().intermediate, client_spec("carol"));
  tls_connection alices(port_, as(alice())), bobs(port_, as(bob)), carols(port_, as(carol));
  for (auto* each : {&alices, &bobs, &carols}) ASSERT_TRUE(each->ask());
  revoke({alice(), bob});
  const auto began = clock::now();
  EXPECT_EQ(alices.read_to_end(), "");
  EXPECT_EQ(bobs.read_to_end(), "");
  EXPECT_LT(clock::now() - began, 1s);
  EXPECT_TRUE(carols.ask());
  EXPECT_TRUE(told_.names(0).empty());
  go_on.set_value();
  stop();
  EXPECT_EQ(told_.names(2).size(), 2U) << "what is still to be told when the service stops is told";
}

TEST_P(on_revoked, comes_too_late_once_the_service_runs) {
  start();
  EXPECT_THROW(served_.on_revoked([](const peer&) {}), std::logic_error);
}

INSTANTIATE_TEST_SUITE_P(version, on_revoked, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& one) { return one.param == TLS1_2_VERSION ? "tls_1_2" : "tls_1_3"; });

}  // namespace
}  // namespace mutual::test
