#include "tls/server_name.hpp"

#include <string_view>

namespace mutual::tls {
namespace {

std::string vector_of(std::string_view bytes) {
  return std::string{static_cast<char>(bytes.size() >> 8U), static_cast<char>(bytes.size() & 0xffU)} +
         std::string(bytes);
}

std::string extension(std::string_view name, char type = '\0') {
  return vector_of(std::string(1, type) + vector_of(name));
}

TEST(server_name, is_read_in_lower_case) {
  EXPECT_EQ(parse_server_name(extension("localhost")), "localhost");
  EXPECT_EQ(parse_server_name(extension("Api.ACME.Example")), "api.acme.example");
  EXPECT_EQ(parse_server_name(extension("a_b-1.example")), "a_b-1.example");
}

TEST(server_name, of_up_to_255_bytes_is_read_and_no_longer_one) {
  EXPECT_TRUE(parse_server_name(extension(std::string(255, 'a'))));
  EXPECT_FALSE(parse_server_name(extension(std::string(256, 'a'))));
  EXPECT_FALSE(parse_server_name(extension("")));
}

TEST(server_name, with_characters_that_no_dns_name_has_is_refused) {
  for (const char* name : {"local host", "local/host", "local\nhost", "l\"h", "caf\xc3\xa9", "*.example", "[::1]"}) {
    EXPECT_FALSE(parse_server_name(extension(name))) << name;
  }
  EXPECT_FALSE(parse_server_name(extension(std::string_view("local\0host", 10))));
}

TEST(server_name, that_stands_there_twice_or_is_of_another_kind_is_refused) {
  const auto one = std::string(1, '\0') + vector_of("one.example");
  const auto two = std::string(1, '\0') + vector_of("two.example");
  EXPECT_EQ(parse_server_name(vector_of(one)), "one.example");
  EXPECT_FALSE(parse_server_name(vector_of(one + two)));
  EXPECT_FALSE(parse_server_name(vector_of(one + "x")));
  EXPECT_FALSE(parse_server_name(extension("one.example", '\1')));
}

TEST(server_name, whose_lengths_are_wrong_is_refused) {
  const auto good = extension("localhost");
  EXPECT_FALSE(parse_server_name(""));
  EXPECT_FALSE(parse_server_name(std::string_view("\0\0", 2)));
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(parse_server_name(good.substr(0, size))) << size;
  EXPECT_FALSE(parse_server_name(good + "x"));
  for (std::size_t at = 0; at < 5; ++at) {
    auto bent = good;
    bent[at] = static_cast<char>(bent[at] + 1);
    EXPECT_FALSE(parse_server_name(bent)) << at;
  }
}

}  // namespace
}  // namespace mutual::tls
