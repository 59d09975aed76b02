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

TEST(access_log, names_the_peer_the_request_and_what_came_of_it) {
  const peer alice = test::alice();
  EXPECT_EQ(access_line(from(&alice), 200, 14, 312us, ""), R"(127.0.0.1 alice "GET / HTTP/1.1" 200 14 0.3ms)");
  EXPECT_EQ(access_line(from(nullptr), 404, 0, 12345ms, ""), R"(127.0.0.1 - "GET / HTTP/1.1" 404 0 12345.0ms)");
}

std::string line_of(const request& asked, int status, const handling& notes = {}) {
  return access_line(asked, status, 1, 312us, access_notes(notes));
}

TEST(access_log, says_why_somebody_was_refused_and_where_a_failure_is_found) {
  const peer bob = test::bob();
  handling notes;
  notes.refused = reason::policy_denied;
  notes.denied_by = R"(ou("admins"))";
  EXPECT_EQ(line_of(from(&bob), 403, notes),
            R"(127.0.0.1 bob "GET / HTTP/1.1" 403 1 0.3ms policy_denied (ou("admins")))");
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
    EXPECT_THAT(line_of(from(&who), 200), testing::StartsWith("127.0.0.1 " + written + " ")) << name;
  }
}

TEST(access_log, long_targets_are_cut) {
  auto odd = from(nullptr);
  odd.target = "/" + std::string(100'000, 'x');
  EXPECT_LT(line_of(odd, 414).size(), 1200U);
}

}  // namespace
}  // namespace mutual
