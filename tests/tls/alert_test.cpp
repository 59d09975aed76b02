// Whoever is rejected hears why: the alert arrives, whatever the client was sending when it was sent.
#include "support/captured_log.hpp"
#include "support/pki.hpp"
#include "support/service.hpp"
#include "support/tls_client.hpp"

#include <fmt/format.h>

#include <thread>

namespace mutual::test {
namespace {

// What a client does as soon as it believes itself connected.
enum class haste { asks_and_reads, pipelines, uploads, says_nothing };

struct rejected {
  std::vector<identity> chain;
  int alert_1_2;
  int alert_1_3;
};

std::vector<rejected> rejected_clients(const pki& people) {
  auto ended = client_spec();
  ended.ends_in = -std::chrono::seconds(60);
  const auto revoked = people.client;
  return {{{}, 40, 116},
          {{self_signed(client_spec())}, 48, 48},
          {{issue(people.intermediate, ended), people.intermediate}, 45, 45},
          {{issue(people.intermediate, server_spec()), people.intermediate}, 43, 43},
          {{revoked, people.intermediate}, 44, 44},
          {{tampered(issue(people.intermediate, client_spec())), people.intermediate}, 42, 42},
          {{with_other_key(issue(people.intermediate, client_spec())), people.intermediate}, 51, 51}};
}

client_report meet(unsigned short port, const client_options& how, haste what) {
  tls_connection connection(port, how);
  if (!connection.report().connected) return connection.report();
  const std::string get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  switch (what) {
    case haste::asks_and_reads:
      connection.write(get);
      break;
    case haste::pipelines:
      for (int count = 0; count < 50; ++count) connection.write(get);
      break;
    case haste::uploads: {
      // All of it before the first look at what comes back.
      connection.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048576\r\n\r\n");
      const std::string piece(16384, 'x');
      for (int count = 0; count < 64; ++count) connection.write(piece);
      break;
    }
    case haste::says_nothing:
      break;
  }
  EXPECT_EQ(connection.read_to_end(), "") << "somebody who was rejected got an answer";
  return connection.report();
}

TEST(alert, two_hundred_rejected_clients_in_a_row_all_see_it_and_none_meets_a_reset) {
  const server_files files(make_pki());
  files.write_revocations({files.people().client});
  const captured_log log;
  const service running(files.config(tls::client_auth::required, true), log);
  const auto clients = rejected_clients(files.people());
  constexpr haste all[] = {haste::asks_and_reads, haste::pipelines, haste::uploads, haste::says_nothing};
  int seen = 0;
  int resets = 0;
  for (int count = 0; count < 200; ++count) {
    const auto& who = clients[static_cast<std::size_t>(count) % clients.size()];
    const int version = count % 3 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
    const auto what = all[static_cast<std::size_t>(count / 3) % 4];
    const auto told = meet(running.port(), {.version = version, .chain = who.chain}, what);
    EXPECT_EQ(told.alert, version == TLS1_2_VERSION ? who.alert_1_2 : who.alert_1_3) << count;
    EXPECT_FALSE(told.reset) << count;
    seen += told.alert ? 1 : 0;
    resets += told.reset ? 1 : 0;
  }
  EXPECT_EQ(seen, 200);
  EXPECT_EQ(resets, 0);
  EXPECT_TRUE(log.wait_for("refused 127.0.0.1"));
}

TEST(alert, a_client_that_never_reads_does_not_keep_its_connection) {
  const server_files files(make_pki());
  const captured_log log;
  auto options = options_for(log, files.config(tls::client_auth::required));
  options.timeouts.linger = std::chrono::milliseconds(200);
  const service running(std::move(options));
  const tls_connection silent(running.port(), {});
  ASSERT_TRUE(log.wait_for("no_certificate"));
  for (int count = 0; running->open_connections() != 0 && count < 100; ++count) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(running->open_connections(), 0U);
}

TEST(alert, a_client_that_floods_after_its_rejection_does_not_keep_its_connection) {
  const server_files files(make_pki());
  const captured_log log;
  auto options = options_for(log, files.config(tls::client_auth::required));
  options.timeouts.linger = std::chrono::minutes(5);
  const service running(std::move(options));
  tls_connection flood(running.port(), {});
  const std::string piece(16384, 'x');
  // Far more than is read and thrown away for the sake of an alert.
  int written = 0;
  while (written < 4096 && flood.write(piece)) ++written;
  EXPECT_LT(written, 4096);
}

}  // namespace
}  // namespace mutual::test
