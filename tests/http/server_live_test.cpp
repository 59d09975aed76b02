// Connections that are open when something about their peer changes, and files that change while they are served from.
#include "support/captured_log.hpp"
#include "support/plain_client.hpp"
#include "support/service.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;
using tls::client_auth;

class server_live : public testing::TestWithParam<int> {
 protected:
  client_options as(const identity& who) const {
    return {.version = GetParam(), .chain = {who, people().intermediate}, .server_name = "localhost"};
  }
  const pki& people() const { return files_.people(); }
  http::server_options options(client_auth clients = client_auth::required) const {
    return options_for(log_, files_.config(clients, true));
  }

  server_files files_{make_pki()};
  captured_log log_;
};

TEST_P(server_live, somebody_revoked_is_cut_off_within_a_second_and_the_log_says_why) {
  const service running(options());
  tls_connection alice(running.port(), as(people().client));
  tls_connection bob(running.port(), as(issue(people().intermediate, client_spec("bob"))));
  ASSERT_TRUE(alice.ask());
  ASSERT_TRUE(bob.ask());
  files_.write_revocations({people().client});
  const auto began = clock::now();
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(alice.read_to_end(), "");
  EXPECT_LT(clock::now() - began, seconds(1));
  const auto line = log_.wait_for(fmt::format("refused 127.0.0.1:{}: revoked: ", alice.report().port));
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, testing::HasSubstr("CN=alice"));
  EXPECT_THAT(*line, testing::HasSubstr("the connection was open, and is closed"));
  EXPECT_EQ(running->refused(reason::revoked), 1U);
  EXPECT_TRUE(bob.ask()) << "nobody else is disturbed";
}

TEST_P(server_live, the_files_are_watched_and_a_revocation_takes_effect_within_a_second) {
  auto watching = options();
  watching.watch_files = http::server_options().watch_files;
  const service running(std::move(watching));
  tls_connection alice(running.port(), as(people().client));
  ASSERT_TRUE(alice.ask());
  files_.write_revocations({people().client});
  const auto began = clock::now();
  EXPECT_EQ(alice.read_to_end(), "");
  EXPECT_LT(clock::now() - began, seconds(1));
  EXPECT_TRUE(log_.wait_for("revoked"));
  EXPECT_EQ(get(running.port(), as(people().client)).alert, SSL_AD_CERTIFICATE_REVOKED);
}

TEST_P(server_live, somebody_who_is_in_the_middle_of_a_request_is_cut_off_too) {
  const service running(options());
  tls_connection alice(running.port(), as(people().client));
  ASSERT_TRUE(alice.ask());
  alice.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
  files_.write_revocations({people().client});
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(alice.read_to_end(), "");
}

TEST_P(server_live, a_certificate_that_ends_is_served_until_then_and_no_further) {
  auto ends_soon = client_spec();
  ends_soon.ends_in = seconds(2);
  const service running(options());
  tls_connection alice(running.port(), as(issue(people().intermediate, ends_soon)));
  ASSERT_TRUE(alice.ask());
  EXPECT_EQ(alice.read_to_end(), "") << "also if nothing is asked";
  EXPECT_GE(now(), ends_soon.at + seconds(2));
  EXPECT_LE(now(), ends_soon.at + seconds(5));
  EXPECT_TRUE(log_.wait_for(fmt::format("refused 127.0.0.1:{}: expired: ", alice.report().port)));
  EXPECT_EQ(running->refused(reason::expired), 1U);
}

TEST_P(server_live, a_request_that_comes_when_its_client_has_ended_has_no_answer_and_its_line_in_the_log) {
  auto ends_soon = client_spec();
  ends_soon.ends_in = seconds(2);
  const auto alice_is = issue(people().intermediate, ends_soon);
  std::mutex guard;
  std::vector<std::string> lines;
  auto slow = options();
  slow.on_answer = [&](const request& asked, const http::answer_notes& notes, int status, std::size_t,
                       std::chrono::nanoseconds) {
    const std::scoped_lock lock(guard);
    lines.push_back(fmt::format("{} {}{}", asked.target, status, notes.incomplete ? " incomplete" : ""));
  };
  // It keeps the thread, so that nobody looks at the client's time meanwhile.
  slow.answer = [&](request&, http::answer_notes&) -> task<response> {
    while (now() <= ends_soon.at + seconds(2)) std::this_thread::sleep_for(milliseconds(20));
    co_return response(200, "in time");
  };
  {
    const service running(slow);
    tls_connection alice(running.port(), as(alice_is));
    alice.write(get_request("/first") + get_request("/second"));
    (void)alice.read_to_end();
    EXPECT_TRUE(log_.wait_for("expired: "));
  }
  EXPECT_THAT(lines, testing::ElementsAre(testing::StartsWith("/first 200"), "/second 0 incomplete"));
}

TEST_P(server_live, a_revocation_list_that_grows_stale_ends_the_service_of_those_it_vouched_for) {
  crl_spec ends_soon;
  ends_soon.ends_in = seconds(2);
  files_.folder().write("intermediate.crl", pem(make_crl(people().intermediate, ends_soon).get()));
  const service running(options());
  tls_connection alice(running.port(), as(people().client));
  ASSERT_TRUE(alice.ask());
  EXPECT_EQ(alice.read_to_end(), "");
  EXPECT_GE(now(), ends_soon.at + seconds(2));
  EXPECT_LE(now(), ends_soon.at + seconds(5));
  EXPECT_TRUE(log_.wait_for("revocation_stale"));
}

TEST_P(server_live, a_changed_trust_closes_on_those_it_no_longer_holds) {
  const service running(options());
  tls_connection alice(running.port(), as(people().client));
  ASSERT_TRUE(alice.ask());
  const auto other = self_signed(root_spec("Another Root"));
  files_.folder().write("trust.crt", other.pem());
  files_.folder().write("root.crl", pem(make_crl(other).get()));
  files_.folder().write("intermediate.crl", pem(make_crl(other).get()));
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(alice.read_to_end(), "");
  EXPECT_TRUE(log_.wait_for("unknown_issuer"));
}

TEST_P(server_live, nobody_is_disturbed_by_a_reload_that_changes_nothing_for_them) {
  const service running(options(client_auth::optional));
  tls_connection alice(running.port(), as(people().client));
  tls_connection nobody(running.port(), {.version = GetParam()});
  for (int count = 0; count < 3; ++count) {
    EXPECT_TRUE(alice.ask());
    EXPECT_TRUE(nobody.ask());
    ASSERT_TRUE(running->reload());
  }
  EXPECT_TRUE(alice.ask());
  EXPECT_TRUE(nobody.ask());
}

INSTANTIATE_TEST_SUITE_P(version, server_live, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& one) { return one.param == TLS1_2_VERSION ? "tls_1_2" : "tls_1_3"; });

}  // namespace
}  // namespace mutual::test
