// A bad reload changes nothing; a good one changes everything at once. And a start with nobody to trust is none.
#include "support/captured_log.hpp"
#include "support/judging.hpp"
#include "support/rests.hpp"
#include "support/service.hpp"
#include "x509/crl.hpp"
#include "x509/openssl.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace mutual::test {
namespace {

using std::chrono::milliseconds;
using tls::client_auth;

class server_reload : public testing::Test {
 protected:
  client_options as_alice() const {
    return {.chain = {files_.people().client, files_.people().intermediate}, .server_name = "localhost"};
  }
  http::server_options options() const { return options_for(log_, files_.config(client_auth::required, true)); }

  // A file with those contents is not taken over, for a reason that names it, and the service goes on as before.
  void expect_not_taken_over(const service& running, const std::string& file, const std::string& contents,
                             const std::string& why) {
    SCOPED_TRACE(file + ": " + why);
    const auto good = files_.folder().bytes(file);
    const auto before = running->context();
    const auto logged = log_.size();
    files_.folder().write(file, contents);
    const auto done = running->reload();
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message(), testing::HasSubstr(why));
    EXPECT_EQ(running->context(), before);
    const auto line = log_.wait_for("everything stays as it was", logged);
    ASSERT_TRUE(line);
    EXPECT_THAT(*line, testing::HasSubstr(done.error().message()));
    EXPECT_TRUE(get(running.port(), as_alice()).body.starts_with("alice "));
    files_.folder().write(file, good);
  }

  server_files files_{make_pki()};
  captured_log log_;
};

TEST_F(server_reload, of_bad_files_changes_nothing_and_says_why) {
  const service running(options());
  const auto& people = files_.people();
  expect_not_taken_over(running, "server.crt", "", "server.crt");
  expect_not_taken_over(running, "server.crt", "-----BEGIN CERTIFICATE-----\nnonsense\n", "server.crt");
  expect_not_taken_over(running, "server.key", "", "server.key");
  expect_not_taken_over(running, "server.key", people.client.key_pem(), "key");
  expect_not_taken_over(running, "server.crt", people.client.pem(), "key");
  expect_not_taken_over(running, "trust.crt", "", "trust.crt");
  expect_not_taken_over(running, "trust.crt", "nobody at all\n", "trust.crt");
  expect_not_taken_over(running, "trust.crt", people.server.key_pem(), "trust.crt");
  expect_not_taken_over(running, "intermediate.crl", "", "intermediate.crl");
  expect_not_taken_over(running, "intermediate.crl", people.root.pem(), "intermediate.crl");
  // A list in the CA's name that it has not signed.
  auto forged = x509::der_of(make_crl(people.root).get(), i2d_X509_CRL);
  forged.back() = static_cast<char>(forged.back() ^ 1);
  expect_not_taken_over(running, "root.crl", forged, "Acme Root");
  EXPECT_EQ(running->context()->generation(), 1U);
  ASSERT_TRUE(running->reload());
}

TEST_F(server_reload, of_a_server_certificate_that_no_client_would_accept_changes_nothing) {
  const service running(options());
  const auto& people = files_.people();
  const auto present = [&](const identity& one, const std::string& why) {
    const auto key = files_.folder().bytes("server.key");
    files_.folder().write("server.key", one.key_pem());
    const auto old = files_.folder().bytes("server.crt");
    files_.folder().write("server.crt", pem_chain({one, people.intermediate}));
    const auto done = running->reload();
    EXPECT_FALSE(done) << why;
    if (!done) {
      EXPECT_THAT(done.error().message(), testing::HasSubstr(why));
    }
    files_.folder().write("server.key", key);
    files_.folder().write("server.crt", old);
  };
  auto ended = server_spec();
  ended.ends_in = -std::chrono::seconds(60);
  present(issue(people.intermediate, ended), "expired");
  auto early = server_spec();
  early.begins_in = std::chrono::hours(1);
  present(issue(people.intermediate, early), "not valid before");
  present(issue(people.intermediate, client_spec()), "not meant for servers");
  EXPECT_EQ(running->context()->generation(), 1U);
}

