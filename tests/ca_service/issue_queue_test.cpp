// Certificates that are asked for at once become durable at once.

#include "ca_service/issue_queue.hpp"

#include "authority/enroll.hpp"
#include "authority/folder_lock.hpp"
#include "base/base64.hpp"
#include "base/file.hpp"
#include "ca_service/authority.hpp"
#include "ca_service/est_desk.hpp"

#include <mutual/test_client.hpp>

#include <atomic>
#include <cstring>
#include <thread>

namespace mutual::ca_service {
namespace {

using namespace std::chrono_literals;

// How often the inventory's log ahead was put on the disk for a change: frames of SQLite's WAL that end one.
std::size_t commits_in(const std::filesystem::path& wal) {
  const auto bytes = good(file::read(wal, std::size_t{64} * 1024 * 1024));
  const auto number = [&](std::size_t at) {
    std::uint32_t out = 0;
    for (std::size_t n = 0; n < 4; ++n) out = out << 8 | static_cast<unsigned char>(bytes.at(at + n));
    return out;
  };
  std::size_t count = 0;
  const std::size_t frame = 24 + number(8);
  for (std::size_t at = 32; at + frame <= bytes.size() && bytes.compare(at + 8, 8, bytes, 16, 8) == 0; at += frame) {
    count += number(at + 4) != 0;
  }
  return count;
}

class an_issue_queue : public an_authority {
 protected:
  authority::certified wanted(const std::string& name) {
    authority::certified out;
    out.name = name;
    out.key = key.get();
    return out;
  }
  // So many ask at once, while nobody has a turn.
  std::vector<result<authority::issued_certificate>> at_once(issue_queue& queue,
                                                             const std::vector<std::string>& names) {
    std::vector<std::optional<result<authority::issued_certificate>>> outcomes(names.size());
    std::vector<std::thread> threads;
    {
      const auto held = good(authority::folder_lock::take(places.folder()));
      for (std::size_t n = 0; n < names.size(); ++n) {
        threads.emplace_back([&, n] { outcomes[n] = queue.issue(wanted(names[n]), "client " + names[n]); });
      }
      std::this_thread::sleep_for(600ms);
    }
    for (auto& one : threads) one.join();
    std::vector<result<authority::issued_certificate>> out;
    for (auto& one : outcomes) out.push_back(*std::move(one));
    return out;
  }

