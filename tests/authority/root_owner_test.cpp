// The lists of a root whose key its owner has: what he says is noted, and servers get none that they would refuse.

#include "authority/database.hpp"
#include "authority/rotate.hpp"
#include "ca_from_elsewhere.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace mutual::authority {
namespace {

using test::good;
using test::message;
using ::testing::AllOf;
using ::testing::HasSubstr;
using x509::profile;

TEST_F(a_ca_below_somebody_s_root, leaves_the_numbers_of_that_root_s_lists_to_its_owner) {
  owner_says(7, {{"77", now(), 1}});
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(served(), "7");
  EXPECT_TRUE(is_revoked("77"));
  owner_says(8);
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(served(), "8");
  // When its key comes, numbers go on beside his, and nobody is forgotten.
  std::filesystem::remove(places.revocation_list("root"));
  EXPECT_EQ(lists_made(true), "(no failure)");
  EXPECT_EQ(served(), "9");
  EXPECT_EQ(good(x509::load_crls(places.revocation_list("root"))).front().size(), 1U);
}

TEST_F(a_ca_below_somebody_s_root, counts_that_root_s_lists_from_far_ahead_if_none_of_the_owner_s_is_known) {
  EXPECT_EQ(lists_made(true), "(no failure)");
  EXPECT_EQ(served(), "186a1");
}

TEST_F(a_ca_below_somebody_s_root, gives_servers_no_list_of_the_owner_s_that_counts_less_than_the_one_they_have) {
  EXPECT_EQ(lists_made(true), "(no failure)");
  for (const std::uint64_t number : {8U, 100'001U}) {
    owner_says(number, {{"77", now(), 1}});
    EXPECT_THAT(lists_made(), HasSubstr("make a list with a number above 0x186a1"));
    EXPECT_EQ(served(), "186a1");
    EXPECT_TRUE(is_revoked("77")) << "whom he refuses, the next list made here refuses";
  }
  // Servers go on hearing of the others.
  EXPECT_EQ(issued(profile::client, {}, "bob"), "(no failure)");
  good(opened().revoke("bob", revocation_reason::superseded, {}));
  EXPECT_THAT(lists_made(), HasSubstr("make a list with a number above 0x186a1"));
  EXPECT_EQ(good(x509::load_crls(places.revocation_lists())).front().size(), 1U);
  owner_says(100'002);
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(served(), "186a2");
  // Or the root's key makes one.
  owner_says(9);
  EXPECT_EQ(lists_made(true), "(no failure)");
  EXPECT_EQ(served(), "186a3");
  EXPECT_EQ(good(x509::load_crls(places.revocation_list("root"))).front().size(), 1U);
}

TEST_F(a_ca_below_somebody_s_root, issues_no_more_once_the_owner_has_revoked_it) {
  owner_says(7);
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(issued(profile::client, {}, "alice"), "(no failure)");
  owner_says(8, {{middle.front().serial(), now(), 5}});
  EXPECT_EQ(lists_made(), "(no failure)") << "the root's list says it";
  EXPECT_THAT(issued(profile::client, {}, "bob"), HasSubstr("was revoked, so whatever it issued would be refused"));
}

TEST_F(a_ca_below_somebody_s_root, that_the_owner_holds_issues_again_when_both_have_released_it) {
  const auto serial = middle.front().serial();
  owner_says(8, {{serial, now(), 6}});
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_THAT(issued(profile::client, {}, "bob"), HasSubstr("is on hold"));
  // Here alone: servers refuse it yet.
  good(opened().revoke(serial, std::nullopt, {}));
  EXPECT_THAT(lists_made(),
              HasSubstr("a hold of a CA was taken back here, and the root's revocation list has it still"));
  good(opened().revoke(serial, revocation_reason::certificate_hold, {}));
  EXPECT_EQ(lists_made(), "(no failure)");
  // By the owner alone: nobody is taken off a list by what it lacks.
  owner_says(9);
  EXPECT_THAT(lists_made(), HasSubstr("the root's revocation list does not say it yet"));
  EXPECT_THAT(issued(profile::client, {}, "bob"), HasSubstr("is on hold"));
  good(opened().revoke(serial, std::nullopt, {}));
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(issued(profile::client, {}, "bob"), "(no failure)");
}

TEST_F(a_ca_below_somebody_s_root, takes_over_what_it_can_of_a_list_that_nobody_could_go_on_with) {
  // Serial numbers are each CA's own, and the inventory knows each but once.
  EXPECT_EQ(issued(profile::client, {}, "alice"), "(no failure)");
  const auto alice = good(opened().identify("alice")).front().serial;
  owner_says(8, {{alice, now(), 5}, {middle.front().serial(), now(), 5}});
  EXPECT_EQ(lists_made(), "(no failure)") << "the list stays its owner's";
  EXPECT_FALSE(is_revoked(alice));
  EXPECT_TRUE(is_revoked(middle.front().serial()));
  for (int time = 0; time < 2; ++time) {
    auto in = opened();
    const auto turn = good(in.take_turn());
    EXPECT_THAT(message(in.take_over_root_list(good(current_root(places)))), HasSubstr("cannot be taken over beside"))
        << "said again for as long as it is so";
  }
}

// Of these the inventory has noted no number.
TEST_F(a_ca_below_somebody_s_root, gives_servers_no_list_that_counts_less_than_one_that_could_not_be_noted) {
  EXPECT_EQ(issued(profile::client, {}, "alice"), "(no failure)");
  const auto alice = good(opened().identify("alice")).front().serial;
  owner_says(8, {{alice, now(), 5}});
  EXPECT_EQ(lists_made(), "(no failure)");
  const auto theirs = good(x509::crl::from_der(folder.bytes("pki/root.crl"))).pem();
  EXPECT_THAT(folder.bytes("pki/crl.pem"), HasSubstr(theirs));
  for (const std::uint64_t number : {7U, 8U}) {
    owner_says(number);
    for (int time = 0; time < 2; ++time) {
      EXPECT_THAT(lists_made(), HasSubstr("make a list with a number above 0x8")) << number;
      EXPECT_THAT(folder.bytes("pki/crl.pem"), HasSubstr(theirs));
    }
  }
  // Nor one that is made here.
  owner_says(20, {{alice, now(), 5}});
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(served(), "14");
  owner_says(19);
  EXPECT_THAT(lists_made(), HasSubstr("make a list with a number above 0x14"));
  EXPECT_EQ(lists_made(true), "(no failure)");
  EXPECT_EQ(served(), "15");
  const auto beyond = std::uint64_t{1} << 63U;
  owner_says(beyond);
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(served(), "8000000000000000");
  owner_says(22);
  EXPECT_THAT(lists_made(), HasSubstr("make a list with a number above 0x8000000000000000"));
  EXPECT_EQ(served(), "8000000000000000");
  EXPECT_THAT(lists_made(true), HasSubstr("no list after it could be counted here"));
  EXPECT_EQ(served(), "8000000000000000");
  owner_says(beyond + 1);
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(served(), "8000000000000001");
}

// Somebody else made the newer one, with the same inventory.
TEST_F(a_ca_below_somebody_s_root, has_its_damaged_lists_made_anew_though_the_root_s_is_not_the_newest) {
  EXPECT_EQ(lists_made(true), "(no failure)");
  const auto of_this_folder = folder.bytes("pki/root.crl"), lists = folder.bytes("pki/crl.pem");
  std::filesystem::remove(places.revocation_list("root"));
  EXPECT_EQ(lists_made(true), "(no failure)");
  EXPECT_EQ(served(), "186a2");
  folder.write("pki/root.crl", of_this_folder);
  for (const auto& damaged : {std::string(), lists.substr(0, 100), lists.substr(0, lists.size() - 100)}) {
    folder.write("pki/crl.pem", damaged);
    EXPECT_EQ(lists_made(), "(no failure)");
    EXPECT_EQ(served(), "186a1");
  }
  // What servers had of the root is there yet.
  folder.write("pki/crl.pem", "-----BEGIN X509 CRL-----\nMIIB" + lists.substr(lists.rfind("-----BEGIN")));
  EXPECT_EQ(lists_made(), "(no failure)");
  // Of one that nobody here knows, nobody can tell whether servers take it.
  for (const std::uint64_t number : {100'001U, 100'002U}) {
    owner_says(number);
    folder.write("pki/crl.pem", "");
    EXPECT_THAT(lists_made(), AllOf(HasSubstr("0x186a2 was given by then"), HasSubstr("pki/crl.pem: it is empty"),
                                    HasSubstr("put that file back as it was and run mutual crl")));
    EXPECT_EQ(folder.bytes("pki/crl.pem"), "");
  }
}

// The owner's list has a number that is taken, so it is heard again each time.
TEST_F(a_ca_below_somebody_s_root, that_was_released_stays_so_though_the_list_that_holds_it_cannot_be_noted) {
  const auto serial = middle.front().serial();
  EXPECT_EQ(lists_made(true), "(no failure)");
  const auto hold = [&](std::chrono::seconds ago, int reason = 6) {
    owner_says(100'001, {{serial, now() - ago, reason}}, ago);
  };
  hold(std::chrono::hours(1));
  EXPECT_THAT(lists_made(), HasSubstr("above 0x186a1"));
  EXPECT_TRUE(is_revoked(serial));
  good(opened().revoke(serial, std::nullopt, {}));
  EXPECT_THAT(lists_made(), HasSubstr("above 0x186a1"));
  EXPECT_FALSE(is_revoked(serial));
  EXPECT_EQ(lists_made(true), "(no failure)");
  EXPECT_FALSE(is_revoked(serial));
  EXPECT_EQ(good(x509::load_crls(places.revocation_list("root"))).front().size(), 0U);
  // A list that is as young holds it, and what is no hold is never passed over.
  hold(std::chrono::seconds(0));
  EXPECT_THAT(lists_made(), HasSubstr("above 0x186a2"));
  EXPECT_TRUE(is_revoked(serial));
  good(opened().revoke(serial, std::nullopt, {}));
  hold(std::chrono::hours(1), 5);
  EXPECT_THAT(lists_made(), HasSubstr("above 0x186a2"));
  EXPECT_TRUE(is_revoked(serial));
}

// The release was of the hold before, and it came later than the new list began: that was not in its place yet.
TEST_F(a_ca_below_somebody_s_root, that_was_released_of_another_hold_than_the_list_s_is_held) {
  const auto serial = middle.front().serial();
  owner_says(9);
  EXPECT_EQ(lists_made(), "(no failure)");
  // By the list before that one, two hours ago.
  const auto then = (now() - std::chrono::hours(2)).time_since_epoch().count();
  auto db = *open_sqlite(folder / "pki/inventory.db");
  good(db->run(
      fmt::format("UPDATE certificates SET revoked_at = {}, revoked_reason = 6 WHERE serial = '{}'", then, serial)));
  good(db->run(fmt::format("INSERT INTO revocations (serial, at, reason) VALUES ('{}', {}, 6)", serial, then)));
  good(opened().revoke(serial, std::nullopt, {}));
  owner_says(10, {{serial, now() - std::chrono::hours(1), 6}}, std::chrono::hours(1));
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_TRUE(is_revoked(serial));
  EXPECT_THAT(issued(profile::client, {}, "bob"), HasSubstr("is on hold"));
  // Its number is noted, so that a release is of its hold from now on.
  good(opened().revoke(serial, std::nullopt, {}));
  EXPECT_THAT(lists_made(), HasSubstr("a hold of a CA was taken back here"));
  EXPECT_FALSE(is_revoked(serial));
}

// What servers have could not be noted, and the root's own file does not say it any more.
class a_list_that_servers_have : public a_ca_below_somebody_s_root {
 protected:
  a_list_that_servers_have() {
    good(opened().revoke("alice", revocation_reason::superseded, {}));
    owner_says(20, {{alice, now(), 5}});
    EXPECT_EQ(lists_made(), "(no failure)");
    EXPECT_EQ(served(), "14");
  }
  static x509::crl_spec past_its_date(std::uint64_t number) {
    return {number, now() - std::chrono::days(9), now() - std::chrono::days(1), {}};
  }
  root_access with_key() const {
    root_access out;
    out.key_files = {folder / "root.key"};
    return out;
  }
  // Whom the intermediate's list revokes that servers have.
  std::size_t revoked_below() const { return good(x509::load_crls(places.revocation_lists())).front().size(); }
  // Somebody is revoked, the root's key is at hand, and no list of the root can be made with it.
  void expect_others_are_heard(const std::string& why) const {
    const auto before = revoked_below();
    const auto name = fmt::format("bob-{}", before);
    const auto number = served();
    issue_request request;
    request.name = name;
    good(opened().issue(request));
    good(opened().revoke(name, revocation_reason::superseded, {}));
    EXPECT_THAT(lists_made(true), HasSubstr(why));
    EXPECT_EQ(revoked_below(), before + 1);
    EXPECT_EQ(served(), number);
  }

  std::string alice = clashing();
};

TEST_F(a_list_that_servers_have, is_behind_what_is_made_here_though_the_root_s_file_is_gone) {
  std::filesystem::remove(places.revocation_list("root"));
  EXPECT_EQ(lists_made(true), "(no failure)");
  EXPECT_EQ(served(), "15");
}

TEST_F(a_list_that_servers_have, is_behind_what_is_made_here_though_the_root_s_file_is_past_its_date) {
  owner_says(past_its_date(19));
  EXPECT_EQ(lists_made(true), "(no failure)");
  EXPECT_EQ(served(), "15");
}

TEST_F(a_list_that_servers_have, is_behind_the_old_root_s_last_ones) {
  owner_says(19);
  auto in = opened();
  rotation_request request;
  request.with_root = true;
  request.root = with_key();
  request.root_key_file = folder / "next.key";
  good(begin_rotation(in, request));
  EXPECT_EQ(served(), "15");
  const auto file = "retired/" + root.leaf().serial() + ".crl";
  const auto until = now() + std::chrono::days(90);
  owner_says({30, now(), until, {{alice, now(), 5}}}, file);
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(served(), "1e");
  // With that in its place, whom it refuses could not be said by the last one.
  EXPECT_THAT(message(finish_rotation(in, true, with_key())), HasSubstr("cannot be taken over beside"));
  owner_says({25, now(), until, {{"77", now(), 1}}}, file);
  EXPECT_TRUE(good(finish_rotation(in, true, with_key())).old.empty());
  EXPECT_EQ(served(), "1f");
  EXPECT_EQ(good(x509::load_crls(folder / ("pki/" + file))).front().size(), 1U);
}

TEST_F(a_list_that_servers_have, is_not_followed_by_an_older_one_that_was_made_here) {
  std::filesystem::remove(places.revocation_list("root"));
  EXPECT_EQ(lists_made(true), "(no failure)");
  const auto made_here = folder.bytes("pki/root.crl");
  owner_says(30, {{alice, now(), 5}});
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(served(), "1e");
  folder.write("pki/root.crl", made_here);
  EXPECT_THAT(lists_made(), HasSubstr("make a list with a number above 0x1e"));
  EXPECT_EQ(served(), "1e");
}

TEST_F(a_list_that_servers_have, and_nobody_can_count_past_keeps_nobody_from_hearing_of_others) {
  owner_says(std::uint64_t{1} << 63U);
  EXPECT_EQ(lists_made(), "(no failure)");
  owner_says(22);
  expect_others_are_heard("no list after it could be counted here");
  owner_says(past_its_date(22));
  expect_others_are_heard("no list after it could be counted here");
  std::filesystem::remove(places.revocation_list("root"));
  expect_others_are_heard("no list after it could be counted here");
}

TEST_F(a_list_that_servers_have, and_nobody_can_go_on_with_keeps_nobody_from_hearing_of_others) {
  const auto why = "cannot be taken over beside";
  const std::vector<x509::revoked_certificate> entries{{alice, now(), 5}};
  // Due.
  owner_says({21, now() - std::chrono::days(9), now() + std::chrono::days(1), entries});
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(served(), "15");
  expect_others_are_heard(why);
  auto list = past_its_date(22);
  list.revoked = entries;
  owner_says(list);
  expect_others_are_heard(why);
  // Servers have none of that root that would be kept.
  std::filesystem::remove(places.revocation_lists());
  EXPECT_THAT(lists_made(true), HasSubstr(why));
  EXPECT_EQ(served(), "16");
  owner_says({23, now(), now() + std::chrono::days(90), entries});
  EXPECT_EQ(lists_made(), "(no failure)");
  EXPECT_EQ(served(), "17");
  // That lacks a CA.
  const auto serial = middle.front().serial();
  good(opened().revoke(serial, revocation_reason::certificate_hold, {}));
  EXPECT_THAT(lists_made(true), HasSubstr(why));
  EXPECT_EQ(served(), "17");
}

}  // namespace
}  // namespace mutual::authority
