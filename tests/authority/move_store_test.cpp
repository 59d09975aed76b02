// A store that was moved: what its database refuses, and what an interrupted move comes to. The moves themselves, to a
// real PostgreSQL, are in tests/blackbox/store_test.py.

#include "authority/move_store.hpp"

#include "authority/closed_store.hpp"
#include "authority/init.hpp"
#include "support/outcome.hpp"
#include "x509/scratch.hpp"

#include <gmock/gmock.h>

namespace mutual::authority {
namespace {

using test::good;
using test::message;
using ::testing::HasSubstr;

class a_store : public ::testing::Test {
 protected:
  a_store() {
    init_request request;
    request.folder = folder / "pki";
    request.clients = {"alice"};
    good(init(request));
  }
  void close(bool has_gone) const {
    const auto db = good(open_sqlite(places.inventory()));
    auto change = good(transaction::begin(*db));
    good(close_store(*db, {has_gone, "is closed for a test"}));
    good(change.commit());
  }
  result<issued_certificate> issue(pki& in) const {
    issue_request request;
    request.name = "bob";
    return in.issue(request);
  }

  scratch folder;
  layout places{folder / "pki"};
};

TEST_F(a_store, that_is_closed_refuses_every_act_also_of_who_has_it_open) {
  auto before = good(pki::open(folder / "pki"));
  auto& records = before.records();
  close(true);
  EXPECT_THAT(message(pki::open(folder / "pki")), HasSubstr("is closed for a test"));
  EXPECT_THAT(message(issue(before)), HasSubstr("is closed for a test"));
  EXPECT_THAT(message(records.note("x", {}, {}, {})), HasSubstr("it was moved elsewhere"));
  const auto alice = good(records.find("alice"))->serial;
  EXPECT_THAT(message(records.revoke(alice, revocation_reason::superseded)), HasSubstr("it was moved elsewhere"));
  EXPECT_FALSE(good(records.find("alice"))->revoked);
  auto change = good(records.begin());
  good(reopen_store(records.on()));
  good(change.commit());
  EXPECT_TRUE(issue(before));
}

TEST_F(a_store, is_in_charge_when_a_move_was_interrupted_before_it_was_closed) {
  folder.write("pki/store.next", "\npostgresql://nowhere/pki\n");
  auto in = good(pki::open(folder / "pki"));
  EXPECT_TRUE(issue(in));
  EXPECT_FALSE(std::filesystem::exists(folder / "pki/store.next"));
  EXPECT_FALSE(std::filesystem::exists(places.store()));
}

TEST_F(a_store, that_was_closed_is_not_used_while_the_other_cannot_be_reached) {
  folder.write("pki/store.next", "\npostgresql:///pki?host=%2Fnowhere\n");
  close(true);
  EXPECT_THAT(message(pki::open(folder / "pki")), HasSubstr("cannot connect to"));
  EXPECT_TRUE(std::filesystem::exists(folder / "pki/store.next"));
}

TEST_F(a_store, is_not_guessed_from_a_damaged_note) {
  for (const char* text : {"", "\n", "postgresql://a/b\n", "\nmysql://x\n", "\n\n\n", "\n\n", "\npostgresql://a/b"}) {
    folder.write("pki/store.next", text);
    EXPECT_THAT(message(pki::open(folder / "pki")), HasSubstr("store.next")) << text;
  }
}

TEST_F(a_store, is_moved_only_to_another_place) {
  EXPECT_THAT(message(move_store(folder / "pki", sqlite_store, {})), HasSubstr("already"));
  EXPECT_THAT(message(move_store(folder / "pki", "mysql://x", {})), HasSubstr("is no store"));
  EXPECT_THAT(message(move_store(folder / "pki", "postgresql:///pki?host=%2Fnowhere", {})),
              HasSubstr("cannot connect to"));
  auto in = good(pki::open(folder / "pki"));
  EXPECT_TRUE(issue(in));
}

}  // namespace
}  // namespace mutual::authority