TEST_F(server_reload, of_missing_files_changes_nothing) {
  const service running(options());
  for (const char* file : {"server.crt", "server.key", "trust.crt", "root.crl"}) {
    const auto good = files_.folder().bytes(file);
    std::filesystem::remove(files_.folder() / file);
    const auto done = running->reload();
    EXPECT_FALSE(done) << file;
    EXPECT_THAT(done.error().message(), testing::HasSubstr(file));
    EXPECT_TRUE(get(running.port(), as_alice()).body.starts_with("alice "));
    files_.folder().write(file, good);
  }
}

TEST_F(server_reload, of_good_files_changes_certificate_key_and_trust_together) {
  const service running(options());
  const auto next = make_pki();
  const server_files others(next);
  const auto before = running->context();
  for (const char* file : {"server.crt", "server.key", "trust.crt", "root.crl", "intermediate.crl"}) {
    files_.folder().write(file, others.folder().bytes(file));
  }
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(running->context()->generation(), before->generation() + 1);
  EXPECT_EQ(running->context()->certificate().sha256(), value_of(next.server).sha256());
  EXPECT_TRUE(log_.wait_for("read again"));
  EXPECT_EQ(get(running.port(), as_alice()).status, 0);
  const auto met = get(running.port(), {.chain = {next.client, next.intermediate}});
  EXPECT_TRUE(met.body.starts_with("alice "));
}

TEST_F(server_reload, by_the_watcher_leaves_a_half_written_pair_alone_until_it_is_whole) {
  auto watching = options();
  watching.watch_files = milliseconds(50);
  const service running(std::move(watching));
  const auto renewed = issue(files_.people().intermediate, server_spec());
  files_.folder().write("server.crt", pem_chain({renewed, files_.people().intermediate}));
  // The key still belongs to the old certificate.
  ASSERT_TRUE(log_.wait_for("everything stays as it was"));
  EXPECT_EQ(get(running.port(), as_alice()).status, 200);
  files_.folder().write("server.key", renewed.key_pem());
  ASSERT_TRUE(log_.wait_for("read again"));
  EXPECT_EQ(running->context()->certificate().sha256(), value_of(renewed).sha256());
  const auto errors = log_.count("everything stays as it was");
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(log_.count("everything stays as it was"), errors) << "what is known to be bad is not tried over and over";
}

