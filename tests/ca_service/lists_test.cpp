// Revocation lists: how they are given out, and that they are kept fresh.

#include "authority/root_key.hpp"
#include "authority/store.hpp"
#include "base/file.hpp"
#include "ca_service/authority.hpp"
#include "ca_service/change_feed.hpp"
#include "ca_service/health.hpp"
#include "ca_service/plain_routes.hpp"
#include "http/date.hpp"
#include "x509/crl_builder.hpp"
#include "x509/profile.hpp"

#include <mutual/test_client.hpp>

#include <fstream>
#include <thread>

namespace mutual::ca_service {
namespace {

using ::testing::HasSubstr;

class a_list_service : public a_kept_authority {
 protected:
  a_list_service() {
    good(keeps.prepare());
    add_plain_routes(service, lists, answers);
  }
  ~a_list_service() override { keeps.stop(); }
  x509::crl list() const { return good(x509::load_crls(places.revocation_list("intermediate"))).front(); }
  template <class Condition>
  static bool soon(Condition is_so) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
};

TEST_F(a_list_service, makes_the_first_lists_by_itself_and_gives_them_out_as_der) {
  test_client client(service);
  for (const auto* path : {"/crl/intermediate.crl", "/crl/root.crl"}) {
    const auto answer = client.get(path);
    ASSERT_EQ(answer.status, 200) << path;
    EXPECT_EQ(answer.header("Content-Type"), "application/pkix-crl");
    EXPECT_TRUE(x509::crl::from_der(answer.body)) << path;
  }
  const auto all = client.get("/crl/all.pem");
  EXPECT_EQ(all.header("Content-Type"), "application/x-pem-file");
  EXPECT_EQ(good(x509::read_bundle(all.body, {}, "answer")).crls.size(), 2U);
}

TEST_F(a_list_service, says_until_when_a_list_is_fresh_and_answers_conditions) {
  test_client client(service);
  const auto answer = client.get("/crl/intermediate.crl");
  EXPECT_EQ(answer.header("Cache-Control"), "max-age=300, public, no-transform, must-revalidate");
  EXPECT_TRUE(answer.header("Last-Modified"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // A tag of a file this young is weak.
  fields known;
  known.set("If-None-Match", client.get("/crl/intermediate.crl").header("ETag").value_or(""));
  EXPECT_EQ(client.get("/crl/intermediate.crl", known).status, 304);
  good(opened().make_lists({}));
  EXPECT_EQ(client.get("/crl/intermediate.crl", known).status, 200);
}

TEST_F(a_list_service, remembers_nothing_of_lists_that_are_not_there) {
  test_client client(service);
  EXPECT_EQ(client.get("/crl/retired/0123456789abcdef.crl").status, 404);
  EXPECT_EQ(client.get("/crl/retired/" + std::string(41, 'a') + ".crl").status, 404);
  EXPECT_EQ(client.get("/crl/retired/..%2Froot.crl").status, 400);
}

TEST_F(a_list_service, gives_a_delta_once_there_is_one) {
  test_client client(service);
  EXPECT_EQ(client.get("/crl/intermediate.delta.crl").status, 404);
  revoke("alice", authority::revocation_reason::superseded);
  authority::list_options how;
  how.is_delta = true;
  good(opened().make_lists(how));
  const auto answer = client.get("/crl/intermediate.delta.crl");
  ASSERT_EQ(answer.status, 200);
  const auto delta = good(x509::crl::from_der(answer.body));
  EXPECT_EQ(delta.size(), 1U);
  EXPECT_EQ(client.get("/crl/delta.pem").body, delta.pem());
}

TEST_F(a_list_service, gives_out_nothing_else) {
  test_client client(service);
  for (const auto* path :
       {"/crl/", "/crl/inventory.db", "/crl/intermediate.key", "/crl/retired/x.crl", "/crl/retired/.crl",
        "/crl/retired/%2E%2E%2Froot.crl", "/crl/..%2Froot.key", "/crl/root.key", "/crl/issued/alice.key"}) {
    const auto status = client.get(path).status;
    EXPECT_TRUE(status == 404 || status == 400) << path << " " << status;
  }
}

TEST_F(a_list_service, lists_what_somebody_has_revoked_without_making_a_list) {
  const auto before = list().number();
  keeps.start();
  revoke("alice", authority::revocation_reason::key_compromise);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!list().revokes(certificate("alice")) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  keeps.stop();
  EXPECT_TRUE(list().revokes(certificate("alice")));
  EXPECT_GT(list().number(), before);
  EXPECT_THAT(good(opened().acts()).back().why, HasSubstr("a revocation was on no list"));
  EXPECT_EQ(good(opened().acts()).back().who, "ca serve");
}

TEST_F(a_list_service, tells_its_followers_while_somebody_holds_the_folder_and_makes_no_list_that_is_there_by_then) {
  keeps.start();
  const auto before = feed.generation();
  auto at = opened();
  {
    const auto turn = good(at.take_turn());
    good(at.records().revoke(certificate("alice").serial(), authority::revocation_reason::key_compromise, {}));
    // The keeper loses patience, and waits for the folder to make the list itself.
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    const authority::root_access nothing_more;
    authority::opened_roots keys(nothing_more);
    good(at.make_lists_in_turn({}, keys));
    EXPECT_TRUE(soon([&] { return feed.generation() > before; })) << "nobody has to let the folder go for that";
  }
  const auto number = list().number();
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_EQ(list().number(), number);
  EXPECT_FALSE(keeps.seen()->uncovered_since);
}

TEST_F(a_list_service, tries_again_at_once_for_the_next_revocation_when_lists_could_not_be_made) {
  keeps.start();
  const auto away = folder / "away.key";
  std::filesystem::rename(places.intermediate_key(), away);
  revoke("alice", authority::revocation_reason::key_compromise);
  EXPECT_TRUE(soon([&] { return counts.lists_failed > 0U && keeps.seen()->uncovered_since.has_value(); }));
  std::filesystem::rename(away, places.intermediate_key());
  revoke("localhost", authority::revocation_reason::superseded);
  EXPECT_TRUE(soon([&] { return list().revokes(certificate("localhost")); })) << "not after half a minute";
  EXPECT_TRUE(list().revokes(certificate("alice")));
  EXPECT_TRUE(soon([&] { return !keeps.seen()->uncovered_since; }));
}

TEST_F(a_list_service, remembers_in_its_folder_what_others_have_done) {
  keeps.start();
  auto elsewhere = opened();
  good(elsewhere.records().note("issued", "0a", "bob", "on another machine"));
  const auto act = good(elsewhere.records().how_far()).act;
  EXPECT_TRUE(soon([&] { return good(authority::read_mark(places))->seen.act >= act; }));
}

TEST_F(a_list_service, has_lists_that_begin_as_early_as_certificates_for_clocks_that_are_behind) {
  revoke("alice", authority::revocation_reason::superseded);
  good(opened().make_lists({}));
  for (const char* called : {"intermediate", "root"}) {
    const auto one = good(x509::load_crls(places.revocation_list(called))).front();
    EXPECT_LE(one.this_update(), now() - x509::backdate);
    EXPECT_GE(one.this_update(), root().not_before());
    EXPECT_GT(*one.next_update(), now() + std::chrono::hours(24 * 29));
  }
  const auto own = list();
  const auto* entry = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(own.get()), 0);
  ASSERT_NE(entry, nullptr);
  EXPECT_LE(ASN1_TIME_compare(X509_REVOKED_get0_revocationDate(entry), X509_CRL_get0_lastUpdate(own.get())), 0)
      << "a list says what was so when it began";
}

TEST_F(a_list_service, makes_lists_that_have_grown_old_anew) {
  good(opened().make_lists({false, std::chrono::seconds(2), {}}));
  const auto before = list().number();
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  keeps.start();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (list().number() == before && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  keeps.stop();
  EXPECT_NE(list().number(), before);
  EXPECT_GT(*list().next_update(), now() + std::chrono::hours(24));
}

class a_list_service_whose_clock_was_ahead : public a_list_service,
                                             public ::testing::WithParamInterface<std::chrono::seconds> {};

TEST_P(a_list_service_whose_clock_was_ahead, replaces_a_list_that_has_not_begun_at_once) {
  const auto later = now() + GetParam();
  EXPECT_TRUE(is_of_the_future(later, now())) << "the verdict knows no patience either";
  authority::list_request wanted;
  wanted.issuer = intermediate().subject();
  wanted.this_update = later;
  wanted.next_update = later + std::chrono::days(30);
  const auto begun = good(opened().records().begin_list(wanted, [](const x509::revoked_certificate&) {}));
  const auto issuer = good(authority::load_issuer(places));
  x509::crl_entries none;
  const auto early = good(x509::crl::from_der(good(
      x509::make_list_der({begun.number, later, wanted.next_update, begun.base}, none, issuer.leaf(), issuer.key))));
  auto all = early.pem();
  all += good(x509::load_crls(places.revocation_list("root"))).front().pem();
  good(file::replace(places.revocation_list("intermediate"), early.der(), file::access::everyone));
  good(file::replace(places.revocation_lists(), all, file::access::everyone));
  keeps.start();
  EXPECT_TRUE(soon([&] { return list().number() != early.number(); }));
  EXPECT_LE(list().this_update(), now());
  EXPECT_TRUE(soon([&] { return keeps.seen()->lists.front().this_update <= now(); }));
  EXPECT_THAT(good(opened().acts()).back().why, HasSubstr("the one before has not begun"));
}

INSTANTIATE_TEST_SUITE_P(by, a_list_service_whose_clock_was_ahead,
                         ::testing::Values(std::chrono::days(10), std::chrono::minutes(3)));

TEST_F(a_list_service, leaves_the_list_of_a_ca_alone_that_has_replaced_another_while_it_waited) {
  authority::init_request request;
  request.folder = folder / "other";
  request.organization = "Acme";
  good(authority::init(request));
  const authority::layout other(request.folder);
  good(good(authority::pki::open(request.folder)).make_lists({}));
  const auto list_of_other = good(file::read(other.revocation_list("intermediate")));
  keeps.start();
  {
    auto at = opened();
    const auto turn = good(at.take_turn());
    std::filesystem::remove(places.revocation_list("intermediate"));
    // It sees that, and waits for the folder.
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    good(file::replace(places.intermediate_certificate(), good(file::read(other.intermediate_certificate())),
                       file::access::everyone));
    good(file::replace(places.revocation_list("intermediate"), list_of_other, file::access::everyone));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_EQ(good(file::read(places.revocation_list("intermediate"))), list_of_other);
}

TEST_F(a_list_service, puts_the_files_right_that_it_gives_out) {
  const auto older = good(file::read(places.revocation_list("intermediate")));
  revoke("alice", authority::revocation_reason::superseded);
  good(opened().make_lists({}));
  keeps.start();
  const auto number = list().number();
  const auto der_of = [this](const char* ca) { return good(file::read(places.revocation_list(ca))); };
  for (const char* ca : {"intermediate", "root"}) {
    const auto whole = der_of(ca), other = der_of(ca == std::string("root") ? "intermediate" : "root");
    const auto file = places.revocation_list(ca);
    const auto is_right = [&] {
      const auto there = file::read(file);
      return there && *there == whole;
    };
    std::filesystem::remove(file);
    EXPECT_TRUE(soon(is_right)) << ca;
    for (const auto& wrong : {std::string("junk"), other, older, std::string()}) {
      good(file::replace(file, wrong, file::access::everyone));
      EXPECT_TRUE(soon(is_right)) << ca;
    }
  }
  EXPECT_EQ(list().number(), number) << "no number is used up for that";
  test_client client(service);
  EXPECT_EQ(client.get("/crl/intermediate.crl").body, der_of("intermediate"));
}

TEST_F(a_list_service, leaves_a_newer_list_that_is_given_out_as_it_is) {
  keeps.start();
  authority::list_options how;
  how.why = "by hand";
  std::string newer;
  {
    auto at = opened();
    const auto turn = good(at.take_turn());
    newer = good(at.make_list(good(authority::load_issuer(places)), "intermediate", how)).der;
  }
  std::this_thread::sleep_for(std::chrono::seconds(1));
  EXPECT_EQ(good(file::read(places.revocation_list("intermediate"))), newer);
}

TEST_F(a_list_service, hears_whom_a_root_s_list_refuses_before_it_writes_over_that) {
  good(opened().make_lists({}));
  const auto file = places.revocation_list("root");
  const auto before = good(file::read(file));
  const auto signs = good(authority::load_root(good(authority::current_root(places)), {}));
  const auto from = now() - std::chrono::hours(1);
  const x509::crl_spec older{1, from, from + std::chrono::hours(9), {{"77", from, 1}}};
  keeps.start();
  good(file::replace(file, good(x509::make_crl(older, signs.leaf(), signs.key)).der(), file::access::everyone));
  EXPECT_TRUE(soon([&] { return good(file::read(file)) == before; }));
  const auto known = good(opened().records().find_serial("77"));
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->revoked);
}

TEST_F(a_list_service, says_what_it_cannot_put_right) {
  keeps.start();
  const auto file = places.revocation_list("root");
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  std::ofstream(file / "x") << "x";
  EXPECT_TRUE(soon([&] { return keeps.seen()->unpublished == std::vector<std::string>{"root"}; }));
  EXPECT_THAT(troubles(*keeps.seen(), std::chrono::steady_clock::now(), now()),
              ::testing::Contains(HasSubstr("the file with the revocation list of the root is missing")));
  std::filesystem::remove_all(file);
  EXPECT_TRUE(soon([&] { return keeps.seen()->unpublished.empty() && std::filesystem::exists(file); }));
}

TEST_F(a_list_service, writes_over_what_is_no_list) {
  good(file::replace(places.revocation_list("intermediate"), "junk", file::access::everyone));
  good(opened().make_lists({}));
  EXPECT_EQ(list().issuer(), intermediate().subject());
}

}  // namespace
}  // namespace mutual::ca_service
