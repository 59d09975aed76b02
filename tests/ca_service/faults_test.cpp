// What goes wrong at the authority, and what others hear of it.

#include "authority/enroll.hpp"
#include "authority/folder_lock.hpp"
#include "authority/retired.hpp"
#include "authority/rotate.hpp"
#include "base/base64.hpp"
#include "base/file.hpp"
#include "ca_service/authority.hpp"
#include "ca_service/change_feed.hpp"
#include "ca_service/est_desk.hpp"
#include "x509/peer.hpp"

#include <mutual/test_client.hpp>

#include <array>
#include <thread>

namespace mutual::ca_service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class a_faulty_service : public an_authority {
 protected:
  a_faulty_service() { add_est_routes(service, est); }
  test_response enroll() {
    request asked;
    asked.method = "POST";
    asked.target = "/.well-known/est/simpleenroll";
    asked.body = base64::encode_lines(good(x509::request::make(key, {"bob", {}, {}}, {})).der());
    asked.headers.set("Content-Type", "application/pkcs10");
    asked.headers.set("Authorization", "Bearer " + token);
    return test_client(service).send(std::move(asked));
  }
  std::string make_token() {
    auto at = opened();
    authority::token_request wanted;
    wanted.name = "bob";
    return std::string(good(authority::make_token(at, wanted)).text.view());
  }
  void expect_unavailable(const test_response& answer) {
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.header("Retry-After"));
    EXPECT_THAT(answer.body, Not(HasSubstr(places.folder().string())));
  }

  x509::private_key key = good(x509::private_key::generate());
  std::string token = make_token();
  counters counts;
  est_desk est{*open, counts, logger(), std::nullopt};
  app service;
};

TEST_F(a_faulty_service, says_that_it_cannot_when_its_key_is_missing_or_damaged_and_the_token_stays_good) {
  const auto away = folder / "away.key";
  std::filesystem::rename(places.intermediate_key(), away);
  expect_unavailable(enroll());
  good(file::create(places.intermediate_key(), "damaged", file::access::owner_only));
  expect_unavailable(enroll());
  EXPECT_EQ(counts.refused_unavailable, 2U);
  EXPECT_EQ(counts.refused_credentials, 0U);
  EXPECT_GE(counts.key_failures, 2U);
  std::filesystem::rename(away, places.intermediate_key());
  EXPECT_EQ(enroll().status, 200);
}

TEST_F(a_faulty_service, does_not_show_what_is_wrong_in_its_folder) {
  good(file::create(places.limits(), "nonsense", file::access::owner_only));
  expect_unavailable(enroll());
  std::filesystem::remove(places.limits());
  good(file::create(places.certificate("bob"), "somebody's", file::access::everyone));
  const auto answer = enroll();
  EXPECT_EQ(answer.status, 409);
  EXPECT_THAT(answer.body, Not(HasSubstr(places.folder().string())));
}

TEST_F(an_authority, has_responders_for_the_others_when_one_ca_fails) {
  std::filesystem::create_directory(places.retired());
  good(file::create(places.retired() / "01.crt", "damaged", file::access::everyone));
  result<> failed;
  EXPECT_EQ(good(opened().ready_responders(&failed)).size(), 2U);
  EXPECT_FALSE(failed);
  std::filesystem::remove_all(places.responders());
  good(file::replace(places.intermediate_key(), "damaged", file::access::owner_only));
  const auto left = good(opened().ready_responders());
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().issuer, root());
}

TEST_F(an_authority, answers_for_a_ca_whose_key_has_gone_until_its_responder_ends) {
  EXPECT_EQ(good(opened().ready_responders()).size(), 2U);
  std::filesystem::remove(places.intermediate_key());
  EXPECT_EQ(good(opened().ready_responders()).size(), 2U);
}

