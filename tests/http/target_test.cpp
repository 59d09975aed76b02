#include "http/target.hpp"

#include <mutual/request.hpp>

#include <gtest/gtest.h>

namespace mutual::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(split_target, finds_path_and_query) {
  const auto split = [](std::string_view target) {
    const auto parts = split_target(target);
    return std::pair<std::string, std::string>(parts.path, parts.query);
  };
  EXPECT_THAT(split("/a/b?c=d?e"), Pair("/a/b", "c=d?e"));
  EXPECT_THAT(split("/a?"), Pair("/a", ""));
  EXPECT_THAT(split("/"), Pair("/", ""));
  EXPECT_THAT(split("*"), Pair("*", ""));
  EXPECT_THAT(split("http://h:1/a?b"), Pair("/a", "b"));
  EXPECT_THAT(split("https://h"), Pair("/", ""));
  EXPECT_THAT(split("http://h?q"), Pair("/", "q"));
  EXPECT_THAT(split("//h/a"), Pair("//h/a", "")) << "a path, never a host";
  EXPECT_THAT(split("/a?u=http://h/b"), Pair("/a", "u=http://h/b"));
}

TEST(decode_path, gives_the_names_between_slashes) {
  EXPECT_THAT(*decode_path("/"), ElementsAre(""));
  EXPECT_THAT(*decode_path("/a/b"), ElementsAre("a", "b"));
  EXPECT_THAT(*decode_path("/a/"), ElementsAre("a", ""));
  EXPECT_THAT(*decode_path("/a//b"), ElementsAre("a", "", "b"));
  EXPECT_THAT(*decode_path("/caf%C3%A9/x+y"), ElementsAre("caf\xC3\xA9", "x+y"));
  EXPECT_THAT(*decode_path("/a%2Fb/c"), ElementsAre("a/b", "c")) << "an encoded slash is data";
  EXPECT_THAT(*decode_path("/%252e"), ElementsAre("%2e")) << "decoded once";
  EXPECT_THAT(*decode_path("/..."), ElementsAre("..."));
}

TEST(decode_path, refuses_what_wants_to_be_read_in_two_ways) {
  for (const auto* path : {"", "a", "*", "/.", "/..", "/a/../b", "/a/./b", "/%2e%2E/x", "/.%2e", "/a/%2e", "/%00",
                           "/a%0d%0ab", "/%7F", "/%", "/%4", "/%zz", "/../../etc/passwd"}) {
    EXPECT_EQ(decode_path(path), std::nullopt) << path;
  }
}

TEST(to_relative_file, gives_a_name_that_stays_inside_its_folder) {
  const auto file = [](std::string_view path) {
    const auto segments = decode_path(path);
    return segments ? to_relative_file(*segments) : std::nullopt;
  };
  EXPECT_EQ(file("/"), "");
  EXPECT_EQ(file("/css/site.css"), "css/site.css");
  EXPECT_EQ(file("/docs/"), "docs/");
  EXPECT_EQ(file("/a%20b.txt"), "a b.txt");
  for (const auto* path : {"//etc/passwd", "/a//b", "/a%2F..%2Fb", "/%2Fetc%2Fpasswd", "/..%5Cx", "/a%5Cb",
                           "/.git/config", "/.env", "/a/.hidden", "/..%2f", "/%2e%2e/"}) {
    EXPECT_EQ(file(path), std::nullopt) << path;
  }
}

TEST(request, gives_path_and_query_decoded) {
  request message;
  message.target = "/books/7%20b?page=2&q=a+b%21&page=3&flag&=x&&e=%";
  EXPECT_EQ(message.path(), "/books/7%20b");
  EXPECT_EQ(message.query("page"), "2");
  EXPECT_EQ(message.query("q"), "a b!");
  EXPECT_EQ(message.query("flag"), "");
  EXPECT_EQ(message.query("none"), std::nullopt);
  EXPECT_THAT(message.queries(), ElementsAre(Pair("page", "2"), Pair("q", "a b!"), Pair("page", "3"), Pair("flag", ""),
                                             Pair("", "x"), Pair("e", "%")));
  message.target = "/a?";
  EXPECT_TRUE(message.queries().empty());
}

}  // namespace
}  // namespace mutual::http
