#include "tls/server_context.hpp"

#include "support/judging.hpp"
#include "support/pki.hpp"
#include "support/service.hpp"
#include "tls/file_watch.hpp"

namespace mutual::tls {
namespace {

TEST(server_context, knows_what_its_files_looked_like_before_it_read_them) {
  const test::server_files files(test::make_pki());
  const auto made =
      server_context::load(files.config(client_auth::required, true), 1, std::make_shared<session_cache>());
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ((*made)->stamp(), stamp_of((*made)->files()));
  files.write_revocations({});
  EXPECT_NE((*made)->stamp(), stamp_of((*made)->files())) << "a change is one also if nobody has watched yet";
}

// The clock of a CA that is ahead of a server's must not shut everybody out each time that somebody is revoked.
TEST(server_context, goes_on_by_the_list_in_use_until_the_one_that_replaces_it_has_begun) {
  const test::server_files files(test::make_pki());
  const auto& people = files.people();
  const auto mallory = test::issue(people.intermediate, test::client_spec());
  const auto sessions = std::make_shared<session_cache>();
  const auto load = [&](const server_context* replaced) {
    return server_context::load(files.config(client_auth::required, true), 2, sessions, replaced);
  };
  const auto write = [&](const test::crl_spec& list) {
    files.folder().write("intermediate.crl", test::pem(test::make_crl(people.intermediate, list).get()));
  };
  const auto outcome = [&](const trust& by, const test::identity& who) {
    return test::outcome(test::judge(by, {who, people.intermediate}));
  };
  write({.number = 7});
  const auto first = load(nullptr);
  ASSERT_TRUE(first) << first.error().message();
  for (std::uint64_t number = 8; number < 10; ++number) {
    write({.revoked = {mallory}, .begins_in = std::chrono::minutes(1), .number = number});
    const auto next = load(first->get());
    ASSERT_TRUE(next) << next.error().message();
    EXPECT_EQ(outcome(*(*next)->trust(), people.client), "good");
    EXPECT_EQ(outcome(*(*next)->trust(), mallory), "revoked") << "at once";
    // The one that has been kept is kept on.
    const auto again = load(next->get());
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(outcome(*(*again)->trust(), people.client), "good");
    EXPECT_EQ((*again)->trust()->lists().size(), 3U);
  }
  write({.begins_in = std::chrono::minutes(1), .number = 6});
  const auto older = load(first->get());
  ASSERT_FALSE(older);
  EXPECT_NE(older.error().message().find("older than the one in use"), std::string::npos);
  write({.revoked = {mallory}, .number = 10});
  const auto begun = load(first->get());
  ASSERT_TRUE(begun) << begun.error().message();
  EXPECT_EQ((*begun)->trust()->lists().size(), 2U) << "the one before is of no use any more";
  write({.begins_in = std::chrono::minutes(1), .number = 7});
  const auto alone = load(nullptr);
  ASSERT_TRUE(alone) << alone.error().message();
  EXPECT_EQ(outcome(*(*alone)->trust(), people.client), "revocation_unknown") << "nothing is known before it begins";
}

}  // namespace
}  // namespace mutual::tls
