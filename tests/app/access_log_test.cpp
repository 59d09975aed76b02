#include "app/access_log.hpp"

#include "app/people.hpp"

namespace mutual {
namespace {

using namespace std::chrono_literals;

request from(const peer* who) {
  request out;
  auto connection = std::make_shared<connection_info>();
  connection->remote_address = "127.0.0.1";
  if (who != nullptr) connection->who = std::make_shared<const peer>(*who);
  out.connection = connection;
  return out;
}

peer named(const std::string& name) {
  peer_data data;
  data.common_name = name;
  return peer(data);
}

access at_five(const request& asked, int status, std::chrono::nanoseconds took = 312us) {
  const auto when = sys_seconds(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 14h + 5min);
  return {asked, when, status, 14, took};
}

std::string line_of(const request& asked, int status, const handling& notes = {}) {
  return access_line(at_five(asked, status), access_notes(notes));
}

TEST(access_log, says_when_who_what_and_what_came_of_it) {
  const peer alice = test::alice();
  EXPECT_EQ(line_of(from(&alice), 200),
            R"(2026-11-23T14:05:00Z 127.0.0.1 alice aaaaaaaaaaaaaaaa "GET / HTTP/1.1" 200 14 0.3ms)");
  EXPECT_EQ(access_line(at_five(from(nullptr), 404, 12345ms), ""),
            R"(2026-11-23T14:05:00Z 127.0.0.1 - - "GET / HTTP/1.1" 404 14 12345.0ms)");
}

TEST(access_log, tells_an_answer_that_was_not_sent_whole) {
  const request asked = from(nullptr);
  access cut = at_five(asked, 200);
  cut.incomplete = true;
  EXPECT_THAT(access_line(cut, "failure 1f0c"), testing::EndsWith("200 14 0.3ms incomplete failure 1f0c"));
}

TEST(access_log, says_why_somebody_was_refused_and_where_a_failure_is_found) {
  const peer bob = test::bob();
  handling notes;
  notes.refused = reason::policy_denied;
  notes.denied_by = R"(ou("admins"))";
  EXPECT_EQ(line_of(from(&bob), 403, notes),
            R"(2026-11-23T14:05:00Z 127.0.0.1 bob bbbbbbbbbbbbbbbb "GET / HTTP/1.1" 403 14 0.3ms policy_denied )"
            R"((ou("admins")))");
  handling failed;
  failed.failure = "1f0c";
  EXPECT_THAT(line_of(from(&bob), 500, failed), testing::EndsWith("0.3ms failure 1f0c"));
}

TEST(access_log, nothing_that_a_client_sends_makes_a_second_line_or_another_field) {
  auto odd = from(nullptr);
  odd.target = "/\" 200 1\r\n127.0.0.1 alice \"GET /";
  const auto line = line_of(odd, 400);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(std::count(line.begin(), line.end(), '"'), 2);
  for (const auto& [name, written] : std::vector<std::pair<std::string, std::string>>{
           {"Alice Smith", "\"Alice Smith\""}, {"-", "\"-\""}, {"a\"b", "\"a\\x22b\""}, {"a\nb", "\"a\\x0ab\""}}) {
    const peer who = named(name);
    EXPECT_THAT(line_of(from(&who), 200), testing::HasSubstr(" 127.0.0.1 " + written + " ")) << name;
  }
}

TEST(access_log, long_targets_are_cut) {
  auto odd = from(nullptr);
  odd.target = "/" + std::string(100'000, 'x');
  EXPECT_LT(line_of(odd, 414).size(), 1250U);
}

}  // namespace
}  // namespace mutual
