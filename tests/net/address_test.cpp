#include "net/address.hpp"

#include <sys/socket.h>

namespace mutual::net {
namespace {

TEST(address, of_every_way_that_people_write_is_taken_apart) {
  struct known {
    const char* text;
    const char* host;
    unsigned short port;
  };
  for (const auto& one :
       {known{"localhost:5000", "localhost", 5000}, known{"127.0.0.1:0", "127.0.0.1", 0},
        known{"[::1]:5000", "::1", 5000}, known{"[2001:db8::1]:443", "2001:db8::1", 443}, known{":5000", "", 5000},
        known{"5000", "", 5000}, known{"a-b.example:65535", "a-b.example", 65535}, known{"[]:5000", "", 5000}}) {
    const auto parsed = parse_host_port(one.text);
    ASSERT_TRUE(parsed) << one.text;
    EXPECT_EQ(parsed->host, one.host) << one.text;
    EXPECT_EQ(parsed->port, one.port) << one.text;
  }
}

TEST(address, that_could_be_read_in_two_ways_or_in_none_is_an_error_that_shows_how) {
  for (const char* text : {"", ":", "localhost", "localhost:", "localhost:http", "localhost:65536", "localhost:-1",
                           "localhost:+1", "localhost: 1", "localhost:1 ", "::1", "::1:5000", "[::1]", "[::1]5000",
                           "[::1:5000", "localhost:99999999999999999999"}) {
    const auto parsed = parse_host_port(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code(), errc::bad_usage);
    EXPECT_THAT(parsed.error().message(), testing::HasSubstr("HOST:PORT"));
  }
}

TEST(address, holds_no_zero_at_which_its_name_would_end) {
  EXPECT_FALSE(parse_host_port(std::string_view("localhost\0.example:80", 21)));
  EXPECT_FALSE(parse_host_port(std::string_view("[::1\0]:80", 9)));
}

TEST(address, is_found_for_names_and_numbers) {
  const auto four = resolve({"127.0.0.1", 80}, false);
  ASSERT_TRUE(four);
  ASSERT_EQ(four->size(), 1U);
  EXPECT_EQ(four->front().to_string(), "127.0.0.1:80");
  EXPECT_TRUE(four->front().is_loopback());
  const auto six = resolve({"::1", 80}, false);
  ASSERT_TRUE(six);
  EXPECT_EQ(six->front().to_string(), "[::1]:80");
  EXPECT_EQ(six->front().address(), "::1");
  EXPECT_TRUE(six->front().is_loopback());
  const auto name = resolve({"localhost", 80}, true);
  ASSERT_TRUE(name);
  for (const auto& one : *name) EXPECT_TRUE(one.is_loopback());
}

TEST(address, of_no_host_is_every_address_of_this_machine_to_listen_on) {
  const auto any = resolve({"", 80}, true);
  ASSERT_TRUE(any);
  for (const auto& one : *any) {
    EXPECT_FALSE(one.is_loopback());
    EXPECT_TRUE(one.address() == "0.0.0.0" || one.address() == "::") << one.address();
  }
}

TEST(address, of_an_unknown_host_is_an_error_that_names_it) {
  const auto unknown = resolve({"no-such-host.invalid", 80}, false);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), errc::not_found);
  EXPECT_THAT(unknown.error().message(), testing::HasSubstr("no-such-host.invalid"));
}

TEST(address, of_the_loopback_is_the_whole_127_0_0_0_slash_8) {
  EXPECT_TRUE(resolve({"127.1.2.3", 80}, false)->front().is_loopback());
  EXPECT_FALSE(resolve({"128.0.0.1", 80}, false)->front().is_loopback());
  EXPECT_FALSE(resolve({"0.0.0.0", 80}, false)->front().is_loopback());
}

TEST(address, has_a_port_that_can_be_set) {
  auto one = resolve({"::1", 0}, false)->front();
  one.set_port(443);
  EXPECT_EQ(one.port(), 443);
  EXPECT_EQ(one.family(), AF_INET6);
  auto other = resolve({"127.0.0.1", 0}, false)->front();
  other.set_port(65535);
  EXPECT_EQ(other.to_string(), "127.0.0.1:65535");
}

}  // namespace
}  // namespace mutual::net