  x509::private_key key = good(x509::private_key::generate());
};

TEST_F(an_issue_queue, makes_all_that_wait_durable_in_one_change) {
  const auto reader = opened();  // keeps the log ahead from being taken away
  issue_queue queue(*open, {.loose = 1h}, logger());
  good(queue.issue(wanted("first"), "somebody"));
  const auto before = commits_in(places.folder() / "inventory.db-wal");
  const auto all = at_once(queue, {"a", "b", "c", "d", "e", "f", "g", "h"});
  for (const auto& one : all) {
    EXPECT_EQ(good(opened().records().find_sha256(good(one).leaf.sha256()))->name, good(one).name);
    EXPECT_EQ(certificate(good(one).name), good(one).leaf);
  }
  // The first has begun alone.
  const auto after = commits_in(places.folder() / "inventory.db-wal");
  EXPECT_GT(after, before);
  EXPECT_LE(after, before + 2);
  const auto acts = good(opened().acts());
  EXPECT_THAT(acts.back().who, ::testing::StartsWith("client "));
}

TEST_F(an_issue_queue, answers_each_for_itself) {
  issue_queue queue(*open, {}, logger());
  const auto all = at_once(queue, {"a", "alice", "b", "b"});
  EXPECT_TRUE(all[0]);
  EXPECT_EQ(all[1].error().code(), errc::already_exists);
  EXPECT_NE(bool(all[2]), bool(all[3]));
}

TEST_F(an_issue_queue, notes_that_files_are_on_the_disk_and_does_so_before_it_stops) {
  {
    issue_queue queue(*open, {.loose = 50ms}, logger());
    const auto one = good(queue.issue(wanted("a"), "somebody"));
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (good(opened().records().find_serial(one.leaf.serial()))->state != authority::record_state::issued) {
      ASSERT_LT(std::chrono::steady_clock::now(), until);
      std::this_thread::sleep_for(10ms);
    }
  }
  std::string serial;
  {
    issue_queue queue(*open, {.loose = 1h}, logger());
    serial = good(queue.issue(wanted("b"), "somebody")).leaf.serial();
    EXPECT_EQ(good(opened().records().find_serial(serial))->state, authority::record_state::recorded);
  }
  EXPECT_EQ(good(opened().records().find_serial(serial))->state, authority::record_state::issued);
}

TEST_F(an_issue_queue, obeys_the_limits_as_they_are_when_it_is_asked) {
  issue_queue queue(*open, {}, logger());
  good(queue.issue(wanted("a"), "somebody"));
  good(file::create(places.limits(), "[client]\nkey_kinds = [\"rsa3072\"]\n", file::access::everyone));
  EXPECT_EQ(queue.issue(wanted("b"), "somebody").error().code(), errc::bad_usage);
  EXPECT_EQ(queue.issue(wanted("b"), "somebody").error().code(), errc::bad_usage);
  good(file::replace(places.limits(), "[client]\nlongest_days = 3\n", file::access::everyone));
  const auto short_lived = good(queue.issue(wanted("b"), "somebody"));
  EXPECT_LT(short_lived.leaf.not_after(), now() + std::chrono::days(4));
  std::filesystem::remove(places.limits());
  EXPECT_GT(good(queue.issue(wanted("c"), "somebody")).leaf.not_after(), now() + std::chrono::days(4));
}

TEST_F(an_issue_queue, refuses_what_comes_after_it_was_stopped) {
  issue_queue queue(*open, {}, logger());
  queue.stop();
  EXPECT_EQ(queue.issue(wanted("a"), "somebody").error().code(), errc::io);
}

TEST_F(an_issue_queue, that_is_full_is_told_as_503_with_a_time_to_come_back) {
  counters counts;
  est_desk est(*open, counts, logger(), std::nullopt, {.waiting = 2, .batch = 1});
  app service;
  add_est_routes(service, est);
  service.workers(16);
  const test_client frozen(service);
  std::vector<std::string> tokens;
  for (int n = 0; n < 8; ++n) {
    auto at = opened();
    authority::token_request request;
    request.name = "host" + std::to_string(n);
    tokens.emplace_back(good(authority::make_token(at, request)).text.view());
  }
  const auto body = base64::encode_lines(good(x509::request::make(key, {}, {})).der());
  std::atomic<int> served{0}, refused{0};
  std::vector<std::thread> threads;
  {
    const auto held = good(authority::folder_lock::take(places.folder()));
    for (const auto& token : tokens) {
      threads.emplace_back([&, token] {
        request asked;
        asked.method = "POST";
        asked.target = "/.well-known/est/simpleenroll";
        asked.body = body;
        asked.headers.set("Content-Type", "application/pkcs10");
        asked.headers.set("Authorization", "Bearer " + token);
        const auto answer = test_client(service).send(std::move(asked));
        served += answer.status == 200;
        refused += answer.status == 503 && answer.header("Retry-After") == "1";
      });
    }
    std::this_thread::sleep_for(2s);
  }
  for (auto& one : threads) one.join();
  EXPECT_EQ(served + refused, 8);
  EXPECT_GE(served, 2);
  EXPECT_GE(refused, 1);
  EXPECT_EQ(counts.refused_unavailable, static_cast<std::uint64_t>(refused));
  // Who was refused has lost nothing.
  const auto used = good(opened().list());
  EXPECT_EQ(std::count_if(used.begin(), used.end(), [](const auto& one) { return one.name.starts_with("host"); }),
            served);
}

}  // namespace
}  // namespace mutual::ca_service
