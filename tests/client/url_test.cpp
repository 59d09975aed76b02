#include "client/url.hpp"

namespace mutual::client {
namespace {

using ::testing::HasSubstr;

url parsed(std::string_view text) {
  auto made = parse_url(text);
  EXPECT_TRUE(made) << text << ": " << (made ? "" : made.error().message());
  return made ? *made : url{};
}

std::string refused(std::string_view text) {
  auto made = parse_url(text);
  EXPECT_FALSE(made) << text << " became " << (made ? made->to_string() : "");
  if (made) return {};
  EXPECT_EQ(made.error().code(), errc::bad_usage);
  return made.error().message();
}

TEST(url, a_plain_one_has_the_schemes_port_and_the_root) {
  const auto secure = parsed("https://example.com");
  EXPECT_TRUE(secure.secure);
  EXPECT_EQ(secure.host, "example.com");
  EXPECT_EQ(secure.port, 443);
  EXPECT_EQ(secure.target, "/");
  EXPECT_EQ(secure.authority(), "example.com");
  EXPECT_EQ(parsed("http://example.com").port, 80);
  EXPECT_FALSE(parsed("http://example.com").secure);
}

TEST(url, port_path_and_query_are_kept_and_the_fragment_is_not_sent) {
  const auto one = parsed("https://localhost:5000/books/7?page=2&q=a%20b#part");
  EXPECT_EQ(one.port, 5000);
  EXPECT_EQ(one.target, "/books/7?page=2&q=a%20b");
  EXPECT_EQ(one.authority(), "localhost:5000");
  EXPECT_EQ(one.to_string(), "https://localhost:5000/books/7?page=2&q=a%20b");
}

TEST(url, the_host_is_in_lower_case) { EXPECT_EQ(parsed("HTTPS://LocalHost/A").host, "localhost"); }

TEST(url, addresses_are_hosts_too) {
  EXPECT_EQ(parsed("https://127.0.0.1:5000/").host, "127.0.0.1");
  EXPECT_EQ(parsed("https://[::1]:5000/").host, "::1");
  EXPECT_EQ(parsed("https://[::1]:5000/").authority(), "[::1]:5000");
  EXPECT_EQ(parsed("https://[0:0:0:0:0:0:0:1]/").host, "::1");
}

TEST(url, dots_in_the_path_are_resolved_before_they_are_sent) {
  EXPECT_EQ(parsed("https://a/b/../c/./d").target, "/c/d");
  EXPECT_EQ(parsed("https://a/../../etc").target, "/etc");
  EXPECT_EQ(parsed("https://a/..").target, "/");
  EXPECT_EQ(parsed("https://a/b/%2e%2e/%2E%2e/etc").target, "/etc");
  EXPECT_EQ(parsed("https://a?x=1").target, "/?x=1");
}

TEST(url, without_a_scheme_it_says_what_to_write) {
  EXPECT_THAT(refused("localhost:5000"), HasSubstr("https://localhost:5000"));
  EXPECT_THAT(refused(""), HasSubstr("https://"));
}

TEST(url, what_is_no_url_to_go_to_is_refused_with_what_to_do) {
  EXPECT_THAT(refused("ftp://example.com/"), HasSubstr("only https:// and http://"));
  EXPECT_THAT(refused("https://"), HasSubstr("host"));
  EXPECT_THAT(refused("https://:443/"), HasSubstr("host"));
  EXPECT_THAT(refused("https://a:0/"), HasSubstr("port"));
  EXPECT_THAT(refused("https://a:65536/"), HasSubstr("port"));
  EXPECT_THAT(refused("https://a:99999999999999999999/"), HasSubstr("port"));
  EXPECT_THAT(refused("http://[::1]:80../b"), HasSubstr("is not a URL to go to"));
  EXPECT_THAT(refused("https://a/b c"), HasSubstr("%20"));
  EXPECT_THAT(refused("https://a/\r\nX: y"), HasSubstr("well-formed"));
  EXPECT_THAT(refused("https://ex%61mple/"), HasSubstr("host"));
  EXPECT_THAT(refused("https://b\xc3\xbc"
                      "cher.example/"),
              HasSubstr("well-formed"));
  EXPECT_THAT(refused("https://[fe80::1%25eth0]/"), HasSubstr("URL"));
  EXPECT_THAT(refused("https://a/" + std::string(most_url_bytes, 'x')), HasSubstr("longer than"));
}

TEST(url, a_password_in_it_is_refused_and_not_repeated) {
  const auto said = refused("https://alice:secret@example.com/");
  EXPECT_THAT(said, HasSubstr("password"));
  EXPECT_THAT(said, ::testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace mutual::client