class a_service_with_an_old_ca : public a_kept_authority {
 protected:
  a_service_with_an_old_ca() {
    good(opened().make_lists({}));
    auto at = opened();
    good(authority::begin_rotation(at, {}));
    auto in = opened();
    const auto old = good(authority::load_retired(places, in.records())).issuers.at(0);
    issuer = old.who.leaf();
    key = places.folder() / (old.called + ".key");
    good_key = good(file::read(key));
    put_key("damaged");
  }
  // In one's turn: what a process has half written is swept away in another's.
  void put_key(std::string_view contents) const {
    const auto turn = good(authority::folder_lock::take(places.folder()));
    good(file::replace(key, contents, file::access::owner_only));
  }
  // Whether the lists that servers have refuse it.
  bool is_listed(const x509::certificate& one) const {
    const auto all = good(x509::load_crls(places.revocation_lists()));
    return std::any_of(all.begin(), all.end(),
                       [&](const x509::crl& list) { return list.issuer() == one.issuer() && list.revokes(one); });
  }
  template <class Condition>
  bool comes_to_be(const Condition& condition, std::chrono::seconds within = std::chrono::seconds(20)) const {
    const auto until = std::chrono::steady_clock::now() + within;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  ~a_service_with_an_old_ca() override { keeps.stop(); }
  bool comes_to_be_on_a_list(const std::string& name) {
    authority::issue_request request;
    request.name = name;
    const auto leaf = good(opened().issue(request)).leaf;
    revoke(name, authority::revocation_reason::superseded);
    return comes_to_be([&] { return is_listed(leaf); });
  }

  std::filesystem::path key;
  std::string good_key;
  std::optional<x509::certificate> issuer;
};

TEST_F(a_service_with_an_old_ca, that_cannot_sign_serves_the_others_and_their_revocations_wait_for_nothing) {
  good(keeps.prepare());
  keeps.start();
  EXPECT_EQ(keeps.seen()->responders.size(), 2U);
  // Each makes lists, of which one fails; a failure of all would be tried again after half a minute.
  EXPECT_TRUE(comes_to_be_on_a_list("bob"));
  EXPECT_TRUE(comes_to_be_on_a_list("carol"));
  // It is counted a moment after the list is there.
  EXPECT_TRUE(comes_to_be([&] { return counts.lists_failed >= 2U; }));
}

TEST_F(a_service_with_an_old_ca, says_that_a_revocation_of_its_is_on_no_list_until_it_is) {
  const auto alice = certificate("alice");
  ASSERT_EQ(alice.issuer(), issuer->subject());
  good(keeps.prepare());
  keeps.start();
  EXPECT_FALSE(keeps.seen()->uncovered_since);
  revoke("alice", authority::revocation_reason::superseded);
  const auto is_uncovered = [&] { return keeps.seen()->uncovered_since.has_value(); };
  EXPECT_TRUE(comes_to_be([&] { return is_uncovered() && counts.lists_failed > 0; }));
  const auto number = [&] { return good(opened().records().highest_list_number(intermediate().subject())); };
  const auto used = number();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_TRUE(is_uncovered());
  EXPECT_FALSE(is_listed(alice));
  EXPECT_EQ(number(), used) << "what cannot be signed uses no numbers up";
  put_key(good_key);
  EXPECT_TRUE(comes_to_be([&] { return is_listed(alice); }));
  EXPECT_TRUE(comes_to_be([&] { return !is_uncovered(); }));
}

class a_feed_of_few : public an_authority {
 protected:
  a_feed_of_few() {
    good(opened().make_lists({}));
    good(feed.look());
    add_change_route(service, feed);
  }
  int ask() {
    const auto leaf = certificate("alice"), between = intermediate(), top = root();
    const std::array<X509*, 3> chain{leaf.get(), between.get(), top.get()};
    test_client client(service);
    const auto answer = client.as(*good(x509::make_peer(chain))).send([] {
      request asked;
      asked.method = "HEAD";
      asked.target = "/changes";
      return asked;
    }());
    if (answer.status == 503) {
      EXPECT_TRUE(answer.header("Retry-After"));
    }
    return answer.status;
  }

  change_feed feed{places, {3, 2}};
  app service;
};

TEST_F(a_feed_of_few, has_no_more_places_than_it_may_for_one_and_for_all) {
  auto first = feed.take_seat("a"), second = feed.take_seat("a");
  EXPECT_EQ(feed.take_seat("a"), nullptr);
  const auto other = feed.take_seat("b");
  EXPECT_NE(other, nullptr);
  EXPECT_EQ(feed.take_seat("c"), nullptr);
  EXPECT_EQ(feed.refused(), 2U);
  first.reset();
  EXPECT_EQ(feed.subscribers(), 2U);
  EXPECT_NE(feed.take_seat("c"), nullptr);
  EXPECT_EQ(feed.subscribers(), 2U);
}

TEST_F(a_feed_of_few, says_so_to_whoever_comes_too_many) {
  EXPECT_EQ(ask(), 200);
  const std::array all{feed.take_seat("a"), feed.take_seat("a"), feed.take_seat("b")};
  EXPECT_EQ(ask(), 503);
}

}  // namespace
}  // namespace mutual::ca_service