// As long as it stands, this process can open no file and no socket.
class no_descriptors {
 public:
  no_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const descriptor next(::dup(0));
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next.get());
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  no_descriptors(const no_descriptors&) = delete;
  no_descriptors& operator=(const no_descriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_F(server_reload, that_was_kept_from_reading_is_tried_until_it_can) {
  auto watching = options();
  watching.watch_files = milliseconds(50);
  const service running(std::move(watching));
  EXPECT_EQ(get(running.port(), as_alice()).status, 200);
  const auto revoking = make_crl(files_.people().intermediate, {.revoked = {files_.people().client}, .number = 2});
  files_.folder().write("next.crl", pem(revoking.get()));
  {
    const no_descriptors meanwhile;
    std::filesystem::rename(files_.folder() / "next.crl", files_.folder() / "intermediate.crl");
    ASSERT_TRUE(log_.wait_for("Too many open files"));
    std::this_thread::sleep_for(milliseconds(200));
    EXPECT_EQ(log_.count("everything stays as it was"), 1U) << "told once, however often it is tried";
  }
  ASSERT_TRUE(log_.wait_for("read again"));
  EXPECT_EQ(get(running.port(), as_alice()).alert, SSL_AD_CERTIFICATE_REVOKED);
}

TEST_F(server_reload, takes_lists_that_were_offered_while_a_file_was_wrong_when_it_is_right_again) {
  auto watching = options();
  watching.watch_files = milliseconds(50);
  const service running(std::move(watching));
  const auto& people = files_.people();
  const auto list = make_crl(people.intermediate, {.revoked = {people.client}, .number = 1000});
  const std::vector<x509::lookup_list> offered{*x509::lookup_list::from_der(x509::der_of(list.get(), i2d_X509_CRL))};
  const auto key = files_.folder().bytes("server.key");
  files_.folder().write("server.key", "no key");
  ASSERT_TRUE(log_.wait_for("everything stays as it was"));
  EXPECT_FALSE(running->offer_lists(offered, "the feed"));
  EXPECT_EQ(get(running.port(), as_alice()).status, 200);
  files_.folder().write("server.key", key);
  ASSERT_TRUE(log_.wait_for("that were offered before are taken"));
  EXPECT_EQ(get(running.port(), as_alice()).alert, SSL_AD_CERTIFICATE_REVOKED);
}

// As a CA makes it that was put back from a backup with all that it knows: it has forgotten who was revoked since.
TEST_F(server_reload, takes_no_list_that_says_something_else_under_the_number_of_the_one_in_use) {
  const auto& people = files_.people();
  const auto list_of = [&people](const test::crl_spec& contents) {
    return *x509::lookup_list::from_der(x509::der_of(make_crl(people.intermediate, contents).get(), i2d_X509_CRL));
  };
  const auto revoked = list_of({.revoked = {people.client}, .number = 1000});
  const service running(options());
  EXPECT_TRUE(running->offer_lists({revoked}, "the feed"));
  EXPECT_TRUE(running->offer_lists({revoked}, "the feed")) << "the same once more";
  const auto again = list_of({.number = 1000});
  EXPECT_THAT(running->offer_lists({again}, "the feed").error().message(),
              testing::HasSubstr("has the number 0x3e8 as the one in use, and says something else"));
  EXPECT_EQ(get(running.port(), as_alice()).alert, SSL_AD_CERTIFICATE_REVOKED);
  EXPECT_TRUE(running->offer_lists({revoked, again}, "the feed")) << "beside the one in use it takes nobody back";
  EXPECT_EQ(get(running.port(), as_alice()).alert, SSL_AD_CERTIFICATE_REVOKED);
  EXPECT_TRUE(running->offer_lists({list_of({.number = 1001})}, "the feed"));
  EXPECT_EQ(get(running.port(), as_alice()).status, 200);
}

TEST_F(server_reload, holds_the_lists_that_it_started_with_no_longer_than_until_others_take_their_place) {
  const auto& people = files_.people();
  const auto lists_with = [&people](std::uint64_t number) {
    const auto list = make_crl(people.intermediate, {.number = number});
    return std::vector{*x509::lookup_list::from_der(x509::der_of(list.get(), i2d_X509_CRL))};
  };
  auto first = std::make_shared<const std::vector<x509::lookup_list>>(lists_with(1000));
  const std::weak_ptr<const std::vector<x509::lookup_list>> held = first;
  auto starting = options();
  starting.revocations = std::move(first);
  const service running(std::move(starting));
  EXPECT_FALSE(held.expired());
  EXPECT_TRUE(running->offer_lists(lists_with(1001), "the feed"));
  EXPECT_TRUE(held.expired());
}

TEST_F(server_reload, takes_a_revocation_over_also_when_the_servers_own_certificate_has_ended) {
  auto short_lived = server_spec();
  short_lived.ends_in = std::chrono::seconds(1);
  const auto own = issue(files_.people().intermediate, short_lived);
  files_.folder().write("server.crt", pem_chain({own, files_.people().intermediate}));
  files_.folder().write("server.key", own.key_pem());
  const service running(options());
  EXPECT_EQ(get(running.port(), as_alice()).status, 200);
  std::this_thread::sleep_until(short_lived.at + std::chrono::seconds(3));
  files_.write_revocations({files_.people().client});
  const auto done = running->reload();
  EXPECT_TRUE(done) << done.error().message();
  EXPECT_EQ(get(running.port(), as_alice()).alert, SSL_AD_CERTIFICATE_REVOKED);
}

TEST_F(server_reload, gives_back_what_was_replaced_once_no_connection_needs_it) {
  auto watching = options();
  watching.watch_files = milliseconds(50);
  const service running(std::move(watching));
  const std::weak_ptr<const tls::server_context> first = running->context();
  EXPECT_EQ(get(running.port(), as_alice()).status, 200);
  files_.write_revocations({});
  ASSERT_TRUE(log_.wait_for("read again"));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!first.expired() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(milliseconds(20));
  EXPECT_TRUE(first.expired());
}

TEST_F(server_reload, gives_back_what_was_replaced_with_the_next_reload_when_nobody_watches) {
  const service running(options());
  const std::weak_ptr<const tls::server_context> first = running->context();
  ASSERT_TRUE(running->reload());
  ASSERT_TRUE(running->reload());
  EXPECT_TRUE(first.expired());
}

// Lists come each hour, and a WebSocket may last for weeks.
TEST_F(server_reload, leaves_no_trust_behind_however_long_connections_last) {
  const service running(options_for(log_, files_.config(client_auth::optional, true)));
  std::vector<std::unique_ptr<tls_connection>> kept;
  std::vector<std::weak_ptr<const tls::server_context>> contexts;
  std::vector<std::weak_ptr<const tls::trust>> trusts;
  for (int hour = 0; hour < 5; ++hour) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      auto alice = as_alice();
      alice.version = version;
      kept.push_back(std::make_unique<tls_connection>(running.port(), alice));
      kept.push_back(std::make_unique<tls_connection>(running.port(), client_options{.version = version}));
    }
    for (const auto& one : kept) EXPECT_TRUE(one->ask());
    contexts.push_back(running->context());
    trusts.push_back(running->context()->trust());
    files_.write_revocations({});
    ASSERT_TRUE(running->reload());
  }
  // Those who were let in are judged by the newest, and then those before it go with the next reload.
  for (const auto& one : kept) EXPECT_TRUE(one->ask());
  ASSERT_TRUE(running->reload());
  for (std::size_t hour = 0; hour < trusts.size(); ++hour) {
    EXPECT_TRUE(trusts[hour].expired()) << hour;
    EXPECT_TRUE(contexts[hour].expired()) << hour;
  }
  files_.write_revocations({files_.people().client});
  ASSERT_TRUE(running->reload());
  for (std::size_t at = 0; at < kept.size(); ++at) {
    const auto answer = kept[at]->ask();
    EXPECT_EQ(bool(answer), at % 2 == 1) << "alice is revoked, and nobody is nobody still";
  }
}

