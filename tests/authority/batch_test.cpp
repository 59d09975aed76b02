// Several certificates in one change of the inventory.

#include "authority/enroll.hpp"
#include "authority/init.hpp"
#include "authority/mint.hpp"
#include "authority/pki.hpp"
#include "authority/store.hpp"
#include "base/file.hpp"
#include "support/outcome.hpp"
#include "x509/bundle.hpp"
#include "x509/scratch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace mutual::authority {
namespace {

using test::good;
using ::testing::HasSubstr;

class a_batch : public ::testing::Test {
 protected:
  a_batch() {
    init_request request;
    request.folder = folder / "pki";
    request.organization = "Acme";
    request.clients = {"alice"};
    good(init(request));
  }
  pki opened() const { return good(pki::open(folder / "pki")); }
  certified wanted(const std::string& name, const std::string& token = {}) {
    certified out;
    out.name = name;
    out.key = key.get();
    out.token = token;
    return out;
  }
  void add(certified what) {
    all.emplace_back();
    all.back().what = std::move(what);
    all.back().who = "somebody";
  }
  std::string token(const std::string& name) {
    auto at = opened();
    token_request request;
    request.name = name;
    return good(make_token(at, request)).facts.id;
  }
  void certify(pki& at) {
    at.certify_all(
        all, by, [](const std::string&) { return false; }, loose);
    for (const auto& one : all) ASSERT_TRUE(one.outcome.has_value());
  }
  std::string serial(std::size_t number) { return good(*all.at(number).outcome).leaf.serial(); }
  errc failure(std::size_t number) { return all.at(number).outcome->error().code(); }

  scratch folder;
  layout places{folder / "pki"};
  x509::private_key key = good(x509::private_key::generate());
  mint by{places};
  std::vector<draft> all;
  std::vector<given_out> loose;
};

TEST_F(a_batch, is_recorded_with_its_files_and_the_folder_has_seen_it) {
  for (const auto* name : {"a", "b", "c"}) add(wanted(name));
  auto at = opened();
  certify(at);
  const auto seen = good(read_mark(places))->seen;
  EXPECT_EQ(seen.act, good(at.records().how_far()).act);
  EXPECT_EQ(loose.size(), 3U);
  for (std::size_t n = 0; n < 3; ++n) {
    const auto record = good(at.records().find(all[n].what.name)).value();
    EXPECT_EQ(record.serial, serial(n));
    EXPECT_EQ(record.state, record_state::recorded);
    EXPECT_EQ(standing_of(record, now()), "valid");
    EXPECT_EQ(good(x509::load_certificates(places.certificate(record.name))).front().serial(), serial(n));
  }
  good(pki::sync_files(places, loose));
  good(at.finish(loose, [](const std::string&) { return true; }));
  for (const auto& one : loose) {
    EXPECT_EQ(good(at.records().find_serial(one.serial))->state, record_state::issued);
  }
  const auto acts = good(at.acts());
  EXPECT_EQ(acts.back().what, "issued");
  EXPECT_EQ(acts.back().who, "somebody");
  // Said twice, it is noted once.
  good(at.records().note_issued(loose));
  EXPECT_EQ(good(at.acts()).size(), acts.size());
}

TEST_F(a_batch, refuses_each_for_itself) {
  const auto bob = token("bob");
  add(wanted("good"));
  add(wanted("alice"));         // is taken
  add(wanted("bob", bob));      // by a token
  add(wanted("carol", bob));    // by the same one
  add(wanted("good"));          // taken by the first
  add(wanted("dave", "0000"));  // by none
  add(wanted("last"));
  const auto stolen = good(load_issuer(places)).key;
  add(wanted("ca"));
  all.back().what.key = stolen.get();
  auto at = opened();
  certify(at);
  EXPECT_EQ(good(at.records().find("good"))->serial, serial(0));
  EXPECT_EQ(failure(1), errc::already_exists);
  EXPECT_EQ(good(at.records().find("bob"))->serial, serial(2));
  EXPECT_EQ(good(at.records().find_token(bob))->serial, serial(2));
  EXPECT_EQ(failure(3), errc::already_exists);
  EXPECT_FALSE(good(at.records().find("carol")));
  EXPECT_EQ(failure(4), errc::already_exists);
  EXPECT_EQ(failure(5), errc::already_exists);
  EXPECT_EQ(good(at.records().find("last"))->serial, serial(6));
  EXPECT_EQ(failure(7), errc::bad_input);
  EXPECT_EQ(loose.size(), 3U);
  EXPECT_FALSE(std::filesystem::exists(places.certificate("carol")));
}

// What only the database knows to refuse fails the whole change; then each is tried by itself.
TEST_F(a_batch, that_fails_as_a_whole_is_tried_one_by_one) {
  const auto bob = token("bob"), carol = token("carol");
  {
    auto at = opened();
    good(
        at.records().on().run("CREATE TRIGGER no_carol BEFORE INSERT ON certificates WHEN NEW.name = 'carol' BEGIN "
                              "SELECT RAISE(ABORT, 'not carol'); END"));
  }
  add(wanted("bob", bob));
  add(wanted("alice"));
  add(wanted("carol", carol));
  add(wanted("dave"));
  auto at = opened();
  certify(at);
  EXPECT_EQ(good(at.records().find("bob"))->serial, serial(0));
  EXPECT_EQ(failure(1), errc::already_exists);
  EXPECT_EQ(failure(2), errc::already_exists);
  EXPECT_FALSE(good(at.records().find_token(carol))->used_at) << "a token is used up by a certificate alone";
  EXPECT_EQ(good(at.records().find("dave"))->serial, serial(3));
  EXPECT_EQ(good(read_mark(places))->seen.act, good(at.records().how_far()).act);
}

TEST_F(a_batch, signs_anew_what_another_ca_or_other_limits_have_signed) {
  add(wanted("bob"));
  all.back().by = good(by.current());
  all.back().leaf = good(by.sign(*all.back().by, all.back().what));
  const auto before = all.back().leaf->serial();
  good(file::create(places.limits(), "[client]\nlongest_days = 3\n", file::access::everyone));
  auto at = opened();
  certify(at);
  EXPECT_NE(serial(0), before);
  EXPECT_LT(good(*all[0].outcome).leaf.not_after(), now() + std::chrono::hours(24 * 4));
}

TEST_F(a_batch, keeps_what_was_signed_if_nothing_has_changed) {
  add(wanted("bob"));
  all.back().by = good(by.current());
  all.back().leaf = good(by.sign(*all.back().by, all.back().what));
  const auto before = all.back().leaf->serial();
  auto at = opened();
  certify(at);
  EXPECT_EQ(serial(0), before);
}

TEST_F(a_batch, leaves_files_that_a_loss_of_power_took_or_cut_to_whoever_comes_next) {
  for (const auto* name : {"gone", "empty", "zeros", "half", "whole"}) add(wanted(name));
  {
    auto at = opened();
    certify(at);
  }
  const auto whole = good(file::read(places.certificate("half")));
  std::filesystem::remove(places.certificate("gone"));
  good(file::replace(places.certificate("empty"), "", file::access::everyone));
  good(file::replace(places.certificate("zeros"), std::string(whole.size(), '\0'), file::access::everyone));
  good(
      file::replace(places.certificate("half"), whole.substr(0, 700) + std::string(100, '\0'), file::access::everyone));
  auto at = opened();
  issue_request next;
  next.name = "next";
  good(at.issue(next));
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto& name = all[n].what.name;
    EXPECT_EQ(good(x509::load_certificates(places.certificate(name))).front().serial(), serial(n)) << name;
    EXPECT_EQ(good(at.records().find(name))->state, record_state::issued) << name;
  }
}

