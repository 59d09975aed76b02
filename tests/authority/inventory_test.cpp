#include "authority/inventory.hpp"

#include "authority/database.hpp"
#include "x509/scratch.hpp"

#include <fmt/format.h>

#include <functional>
#include <set>
#include <sys/stat.h>

namespace mutual::authority {
namespace {

using ::testing::HasSubstr;

class an_inventory : public ::testing::Test {
 protected:
  an_inventory() {
    auto made = create_inventory(folder / "inventory.db");
    EXPECT_TRUE(made);
    in = *std::move(made);
  }
  static record one(const std::string& name, const std::string& serial, int days = 1) {
    record out;
    out.name = name;
    out.serial = serial;
    out.sha256 = "sha-" + serial;
    out.subject = "CN=" + name;
    out.not_after = now() + std::chrono::days(days);
    out.recorded_at = now();
    out.der = std::string("\x30\x00\x01", 3);
    return out;
  }

  scratch folder;
  std::unique_ptr<inventory> in;
};

TEST_F(an_inventory, gives_back_what_was_recorded) {
  auto written = one("bob", "0a");
  written.purpose = x509::profile::peer;
  written.p12_has_password = true;
  written.issuer = "CN=CA";
  written.not_before = now() - std::chrono::hours(1);
  ASSERT_TRUE(in->add(written));
  const auto read = in->find("bob");
  ASSERT_TRUE(read && *read);
  const auto& found = **read;
  EXPECT_EQ(found.name, "bob");
  EXPECT_EQ(found.purpose, x509::profile::peer);
  EXPECT_EQ(found.serial, "0a");
  EXPECT_EQ(found.subject, "CN=bob");
  EXPECT_EQ(found.issuer, "CN=CA");
  EXPECT_EQ(found.sha256, "sha-0a");
  EXPECT_EQ(found.not_before, written.not_before);
  EXPECT_EQ(found.not_after, written.not_after);
  EXPECT_EQ(found.recorded_at, written.recorded_at);
  EXPECT_TRUE(found.p12_has_password);
  EXPECT_EQ(found.der, written.der);
  EXPECT_EQ(found.state, record_state::recorded);
  EXPECT_FALSE(*in->find("nobody"));
}

TEST_F(an_inventory, lists_those_that_end_first_first) {
  ASSERT_TRUE(in->add(one("late", "1", 30)));
  ASSERT_TRUE(in->add(one("soon", "2", 3)));
  const auto all = in->all();
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->front().name, "soon");
}

TEST_F(an_inventory, takes_no_serial_and_no_name_twice) {
  ASSERT_TRUE(in->add(one("bob", "1")));
  EXPECT_EQ(in->add(one("eve", "1")).error().code(), errc::already_exists);
  EXPECT_EQ(in->add(one("bob", "2")).error().code(), errc::already_exists);
  ASSERT_TRUE(in->set_state("1", record_state::lost));
  EXPECT_TRUE(in->add(one("bob", "2")));
  auto root = one("bob", "3");
  root.purpose = x509::profile::root;
  EXPECT_TRUE(in->add(root));
  EXPECT_EQ(in->acts()->size(), 4U);
}

TEST_F(an_inventory, logs_every_act_and_forgets_none) {
  ASSERT_TRUE(in->add(one("bob", "1")));
  EXPECT_EQ(in->unfinished({})->size(), 1U);
  ASSERT_TRUE(in->set_state("1", record_state::issued));
  EXPECT_TRUE(in->unfinished({})->empty());
  EXPECT_EQ(in->set_state("77", record_state::issued).error().code(), errc::not_found);
  const auto acts = *in->acts();
  ASSERT_EQ(acts.size(), 2U);
  EXPECT_EQ(acts[0].what, "recorded");
  EXPECT_EQ(acts[1].what, "issued");
  EXPECT_EQ(acts[1].name, "bob");
  EXPECT_EQ(acts[1].serial, "1");

  auto db = *open_sqlite(folder / "inventory.db");
  for (const char* sql : {"DELETE FROM acts", "UPDATE acts SET what = 'x'", "DELETE FROM certificates",
                          "UPDATE certificates SET serial = 'x'", "UPDATE certificates SET der = 'x'",
                          "UPDATE certificates SET state = 'x'"}) {
    EXPECT_FALSE(db->run(sql)) << sql;
  }
}

TEST_F(an_inventory, lets_nothing_be_replaced) {
  ASSERT_TRUE(in->add(one("bob", "1")));
  ASSERT_TRUE(in->add(one("carol", "2")));
  ASSERT_TRUE(in->revoke("1", revocation_reason::superseded));
  auto db = *open_sqlite(folder / "inventory.db");
  ASSERT_TRUE(db->run("INSERT INTO compromised_keys VALUES ('d', '1', 7)"));
  ASSERT_TRUE(db->run("INSERT INTO revocation_lists VALUES ('CN=ca', 1, 0, 1, 2, 3)"));
  ASSERT_TRUE(
      db->run("INSERT INTO tokens (id, digest, name, profile, names, made_at, ends_at) VALUES ('t', 'd', 'bob', "
              "'client', '', 1, 2)"));
  const auto changed = [](const char* table, const std::string& columns, const std::string& values,
                          const std::string& where) {
    return fmt::format("INSERT OR REPLACE INTO {0} ({1}) SELECT {2} FROM {0} WHERE {3}", table, columns, values, where);
  };
  const std::string facts = "subject, issuer, not_before, not_after, recorded_at, p12_has_password, der, state";
  for (const auto& sql : {changed("certificates", "id, name, profile, serial, sha256, " + facts,
                                  "id, 'eve', profile, 'x', 'x', " + facts, "serial = '1'"),
                          changed("certificates", "name, profile, serial, sha256, " + facts,
                                  "'eve', profile, serial, 'x', " + facts, "serial = '1'"),
                          changed("certificates", "name, profile, serial, sha256, " + facts,
                                  "'eve', profile, 'x', sha256, " + facts, "serial = '1'"),
                          changed("certificates", "name, profile, serial, sha256, " + facts,
                                  "name, profile, 'x', 'x', " + facts, "serial = '2'"),
                          std::string("UPDATE OR REPLACE certificates SET id = 1 WHERE id = 2"),
                          changed("acts", "id, at, what, serial, name", "id, at, 'x', serial, name", "id = 1"),
                          changed("revocations", "id, serial, at, reason", "id, '2', at, reason", "id = 1"),
                          changed("revocation_lists", "issuer, number, base, this_update, next_update, covers",
                                  "issuer, number, 7, 7, 7, 7", "number = 1"),
                          changed("tokens", "id, digest, name, profile, names, made_at, ends_at",
                                  "id, 'x', name, profile, names, made_at, ends_at", "id = 't'"),
                          changed("incarnations", "id, name, at, server, timeline, database_oid, table_oid",
                                  "id, 'x', at, server, timeline, database_oid, table_oid", "id = 1"),
                          changed("compromised_keys", "digest, serial, at", "digest, 'x', at", "digest = 'd'")}) {
    EXPECT_FALSE(db->run(sql)) << sql;
  }
  EXPECT_EQ(in->all()->size(), 2U);
  EXPECT_EQ((*in->find_serial("1"))->name, "bob");
}

TEST_F(an_inventory, notes_no_reason_that_is_not_one_line_of_text) {
  ASSERT_TRUE(in->add(one("bob", "1")));
  const auto before = in->acts()->size();
  const std::string zero("a\0b", 3);
  for (const std::string& why :
       {zero, std::string("a\nb"), std::string("\x1b[2J"), std::string("\xc2\x9b"), std::string("\x7f"),
        std::string("\xff"), std::string("\xed\xa0\x80"), std::string(9000, 'x')}) {
    const auto refused = in->revoke("1", revocation_reason::superseded, why);
    ASSERT_FALSE(refused) << why;
    EXPECT_EQ(refused.error().code(), errc::bad_usage);
    EXPECT_THAT(refused.error().message(), HasSubstr("a text for the log is one line in UTF-8"));
  }
  EXPECT_EQ(in->acts()->size(), before);
  EXPECT_FALSE((*in->find("bob"))->revoked);
  EXPECT_TRUE(in->revoke("1", revocation_reason::superseded, "도난, “gestohlen”"));
}

TEST_F(an_inventory, is_written_whole_or_not_at_all) {
  {
    auto change = in->begin();
    ASSERT_TRUE(change);
    ASSERT_TRUE(in->note("a", "b", "c", "d"));
  }
  EXPECT_TRUE(in->acts()->empty());
}

TEST_F(an_inventory, of_one_change_within_another_keeps_all_or_nothing) {
  {
    auto whole = in->begin();
    ASSERT_TRUE(in->add(one("bob", "1")));
    ASSERT_TRUE(in->revoke("1", revocation_reason::superseded));
  }
  EXPECT_TRUE(in->all()->empty());
  auto whole = in->begin();
  ASSERT_TRUE(in->add(one("bob", "1")));
  ASSERT_TRUE(whole->commit());
  EXPECT_EQ(in->all()->size(), 1U);
}

TEST_F(an_inventory, takes_a_hold_back_and_nothing_else) {
  using enum revocation_reason;
  ASSERT_TRUE(in->add(one("bob", "1")));
  EXPECT_EQ(in->release("1").error().code(), errc::already_exists);
  ASSERT_TRUE(in->revoke("1", certificate_hold));
  EXPECT_EQ(in->revoke("1", certificate_hold).error().code(), errc::already_exists);
  EXPECT_TRUE((*in->find("bob"))->revoked->is_hold());
  ASSERT_TRUE(in->release("1"));
  EXPECT_FALSE((*in->find("bob"))->revoked);
  ASSERT_TRUE(in->revoke("1", certificate_hold));
  const auto since = (*in->find("bob"))->revoked->at;
  ASSERT_TRUE(in->revoke("1", key_compromise));
  EXPECT_EQ((*in->find_serial("1"))->revoked->at, since);
  EXPECT_EQ((*in->find_serial("1"))->revoked->reason, key_compromise);
  EXPECT_FALSE(*in->find("bob"));
  for (const auto reason : {certificate_hold, superseded}) {
    EXPECT_EQ(in->revoke("1", reason).error().code(), errc::already_exists);
  }
  EXPECT_THAT(in->release("1").error().message(), HasSubstr("only a hold can be taken back"));
  EXPECT_EQ(in->revoke("77", superseded).error().code(), errc::not_found);
}

TEST_F(an_inventory, gives_a_name_anew_when_what_it_stood_for_is_replaced_or_revoked) {
  ASSERT_TRUE(in->add(one("bob", "1")));
  auto next = one("bob", "2");
  next.replaces = "1";
  ASSERT_TRUE(in->add(next));
  ASSERT_TRUE(in->set_state("1", record_state::issued));
  EXPECT_EQ((*in->find("bob"))->serial, "2");
  EXPECT_EQ(standing_of(**in->find_serial("1"), now()), "replaced");
  EXPECT_FALSE(in->add(one("bob", "3")));
  ASSERT_TRUE(in->revoke("2", revocation_reason::superseded));
  EXPECT_TRUE(in->add(one("bob", "3")));
}

struct begun {
  std::uint64_t number;
  std::optional<std::uint64_t> base;
  std::vector<x509::revoked_certificate> revoked;
};

result<begun> begin_list(inventory& in, const list_request& wanted) {
  begun out;
  MUTUAL_TRY(const auto facts, in.begin_list(wanted, [&](const auto& one) { out.revoked.push_back(one); }));
  out.number = facts.number;
  out.base = facts.base;
  return out;
}

TEST_F(an_inventory, counts_its_lists_by_issuer_and_never_gives_a_number_twice) {
  auto bob = one("bob", "1");
  bob.issuer = "CN=CA";
  ASSERT_TRUE(in->add(bob));
  const list_request full{"CN=CA", now(), now() + std::chrono::days(1), false};
  auto delta = full;
  delta.is_delta = true;
  EXPECT_EQ(begin_list(*in, delta).error().code(), errc::not_found);
  EXPECT_EQ(begin_list(*in, full)->number, 1U);
  ASSERT_TRUE(in->revoke("1", revocation_reason::certificate_hold));
  const auto changed = begin_list(*in, delta);
  EXPECT_EQ(changed->number, 2U);
  EXPECT_EQ(changed->base, 1U);
  ASSERT_EQ(changed->revoked.size(), 1U);
  EXPECT_EQ(changed->revoked[0].reason, 6);
  ASSERT_EQ(begin_list(*in, full)->revoked.size(), 1U);
  ASSERT_TRUE(in->release("1"));
  // RFC 5280 section 5.3.1: 8 is removeFromCRL.
  EXPECT_EQ(begin_list(*in, delta)->revoked[0].reason, 8);
  EXPECT_TRUE(begin_list(*in, full)->revoked.empty());
  EXPECT_EQ(begin_list(*in, {"CN=Other", now(), now(), false})->number, 1U);
  ASSERT_TRUE(in->skip_list_numbers("CN=CA", 90));
  EXPECT_EQ(begin_list(*in, full)->number, 91U);
}

TEST_F(an_inventory, tells_lists_that_were_made_elsewhere_from_numbers_that_were_left_out) {
  const auto at = now();
  const auto made = [&](std::uint64_t number) {
    return in->note_list_from_elsewhere("CN=CA", {number, at, at + std::chrono::days(1), 0});
  };
  ASSERT_TRUE(in->skip_list_numbers("CN=CA", 90));
  EXPECT_EQ(*in->highest_list_made("CN=CA"), 0U);
  ASSERT_TRUE(made(7));
  ASSERT_TRUE(made(7)) << "said again";
  ASSERT_TRUE(made(90)) << "left out, and taken";
  ASSERT_TRUE(made(0)) << "without a number";
  EXPECT_EQ(*in->highest_list_made("CN=CA"), 7U);
  EXPECT_EQ((*in->list_numbered("CN=CA", 7))->this_update, at);
  EXPECT_EQ((*in->list_numbered("CN=CA", 90))->this_update, sys_seconds());
  EXPECT_FALSE(*in->newest_full_list("CN=CA")) << "no delta is of it";
  const list_request full{"CN=CA", at, at + std::chrono::days(1), false};
  EXPECT_EQ(begin_list(*in, full)->number, 91U);
  EXPECT_EQ(*in->highest_list_made("CN=CA"), 91U);
}

TEST_F(an_inventory, takes_nobody_off_its_lists_for_a_clock_that_was_ahead) {
  auto bob = one("bob", "1");
  bob.issuer = "CN=CA";
  bob.not_after = now() + std::chrono::days(3);
  ASSERT_TRUE(in->add(bob));
  ASSERT_TRUE(in->revoke("1", revocation_reason::key_compromise));
  const auto list_at = [&](sys_seconds at) {
    return begin_list(*in, {"CN=CA", at, at + std::chrono::days(30), false})->revoked.size();
  };
  const auto ahead = now() + std::chrono::days(4);
  EXPECT_EQ(list_at(ahead), 1U);
  EXPECT_EQ(list_at(ahead), 0U);  // As that clock has it, he has come to his end.
  EXPECT_EQ(list_at(now()), 1U);
  EXPECT_EQ(list_at(now()), 1U);
}

TEST_F(an_inventory, keeps_an_expired_certificate_on_one_more_list) {
  auto bob = one("bob", "1");
  bob.issuer = "CN=CA";
  bob.not_after = now() + std::chrono::hours(1);
  ASSERT_TRUE(in->add(bob));
  ASSERT_TRUE(in->revoke("1", revocation_reason::superseded));
  const auto list_at = [&](std::chrono::hours later) {
    return begin_list(*in, {"CN=CA", now() + later, now() + later + std::chrono::hours(24), false})->revoked.size();
  };
  EXPECT_EQ(list_at(std::chrono::hours(0)), 1U);
  EXPECT_EQ(list_at(std::chrono::hours(2)), 1U);
  EXPECT_EQ(list_at(std::chrono::hours(3)), 0U);
}

// More than are read at once, and many that end in the same second.
TEST_F(an_inventory, shows_each_certificate_once_in_the_order_of_their_ends_however_many_there_are) {
  const auto present = now();
  std::vector<std::string> expected;
  {
    auto all = in->begin();
    for (int at = 0; at < 2100; ++at) {
      auto next = one(fmt::format("n{}", at), fmt::format("{:x}", at + 1));
      next.not_after = present + std::chrono::hours(at < 1500 ? 2 : 1);
      ASSERT_TRUE(in->add(next));
    }
    ASSERT_TRUE(all->commit());
  }
  for (int at = 1500; at < 2100; ++at) expected.push_back(fmt::format("n{}", at));
  for (int at = 0; at < 1500; ++at) expected.push_back(fmt::format("n{}", at));
  std::vector<std::string> shown;
  ASSERT_TRUE(in->each({}, [&](const record& each) { shown.push_back(each.name); }));
  EXPECT_EQ(shown, expected);
}

// Among many more than are read at once, so that what is left out does not end the reading.
TEST_F(an_inventory, shows_those_of_a_name_a_profile_and_an_issuer_however_many_others_there_are) {
  const auto present = now();
  {
    auto all = in->begin();
    for (int at = 0; at < 4200; ++at) {
      auto next = one(at == 4100 ? "web" : fmt::format("n{}", at), fmt::format("{:x}", at + 1));
      next.issuer = at % 2 == 0 ? "CN=One" : "CN=Two";
      next.purpose = at % 2000 == 1999 || at == 4100 ? x509::profile::server : x509::profile::client;
      next.not_after = present + std::chrono::hours(at < 2000 ? 2 : 1);
      ASSERT_TRUE(in->add(next));
    }
    ASSERT_TRUE(all->commit());
  }
  const auto count = [&](const record_filter& which) {
    std::set<std::string> out;
    EXPECT_TRUE(in->each(which, [&](const record& each) { EXPECT_TRUE(out.insert(each.serial).second); }));
    return out.size();
  };
  EXPECT_EQ(count({.name = "web"}), 1U);
  EXPECT_EQ(count({.name = "nobody"}), 0U);
  EXPECT_EQ(count({.purpose = x509::profile::server}), 3U);
  EXPECT_EQ(count({.issuer = "CN=Two"}), 2100U);
  EXPECT_EQ(count({.purpose = x509::profile::server, .issuer = "CN=Two"}), 2U);
  EXPECT_EQ(count({.ends_by = present + std::chrono::hours(1), .purpose = x509::profile::server}), 2U);
  EXPECT_EQ(count({.name = "web", .purpose = x509::profile::client}), 0U);
  EXPECT_EQ(count({.name = "web' OR '1' = '1"}), 0U);
  EXPECT_EQ(*in->longest_name({.purpose = x509::profile::server}), 5U);
  EXPECT_EQ(*in->longest_name({.name = "web", .issuer = "CN=One"}), 3U);
  ASSERT_TRUE(in->revoke(fmt::format("{:x}", 4101), revocation_reason::superseded));
  EXPECT_EQ(count({.is_revoked = true, .name = "web"}), 1U);
  EXPECT_EQ(count({.is_revoked = true, .issuer = "CN=Two"}), 0U);
}

TEST_F(an_inventory, shows_those_that_are_asked_for_and_knows_their_longest_name) {
  const auto present = now();
  for (const auto& [name, hours] : {std::pair("Zoë", 1), std::pair("longer", 5), std::pair("revoked", 1),
                                    std::pair("on hold", 1), std::pair("lost for good", 1)}) {
    auto next = one(name, fmt::format("{:x}", std::hash<std::string>{}(name)&0xFFFFFF));
    next.not_after = present + std::chrono::hours(hours);
    ASSERT_TRUE(in->add(next));
  }
  const auto serial_of = [&](const char* name) { return (*in->find(name))->serial; };
  ASSERT_TRUE(in->set_state(serial_of("lost for good"), record_state::lost));
  ASSERT_TRUE(in->revoke(serial_of("revoked"), revocation_reason::superseded));
  ASSERT_TRUE(in->revoke(serial_of("on hold"), revocation_reason::certificate_hold));
  const auto names = [&](const record_filter& which) {
    std::set<std::string> out;
    EXPECT_TRUE(in->each(which, [&](const record& each) { out.insert(each.name); }));
    return out;
  };
  const record_filter revoked{.is_revoked = true};
  const record_filter soon{.ends_by = present + std::chrono::hours(1)};
  const record_filter later{.ends_by = present + std::chrono::hours(5)};
  EXPECT_EQ(names(revoked), (std::set<std::string>{"revoked", "on hold"}));
  EXPECT_EQ(names(soon), std::set<std::string>{"Zoë"});
  EXPECT_EQ(names(later), (std::set<std::string>{"Zoë", "longer"}));
  EXPECT_EQ(names({}).size(), 5U);
  EXPECT_EQ(*in->longest_name(soon), 3U);  // characters, not octets
  EXPECT_EQ(*in->longest_name(later), 6U);
  EXPECT_EQ(*in->longest_name({}), 13U);
  EXPECT_EQ(*in->longest_name({.ends_by = present - std::chrono::hours(1)}), 0U);
}

TEST_F(an_inventory, has_a_history_that_cannot_be_mistaken_for_another) {
  const auto before = *in->how_far();
  EXPECT_EQ(before.act, 0);
  ASSERT_TRUE(in->add(one("bob", "1")));
  const auto after = *in->how_far();
  EXPECT_EQ(after.inventory, before.inventory);
  EXPECT_EQ(after.digest.size(), 64U);
  EXPECT_EQ(*in->digest_of(after.act), after.digest);
  const scratch elsewhere;
  auto other = *create_inventory(elsewhere / "inventory.db");
  ASSERT_TRUE(other->add(one("eve", "1")));
  EXPECT_NE(other->how_far()->digest, after.digest);
  EXPECT_NE(other->how_far()->inventory, after.inventory);
}

TEST_F(an_inventory, belongs_to_its_owner_and_so_do_its_journals) {
  ASSERT_TRUE(in->add(one("bob", "1")));
  for (const char* name : {"inventory.db", "inventory.db-wal", "inventory.db-shm"}) {
    struct stat facts {};
    ASSERT_EQ(::stat((folder / name).c_str(), &facts), 0) << name;
    EXPECT_EQ(facts.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(an_inventory, is_not_made_over_another) {
  ASSERT_TRUE(in->add(one("bob", "1")));
  EXPECT_EQ(create_inventory(folder / "inventory.db").error().code(), errc::already_exists);
  EXPECT_EQ(in->all()->size(), 1U);
}

TEST_F(an_inventory, is_told_from_other_files) {
  auto other = folder / "other.db";
  folder.write("other.db", "");
  ASSERT_TRUE((*open_sqlite(other))->run("CREATE TABLE songs (title TEXT)"));
  EXPECT_THAT(open_inventory(other).error().message(), HasSubstr("is an SQLite file, but not an inventory"));
  EXPECT_THAT(open_inventory(folder / "none.db").error().message(), HasSubstr("there is no inventory at"));
  folder.write("text.db", std::string(4096, 'x'));
  EXPECT_THAT(open_inventory(folder / "text.db").error().message(), HasSubstr("not an inventory, or a damaged one"));
}

TEST_F(an_inventory, of_a_newer_version_is_left_alone) {
  in.reset();
  ASSERT_TRUE((*open_sqlite(folder / "inventory.db"))->run("UPDATE schema_version SET version = 99"));
  EXPECT_THAT(open_inventory(folder / "inventory.db").error().message(), HasSubstr("newer version of mutual"));
}

}  // namespace
}  // namespace mutual::authority