TEST_F(server_reload, ends_whoever_is_revoked_among_many_also_when_news_comes_upon_news) {
  constexpr std::size_t many = 200;
  const service running(options());
  std::vector<std::unique_ptr<tls_connection>> kept;
  for (std::size_t count = 0; count < many; ++count) {
    kept.push_back(std::make_unique<tls_connection>(running.port(), as_alice()));
    ASSERT_TRUE(kept.back()->ask());
    if (count % 3 == 2) kept.erase(kept.end() - 2);  // people come and go
  }
  const auto rest = kept.size();
  for (int hour = 0; hour < 5; ++hour) {
    files_.write_revocations({});
    ASSERT_TRUE(running->reload());
  }
  files_.write_revocations({files_.people().client});
  ASSERT_TRUE(running->reload());
  for (int round = 0; round < 500 && running->counted(http::tally::dismissed) < rest; ++round)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(running->counted(http::tally::dismissed), rest) << "each once, and without having asked";
}

TEST_F(server_reload, hears_revocation_lists_that_stand_in_a_trust_file) {
  auto config = files_.config(client_auth::required);
  std::uint64_t number = 0;
  const auto with_lists = [&](const std::vector<identity>& revoked) {
    ++number;
    return files_.people().root.pem() + pem(make_crl(files_.people().root, {.number = number}).get()) +
           pem(make_crl(files_.people().intermediate, {.revoked = revoked, .number = number}).get());
  };
  files_.folder().write("trust.crt", with_lists({}));
  const service running(config, log_);
  EXPECT_EQ(get(running.port(), as_alice()).status, 200);
  files_.folder().write("trust.crt", with_lists({files_.people().client}));
  ASSERT_TRUE(running->reload());
  EXPECT_EQ(get(running.port(), as_alice()).alert, SSL_AD_CERTIFICATE_REVOKED);
}