TEST_F(a_batch, that_others_see_to_is_left_to_them) {
  add(wanted("bob"));
  auto at = opened();
  certify(at);
  std::filesystem::remove(places.certificate("bob"));
  good(at.take_turn([&](const std::string& one) { return one == serial(0); }));
  EXPECT_FALSE(std::filesystem::exists(places.certificate("bob")));
  good(at.take_turn());
  EXPECT_TRUE(std::filesystem::exists(places.certificate("bob")));
}

TEST_F(a_batch, certifies_no_key_that_was_compromised_a_moment_ago) {
  add(wanted("bob"));
  auto at = opened();
  certify(at);
  all.clear();
  good(opened().revoke("bob", revocation_reason::key_compromise, {}));
  add(wanted("carol"));
  certify(at);
  EXPECT_EQ(failure(0), errc::bad_input);
}

TEST(a_change, that_is_left_for_later_leaves_the_next_as_it_was) {
  scratch folder;
  const auto in = good(create_inventory(folder / "inventory.db"));
  const auto synchronous = [&] { return good(number_from(in->on(), "PRAGMA synchronous", {})); };
  const std::int64_t full = 2, normal = 1;
  {
    auto change = good(in->begin(lasting::later));
    EXPECT_EQ(synchronous(), normal);
    good(change.commit());
  }
  EXPECT_EQ(synchronous(), full);
  {
    const auto given_up = good(in->begin(lasting::later));
    (void)given_up;
  }
  EXPECT_EQ(synchronous(), full);
}

TEST_F(a_batch, turn_comes_to_whoever_waits_though_another_takes_the_next_at_once) {
  std::atomic<bool> over{false};
  std::thread greedy([&] {
    while (!over) {
      const auto mine = folder_lock::take(places.folder());
      EXPECT_TRUE(mine);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  for (int turn = 0; turn < 10; ++turn) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    EXPECT_TRUE(folder_lock::take(places.folder(), std::chrono::milliseconds(2000))) << turn;
  }
  over = true;
  greedy.join();
}

}  // namespace
}  // namespace mutual::authority
