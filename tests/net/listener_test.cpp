#include "net/listener.hpp"

#include "net/loop.hpp"
#include "support/captured_log.hpp"

#include <fcntl.h>
#include <sys/socket.h>

namespace mutual::net {
namespace {

std::vector<endpoint> at(const char* host, unsigned short port = 0) { return *resolve({host, port}, true); }

TEST(listener, chooses_one_port_for_all_copies) {
  auto where = at("127.0.0.1");
  const auto sockets = listen(where, 3);
  ASSERT_TRUE(sockets);
  EXPECT_EQ(sockets->size(), 3U);
  ASSERT_EQ(where.size(), 1U);
  EXPECT_NE(where.front().port(), 0);
  for (const auto& copy : *sockets) {
    ASSERT_EQ(copy.size(), 1U);
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ASSERT_EQ(::getsockname(copy.front().get(), reinterpret_cast<sockaddr*>(&storage), &size), 0);
    EXPECT_EQ(endpoint(reinterpret_cast<const sockaddr*>(&storage), size).port(), where.front().port());
  }
}

TEST(listener, chooses_the_same_port_for_all_addresses) {
  auto where = at("127.0.0.1");
  where.push_back(at("127.0.0.2").front());
  const auto sockets = listen(where, 1);
  ASSERT_TRUE(sockets);
  ASSERT_EQ(where.size(), 2U);
  EXPECT_EQ(where[0].port(), where[1].port());
}

TEST(listener, that_finds_its_port_taken_says_so_even_if_we_took_it) {
  auto where = at("127.0.0.1");
  const auto first = listen(where, 2);
  ASSERT_TRUE(first);
  auto again = where;
  const auto second = listen(again, 2);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), errc::io);
  EXPECT_THAT(second.error().message(), testing::HasSubstr("another program uses this port"));
  EXPECT_THAT(second.error().message(), testing::HasSubstr(where.front().to_string()));
}

TEST(listener, on_an_address_that_is_not_this_machines_says_so) {
  auto where = at("192.0.2.1", 5000);
  const auto sockets = listen(where, 1);
  ASSERT_FALSE(sockets);
  EXPECT_THAT(sockets.error().message(), testing::HasSubstr("does not have that address"));
}

task<> connect_to(loop& on, std::vector<endpoint> where, std::string& outcome) {
  auto made = co_await connect(on, std::move(where), std::chrono::seconds(5));
  outcome = made ? "connected" : made.error().message();
}

TEST(listener, accepts_what_connects_until_it_is_cancelled) {
  loop on;
  auto where = at("127.0.0.1");
  auto handles = listen(where, 1);
  ASSERT_TRUE(handles);
  socket listening(on, std::move(handles->front().front()));
  std::vector<descriptor> accepted;
  std::string remote;
  on.spawn(accept_all(
      listening,
      [&](descriptor handle, const endpoint& from) {
        accepted.push_back(std::move(handle));
        remote = from.address();
        if (accepted.size() == 3) listening.cancel();
      },
      logger()));
  std::string outcomes[3];
  for (auto& one : outcomes) on.spawn(connect_to(on, where, one));
  on.run_until_idle();
  EXPECT_EQ(accepted.size(), 3U);
  EXPECT_EQ(remote, "127.0.0.1");
  for (const auto& one : outcomes) EXPECT_EQ(one, "connected");
  // Whatever the listener was, what it accepted does not block and is not inherited by programs we start.
  for (const auto& one : accepted) {
    EXPECT_NE(::fcntl(one.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(one.get(), F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST(connect, to_a_port_where_nobody_listens_says_so) {
  loop on;
  auto where = at("127.0.0.1");
  { (void)listen(where, 1); }  // a port that was free a moment ago
  std::string outcome;
  on.spawn(connect_to(on, where, outcome));
  on.run_until_idle();
  EXPECT_THAT(outcome, testing::HasSubstr(where.front().to_string()));
  EXPECT_THAT(outcome, testing::HasSubstr("refused"));
}

TEST(connect, tries_the_next_address_when_one_does_not_answer) {
  loop on;
  auto where = at("127.0.0.1");
  auto handles = listen(where, 1);
  ASSERT_TRUE(handles);
  auto both = at("127.0.0.3", where.front().port());
  both.push_back(where.front());
  std::string outcome;
  on.spawn(connect_to(on, both, outcome));
  on.run_until_idle();
  EXPECT_EQ(outcome, "connected");
}

TEST(connect, to_nowhere_is_an_error) {
  loop on;
  std::string outcome;
  on.spawn(connect_to(on, {}, outcome));
  on.run_until_idle();
  EXPECT_EQ(outcome, "there is no address to connect to");
}

}  // namespace
}  // namespace mutual::net