TEST_F(server_reload, goes_on_with_its_own_files_when_others_are_issued_into_the_folder) {
  const scratch folder;
  const auto& people = files_.people();
  std::filesystem::create_directory(folder / "issued");
  folder.write("trust.crt", people.root.pem());
  folder.write("issued/localhost.crt", pem_chain({people.server, people.intermediate}));
  folder.write("issued/localhost.key", people.server.key_pem());
  const service running(tls::from_pki(folder.path()), log_);
  EXPECT_EQ(get(running.port(), as_alice()).status, 200);
  const auto second = issue(people.intermediate, server_spec("second"));
  folder.write("issued/second.crt", pem_chain({second, people.intermediate}));
  folder.write("issued/second.key", second.key_pem());
  const auto done = running->reload();
  EXPECT_TRUE(done) << done.error().message();
  EXPECT_EQ(running->context()->certificate().sha256(), value_of(people.server).sha256());
}

TEST_F(server_reload, leaves_room_for_itself_beside_the_connections) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit few = before;
  few.rlim_cur = 300;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  {
    const service running(options());
    EXPECT_TRUE(log_.wait_for("at most 156 connections can be open at once"));
    EXPECT_EQ(get(running.port(), as_alice()).status, 200);
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(server_reload, during_handshakes_disturbs_none_of_them) {
  auto many = options();
  many.threads = 2;
  const service running(std::move(many));
  std::atomic<bool> stop{false};
  std::thread reloads([&] {
    while (!stop) EXPECT_TRUE(running->reload());
  });
  auto how = as_alice();
  for (int count = 0; count < 60; ++count) {
    const auto met = get(running.port(), how);
    EXPECT_TRUE(met.body.starts_with("alice ")) << count;
    how.session = met.session;
  }
  stop = true;
  reloads.join();
}

TEST_F(server_reload, of_plain_http_is_nothing) {
  const service running(options_for(log_));
  EXPECT_TRUE(running->reload());
  EXPECT_EQ(running->context(), nullptr);
}

TEST_F(server_reload, a_start_that_asks_for_certificates_and_trusts_nobody_is_an_error) {
  for (const auto clients : {client_auth::optional, client_auth::required}) {
    auto config = files_.config(clients);
    config.trust.clear();
    const auto started = http::server::start(options_for(log_, config));
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), errc::bad_usage);
    EXPECT_THAT(started.error().message(), testing::HasSubstr("nobody is trusted"));
    EXPECT_THAT(started.error().message(), testing::HasSubstr("--trust FILE"));
    config.trust = {files_.folder() / "empty.crt"};
    files_.folder().write("empty.crt", "");
    EXPECT_FALSE(http::server::start(options_for(log_, config)));
  }
}

TEST_F(server_reload, a_start_with_files_that_do_not_fit_is_an_error_that_names_them) {
  auto config = files_.config(client_auth::required);
  config.key = files_.folder() / "other.key";
  files_.folder().write("other.key", files_.people().client.key_pem());
  const auto started = http::server::start(options_for(log_, config));
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message(), testing::HasSubstr("server.crt"));
  EXPECT_THAT(started.error().message(), testing::HasSubstr("other.key"));
  config = files_.config(client_auth::required);
  config.at_least = tls::version::v1_3;
  config.at_most = tls::version::v1_2;
  EXPECT_FALSE(http::server::start(options_for(log_, config)));
  config = files_.config(client_auth::required);
  config.certificate.clear();
  EXPECT_FALSE(http::server::start(options_for(log_, config)));
}

TEST_F(server_reload, of_a_long_list_lets_others_go_on) {
  const service running(options());
  const auto& people = files_.people();
  files_.write_revocations(std::vector<identity>(200'000, people.server));
  expect_rests_by_itself([&] { EXPECT_TRUE(running->reload()); });
}

}  // namespace
}  // namespace mutual::test
