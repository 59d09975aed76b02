// A new intermediate and a new root: who believes whom meanwhile, and when the old one may go.

#include "authority/rotate.hpp"

#include "authority/init.hpp"
#include "authority/pending.hpp"
#include "authority/recover.hpp"
#include "authority/retired.hpp"
#include "authority/revoked_issuer.hpp"
#include "support/outcome.hpp"
#include "x509/bundle.hpp"
#include "x509/encrypted_key.hpp"
#include "x509/scratch.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace mutual::authority {
namespace {

using test::good;
using test::message;
using ::testing::HasSubstr;

class a_rotation : public ::testing::Test {
 protected:
  a_rotation() {
    init_request request;
    request.folder = folder / "pki";
    request.organization = "Acme";
    request.clients = {"alice"};
    good(init(request));
    std::filesystem::copy_file(places.trust(), folder / "old_trust.crt");
  }
  pki opened() const { return good(pki::open(folder / "pki")); }
  rotation_state begin(bool with_root) const {
    auto in = opened();
    rotation_request request;
    request.with_root = with_root;
    request.why = "yearly";
    return good(begin_rotation(in, request));
  }
  x509::certificate issuing() const { return good(x509::load_certificates(places.intermediate_certificate())).front(); }
  std::string key_bytes() const { return folder.bytes("pki/intermediate.key"); }
  // What a process leaves that was killed after it had put down an intention.
  void put_down(const std::string& decided_by, const std::vector<std::string>& names) const {
    std::filesystem::create_directories(folder / "pki/pending");
    for (const auto& name : names) folder.write("pki/pending/" + name, folder.bytes("pki/" + name));
    folder.write("pki/pending/decided-by", decided_by);
  }
  void issue(const std::string& name) const {
    issue_request request;
    request.name = name;
    good(opened().issue(request));
  }
  void renew(const std::string& name) const {
    renew_request request;
    request.name = name;
    good(opened().renew(request));
  }
  void revoke_old(const std::string& name) const {
    auto in = opened();
    std::vector<record> old;
    for (const auto& one : good(in.identify(name))) {
      if (!one.is_current) old.push_back(one);
    }
    ASSERT_TRUE(in.revoke(old, revocation_reason::superseded, {}));
  }
  // As OpenSSL judges it, with what the holder sends along and nothing else.
  bool believes(const std::string& trust, const std::string& name, const std::string& more = {}) const {
    return folder
               .attempt(fmt::format("openssl verify -x509_strict {} -CAfile {} -untrusted pki/issued/{}.crt "
                                    "pki/issued/{}.crt",
                                    more, trust, name, name))
               .first == 0;
  }

  scratch folder;
  layout places{folder / "pki"};
};

TEST_F(a_rotation, of_the_intermediate_lets_both_be_good_until_nothing_depends_on_the_old) {
  const auto state = begin(false);
  EXPECT_EQ(state.issuing, "CN=Acme Intermediate CA 2,O=Acme");
  ASSERT_EQ(state.old.size(), 1U);
  EXPECT_EQ(state.old[0].on_it.in_use, 2);
  issue("bob");
  for (const char* name : {"alice", "bob", "localhost"}) EXPECT_TRUE(believes("pki/trust.crt", name)) << name;
  auto in = opened();
  EXPECT_THAT(message(finish_rotation(in)), HasSubstr("2 good certificates depend on"));
  for (const char* name : {"alice", "localhost"}) renew(name), revoke_old(name);
  EXPECT_TRUE(good(state_of_rotation(in)).old[0].may_go());
  EXPECT_TRUE(good(finish_rotation(in)).old.empty());
  EXPECT_TRUE(std::filesystem::is_empty(places.retired()));
  EXPECT_TRUE(good(state_of_rotation(in)).old.empty());
  EXPECT_THAT(message(finish_rotation(in)), HasSubstr("there is nothing to finish"));
  EXPECT_TRUE(believes("pki/trust.crt", "alice"));
}

TEST_F(a_rotation, on_another_machine_stops_what_is_issued_here_until_its_files_are_brought) {
  const auto old = issuing().serial();
  const std::vector<std::string> names{"pki/intermediate.key", "pki/intermediate.crt"};
  std::vector<std::string> before, after;
  for (const auto& name : names) before.push_back(folder.bytes(name));
  begin(false);
  for (const auto& name : names) after.push_back(folder.bytes(name));
  // As of a folder that has not heard of it.
  for (std::size_t at = 0; at < names.size(); ++at) folder.write(names[at], before[at]);
  const auto what_to_do = HasSubstr("took its place, on another machine; bring root.crt, root.crl, trust.crt");
  auto in = opened();
  EXPECT_THAT(good(state_of_rotation(in)).stopped, what_to_do);
  // Whatever else is said of the old one would be refused here.
  good(in.revoke(old, revocation_reason::ca_compromise, {}));
  EXPECT_THAT(good(state_of_rotation(in)).stopped, what_to_do);
  EXPECT_THAT(message(begin_rotation(in, {})), what_to_do);
  const auto alice = good(x509::load_certificates(places.certificate("alice"))).front();
  const auto lost = good(revoked_issuer(in.records(), places, alice));
  ASSERT_TRUE(lost);
  EXPECT_TRUE(lost->is_issuing);
  EXPECT_THAT(lost->passed_over, what_to_do);
  for (std::size_t at = 0; at < names.size(); ++at) folder.write(names[at], after[at]);
  EXPECT_EQ(good(state_of_rotation(in)).stopped, "");
  const auto mended = good(revoked_issuer(in.records(), places, alice));
  ASSERT_TRUE(mended);
  EXPECT_FALSE(mended->is_issuing);
  EXPECT_EQ(mended->passed_over, "");
}

TEST_F(a_rotation, of_the_root_is_believed_by_who_knows_the_old_one_only_and_by_who_knows_the_new_one_only) {
  begin(true);
  issue("bob");
  folder.write("new_trust.crt", folder.bytes("pki/root.crt"));
  EXPECT_EQ(good(x509::load_certificates(places.trust())).size(), 2U);
  EXPECT_TRUE(believes("old_trust.crt", "bob"));
  EXPECT_TRUE(believes("new_trust.crt", "bob"));
  EXPECT_TRUE(believes("pki/trust.crt", "bob"));
  EXPECT_TRUE(believes("pki/trust.crt", "alice"));
  EXPECT_FALSE(believes("new_trust.crt", "alice"));
  for (const char* name : {"alice", "localhost"}) renew(name), revoke_old(name);
  auto in = opened();
  EXPECT_TRUE(good(finish_rotation(in)).old.empty());
  EXPECT_EQ(good(x509::load_certificates(places.trust())).size(), 1U);
  EXPECT_EQ(good(x509::load_certificates(places.intermediate_certificate())).size(), 1U);
  EXPECT_TRUE(believes("new_trust.crt", "alice"));
  issue("carol");
  EXPECT_TRUE(believes("pki/trust.crt", "carol"));
}

TEST_F(a_rotation, has_lists_of_all_cas_that_still_answer_for_something) {
  good(opened().make_lists({}));
  begin(true);
  auto in = opened();
  good(in.make_lists({}));
  EXPECT_EQ(good(x509::load_crls(places.revocation_lists())).size(), 4U);
  EXPECT_EQ(good(in.make_lists({})).size(), 2U);  // The roots' are good for a while.
  issue("bob");
  for (const char* name : {"alice", "bob"}) {
    EXPECT_TRUE(believes("pki/trust.crt", name, "-crl_check_all -CRLfile pki/crl.pem")) << name;
  }
  ASSERT_TRUE(in.revoke(good(in.identify("alice")), revocation_reason::superseded, {}));
  good(in.make_lists({}));
  EXPECT_FALSE(believes("pki/trust.crt", "alice", "-crl_check_all -CRLfile pki/crl.pem"));
  EXPECT_TRUE(believes("pki/trust.crt", "bob", "-crl_check_all -CRLfile pki/crl.pem"));
}

TEST_F(a_rotation, has_told_servers_of_the_new_ca_before_it_issues_anything) {
  good(opened().make_lists({}));
  begin(false);
  issue("bob");
  EXPECT_TRUE(believes("pki/trust.crt", "bob", "-crl_check_all -CRLfile pki/crl.pem"));
  EXPECT_TRUE(believes("pki/trust.crt", "alice", "-crl_check_all -CRLfile pki/crl.pem"));
}

TEST_F(a_rotation, that_is_finished_leaves_a_last_list_so_that_whoever_was_revoked_stays_so) {
  good(opened().make_lists({}));
  const auto old = issuing();
  folder.run("cp pki/issued/alice.crt old_alice.crt");
  begin(false);
  for (const char* name : {"alice", "localhost"}) renew(name), revoke_old(name);
  auto in = opened();
  EXPECT_TRUE(good(finish_rotation(in)).old.empty());
  EXPECT_FALSE(std::filesystem::exists(places.retired() / (old.serial() + ".key")));
  good(opened().make_lists({}));
  const auto lists = good(x509::load_crls(places.revocation_lists()));
  ASSERT_EQ(lists.size(), 3U);
  const auto& last = lists.back();
  EXPECT_TRUE(last.is_signed_by(old));
  EXPECT_EQ(last.next_update(), old.not_after());
  EXPECT_EQ(last.size(), 2U);
  const auto judged = folder.attempt(
      "openssl verify -crl_check_all -CAfile pki/trust.crt -CRLfile pki/crl.pem -untrusted old_alice.crt "
      "old_alice.crt");
  EXPECT_THAT(judged.second, HasSubstr("certificate revoked"));
  EXPECT_TRUE(believes("pki/trust.crt", "alice", "-crl_check_all -CRLfile pki/crl.pem"));
}

TEST_F(a_rotation, of_a_ca_that_is_revoked_has_nothing_that_depends_on_the_old_one) {
  const auto old = issuing();
  {
    auto in = opened();
    good(in.revoke(old.serial(), revocation_reason::ca_compromise, {}));
    issue_request request;
    request.name = "bob";
    EXPECT_THAT(message(in.issue(request)), HasSubstr("make another with mutual rotate intermediate"));
  }
  const auto state = begin(false);
  ASSERT_EQ(state.old.size(), 1U);
  EXPECT_TRUE(state.old[0].may_go());
  issue("bob");
  EXPECT_TRUE(believes("pki/trust.crt", "bob"));
  // The root's list, made anew while its key was at hand, says that the old one is revoked.
  EXPECT_EQ(good(x509::load_crls(places.revocation_list("root"))).front().size(), 1U);
}

TEST_F(a_rotation, gives_each_ca_a_name_that_none_has_had) {
  std::set<std::string> names{issuing().subject()};
  for (const bool with_root : {false, true, false, true}) {
    const auto state = begin(with_root);
    EXPECT_TRUE(names.insert(state.issuing).second) << state.issuing;
    EXPECT_EQ(names.count(state.root), 0U);
  }
  EXPECT_EQ(good(opened().records().newest_ca(x509::profile::intermediate))->serial, issuing().serial());
  EXPECT_TRUE(believes("pki/trust.crt", "alice"));
  issue("bob");
  EXPECT_TRUE(believes("pki/trust.crt", "bob"));
}

TEST_F(a_rotation, keeps_a_new_roots_key_as_closed_as_the_old_ones) {
  rotation_request request;
  request.with_root = true;
  request.root.password = x509::secret(std::string_view("sesame"));
  auto in = opened();
  good(begin_rotation(in, request));
  const auto root = good(current_root(places));
  EXPECT_EQ(load_root(root, {}).error().code(), errc::password_needed);
  EXPECT_TRUE(load_root(root, request.root));
  // And where the old one is elsewhere, the new one is too.
  std::filesystem::rename(places.root_key(), folder / "away.key");
  request.root.key_files = {folder / "away.key"};
  EXPECT_THAT(message(begin_rotation(in, request)), HasSubstr("--root-key-out"));
  request.root_key_file = folder / "new.key";
  good(begin_rotation(in, request));
  EXPECT_FALSE(std::filesystem::exists(places.root_key()));
  EXPECT_TRUE(load_root(good(current_root(places)), {{folder / "new.key"}, request.root.password, {}}));
}

TEST_F(a_rotation, needs_the_roots_key_and_changes_nothing_without) {
  std::filesystem::rename(places.root_key(), folder / "away");
  const auto before = issuing();
  auto in = opened();
  EXPECT_THAT(message(begin_rotation(in, {})), HasSubstr("--root-key"));
  EXPECT_EQ(issuing(), before);
  EXPECT_TRUE(good(state_of_rotation(in)).old.empty());
}

TEST_F(a_rotation, whose_new_roots_key_cannot_be_written_changes_nothing) {
  const auto before = issuing();
  auto in = opened();
  rotation_request request;
  request.with_root = true;
  folder.write("taken", "");
  request.root_key_file = folder / "taken";
  EXPECT_THAT(message(begin_rotation(in, request)), HasSubstr("exists already"));
  // There it would be taken for the old root's.
  std::filesystem::rename(places.root_key(), folder / "away.key");
  request.root.key_files = {folder / "away.key"};
  request.root_key_file = folder / "pki/retired/../root.key";
  EXPECT_THAT(message(begin_rotation(in, request)), HasSubstr("is in the PKI's folder"));
  const auto elsewhere = std::filesystem::current_path();
  std::filesystem::current_path(folder / "pki");
  request.root_key_file = "root.key";
  EXPECT_THAT(message(begin_rotation(in, request)), HasSubstr("is in the PKI's folder"));
  std::filesystem::current_path(elsewhere);
  EXPECT_FALSE(std::filesystem::exists(places.root_key()));
  std::filesystem::rename(folder / "away.key", places.root_key());
  issue("bob");
  EXPECT_EQ(issuing(), before);
  EXPECT_TRUE(good(state_of_rotation(in)).old.empty());
  EXPECT_EQ(good(in.records().of_profile(x509::profile::root)).size(), 1U);
}

TEST_F(a_rotation, is_finished_when_only_responders_of_the_old_ca_are_left_and_not_while_somebody_is_on_hold) {
  good(opened().ready_responders());
  begin(false);
  good(opened().ready_responders());
  renew("alice"), revoke_old("alice"), renew("localhost");
  auto in = opened();
  std::string held;
  for (const auto& one : good(in.identify("localhost"))) {
    if (!one.is_current) held = one.serial;
  }
  good(in.revoke(held, revocation_reason::certificate_hold, {}));
  EXPECT_THAT(message(finish_rotation(in)), HasSubstr("1 good certificates depend on"));
  good(in.revoke(held, revocation_reason::superseded, {}));
  const auto old = good(load_retired(places, opened().records())).issuers.at(0).who.leaf().serial();
  EXPECT_TRUE(std::filesystem::exists(places.responder(old)));
  EXPECT_TRUE(good(finish_rotation(in)).old.empty());
  EXPECT_FALSE(std::filesystem::exists(places.responder(old)));
}

TEST_F(a_rotation, that_came_to_nothing_leaves_no_second_name_of_a_key) {
  std::filesystem::create_directories(places.retired());
  for (const char* called : {"root", "intermediate"}) {
    const auto serial = good(x509::load_certificates(folder / "pki" / (std::string(called) + ".crt"))).front().serial();
    for (const char* kind : {".key", ".crt", ".crl"}) {
      const auto from = folder / "pki" / (std::string(called) + kind);
      if (std::filesystem::exists(from)) std::filesystem::create_hard_link(from, places.retired() / (serial + kind));
    }
  }
  issue("bob");
  EXPECT_TRUE(std::filesystem::is_empty(places.retired()));
  EXPECT_TRUE(std::filesystem::exists(places.root_key()));
}

TEST_F(a_rotation, to_a_third_root_is_believed_by_who_knows_the_first_alone) {
  begin(true);
  std::filesystem::copy_file(places.root_certificate(), folder / "second.crt");
  begin(true);
  issue("bob");
  for (const char* trust : {"old_trust.crt", "second.crt", "pki/root.crt"})
    EXPECT_TRUE(believes(trust, "bob")) << trust;
  // By way of the second, which therefore stays for as long as the first.
  auto in = opened();
  for (const auto& one : good(state_of_rotation(in)).old) {
    EXPECT_FALSE(one.is_root && one.may_go()) << one.subject;
  }
}

TEST_F(a_rotation, whose_old_roots_list_has_run_out_holds_up_no_other) {
  good(opened().make_lists({}));
  begin(true);
  const auto old = good(load_retired(places, opened().records())).roots.at(0).root;
  auto key = good(x509::load_identity(places.retired() / (old.certificate.serial() + ".crt"), old.key_file));
  const auto past = now() - std::chrono::hours(1);
  const x509::crl_spec ended{900, past - std::chrono::hours(1), past, {}};
  folder.write("pki/" + old.called + ".crl", good(x509::make_crl(ended, old.certificate, key.key)).der());
  std::filesystem::remove(old.key_file);
  issue("bob");
  auto in = opened();
  ASSERT_TRUE(in.revoke(good(in.identify("bob")), revocation_reason::superseded, {}));
  EXPECT_THAT(message(in.make_lists({})), HasSubstr("the revocation list of an old root is missing or past its date"));
  const auto lists = good(x509::load_crls(places.revocation_lists()));
  EXPECT_EQ(lists.size(), 4U);
  EXPECT_EQ(lists.front().size(), 1U);
}

TEST_F(a_rotation, whose_old_ca_cannot_sign_any_more_holds_up_no_other_and_goes_only_once_it_is_revoked) {
  good(opened().make_lists({}));
  begin(false);
  const auto old = good(load_retired(places, opened().records())).issuers.at(0);
  folder.write("pki/" + old.called + ".key", "damaged");
  issue("bob");
  auto in = opened();
  EXPECT_THAT(good(state_of_rotation(in)).old.at(0).cannot_sign, HasSubstr("cannot sign any more"));
  good(in.revoke("bob", revocation_reason::superseded, {}));
  EXPECT_THAT(message(in.make_lists({})), HasSubstr("no new revocation list of an old CA could be made"));
  const auto lists = good(x509::load_crls(places.revocation_lists()));
  ASSERT_EQ(lists.size(), 3U);
  EXPECT_EQ(lists.front().size(), 1U);
  EXPECT_TRUE(lists.at(1).is_signed_by(old.who.leaf()));
  for (const char* name : {"alice", "localhost"}) renew(name), revoke_old(name);
  // The list that is there does not refuse whoever was revoked since.
  EXPECT_THAT(message(finish_rotation(in)), HasSubstr("so it stays"));
  EXPECT_TRUE(std::filesystem::exists(folder / "pki" / (old.called + ".key")));
  good(in.revoke(old.who.leaf().serial(), revocation_reason::ca_compromise, {}));
  good(in.make_lists({}));
  EXPECT_TRUE(good(finish_rotation(in)).old.empty());
  EXPECT_FALSE(std::filesystem::exists(folder / "pki" / (old.called + ".key")));
}

// What is not there has not been finished with: a list that nobody misses would let the revoked in.
TEST_F(a_rotation, whose_old_cas_files_have_gone_lacks_its_list_and_says_so_until_it_is_revoked) {
  good(opened().make_lists({}));
  begin(false);
  auto in = opened();
  const auto old = good(load_retired(places, in.records())).issuers.at(0);
  const auto alice = good(x509::load_certificates(places.certificate("alice"))).front();
  const auto goes = [&](const char* kind, const char* told) {
    std::filesystem::remove(folder / "pki" / (old.called + kind));
    EXPECT_THAT(message(in.make_lists({})), HasSubstr(told)) << kind;
    EXPECT_THAT(good(state_of_rotation(in)).old.at(0).cannot_sign, HasSubstr(told)) << kind;
  };
  good(in.revoke("alice", revocation_reason::superseded, {}));
  goes(".key", ".key is not there");
  // The list that is there goes on: without it servers would take none.
  EXPECT_EQ(good(x509::load_crls(places.revocation_lists())).size(), 3U);
  goes(".crt", ".* are not there");
  EXPECT_EQ(good(x509::load_crls(places.revocation_lists())).size(), 3U);
  // Also without its file: servers have had it.
  goes(".crl", ".* are not there");
  EXPECT_EQ(good(x509::load_crls(places.revocation_lists())).size(), 3U);
  std::filesystem::remove_all(places.retired());
  EXPECT_THAT(message(in.make_lists({})),
              HasSubstr("if its key is lost, revoke it: mutual revoke " + old.who.leaf().serial()));
  good(in.revoke(old.who.leaf().serial(), revocation_reason::ca_compromise, {}));
  good(in.make_lists({}));
  EXPECT_THAT(good(state_of_rotation(in)).old.at(0).cannot_sign, testing::IsEmpty());
}

TEST_F(a_rotation, that_is_finished_is_not_missed) {
  good(opened().make_lists({}));
  begin(false);
  auto in = opened();
  for (const char* name : {"alice", "localhost"}) renew(name), revoke_old(name);
  EXPECT_TRUE(good(finish_rotation(in)).old.empty());
  EXPECT_EQ(good(x509::load_crls(places.revocation_lists())).size(), 3U);
  good(in.make_lists({}));
  // Its last list may go, too, though servers that have it would miss it.
  std::filesystem::remove_all(places.retired());
  good(in.make_lists({}));
}

TEST_F(a_rotation, is_finished_with_a_last_list_by_who_opens_the_old_roots_key) {
  good(opened().make_lists({}));
  const auto first = good(x509::load_certificates(places.intermediate_certificate())).front().serial();
  begin(true);
  const auto old = good(load_retired(places, opened().records())).roots.at(0).root;
  const auto whole = good(x509::load_bundle(old.key_file));
  folder.write("pki/" + old.called + ".key", good(x509::encrypted_pem(*whole.key, "sesame")).view());
  auto in = opened();
  good(in.revoke(first, revocation_reason::superseded, {}));
  EXPECT_THAT(message(finish_rotation(in)), HasSubstr("is encrypted: give its password"));
  EXPECT_TRUE(std::filesystem::exists(old.key_file));
  EXPECT_EQ(good(finish_rotation(in, false, {{}, x509::secret(std::string_view("sesame")), {}})).old.size(), 0U);
  EXPECT_FALSE(std::filesystem::exists(old.key_file));
  EXPECT_EQ(good(x509::load_crls(places.revocation_list(old.called))).front().size(), 1U);
}

TEST_F(a_rotation, leaves_an_old_root_whose_last_list_must_be_made_and_whose_key_is_away_until_it_is_called_lost) {
  good(opened().make_lists({}));
  const auto stolen = issuing().serial();
  begin(true);
  const auto old = good(load_retired(places, opened().records())).roots.at(0).root;
  const auto away = folder / "away.key";
  std::filesystem::rename(old.key_file, away);
  auto in = opened();
  good(in.revoke(stolen, revocation_reason::ca_compromise, {}));
  EXPECT_THAT(message(in.make_lists({})), HasSubstr("the root's revocation list does not say it yet"));
  const auto trust = folder.bytes("pki/trust.crt");
  const auto stays = [&](const root_access& with, bool key_is_lost, const std::string& words) {
    EXPECT_THAT(message(finish_rotation(in, false, with, key_is_lost)), HasSubstr(words));
    EXPECT_EQ(folder.bytes("pki/trust.crt"), trust);
    EXPECT_EQ(good(load_retired(places, opened().records())).roots.size(), 1U);
  };
  stays({}, false, "--old-root-key-lost");
  for (const bool key_is_lost : {false, true}) {
    stays({{folder / "mistyped.key"}, {}, {}}, key_is_lost, "No such file");
    stays({{places.root_key()}, {}, {}}, key_is_lost, "is not the key of the root");
  }
  EXPECT_TRUE(good(finish_rotation(in, false, {{away}, {}, {}})).old.empty());
  EXPECT_EQ(good(x509::load_crls(places.revocation_list(old.called))).front().size(), 1U);
}

TEST_F(a_rotation, lets_an_old_root_go_whose_key_is_lost_if_that_is_said_and_notes_what_its_last_list_lacks) {
  good(opened().make_lists({}));
  const auto stolen = issuing().serial();
  begin(true);
  const auto old = good(load_retired(places, opened().records())).roots.at(0).root;
  std::filesystem::remove(old.key_file);
  auto in = opened();
  good(in.revoke(stolen, revocation_reason::ca_compromise, {}));
  EXPECT_TRUE(good(finish_rotation(in, false, {}, true)).old.empty());
  EXPECT_EQ(good(x509::load_certificates(places.trust())).size(), 1U);
  const auto acts = good(in.acts());
  EXPECT_TRUE(std::any_of(acts.begin(), acts.end(), [&](const act& one) {
    return one.what == "retired" && one.serial == old.certificate.serial() &&
           one.why.find("its key is lost, and its last revocation list lacks") != std::string::npos;
  }));
}

TEST_F(a_rotation, that_was_interrupted_before_it_was_decided_is_taken_back) {
  const auto before = issuing();
  put_down("0123456789abcdef", {"intermediate.key", "trust.crt"});
  folder.write("pki/pending/intermediate.crt", "a certificate that was never recorded");
  std::filesystem::create_directories(folder / "pki/pending.new");
  issue("bob");
  EXPECT_EQ(issuing(), before);
  for (const char* name : {"pki/pending", "pki/pending.new", "pki/pending.old"}) {
    EXPECT_FALSE(std::filesystem::exists(folder / name)) << name;
  }
  EXPECT_TRUE(believes("pki/trust.crt", "bob"));
}

TEST_F(a_rotation, that_was_interrupted_after_it_was_decided_is_completed_by_the_next_command) {
  good(opened().make_lists({}));
  const std::vector<std::string> names{"trust.crt", "root.key",         "root.crt",
                                       "root.crl",  "intermediate.key", "intermediate.crt"};
  std::filesystem::copy(folder / "pki", folder / "before", std::filesystem::copy_options::recursive);
  begin(true);
  const auto next = issuing();
  // Killed before the first file, after each, and before the lists.
  for (std::size_t done = 0; done <= names.size(); ++done) {
    std::filesystem::remove_all(folder / "pki/pending");
    put_down(next.serial(), names);
    for (std::size_t at = done; at < names.size(); ++at) {
      folder.write("pki/" + names[at], folder.bytes("before/" + names[at]));
    }
    folder.write("pki/crl.pem", folder.bytes("before/crl.pem"));
    issue(fmt::format("bob{}", done));
    EXPECT_EQ(issuing(), next);
    EXPECT_FALSE(std::filesystem::exists(folder / "pki/pending"));
    EXPECT_TRUE(believes("pki/trust.crt", fmt::format("bob{}", done), "-crl_check_all -CRLfile pki/crl.pem"));
    EXPECT_TRUE(believes("pki/trust.crt", "alice", "-crl_check_all -CRLfile pki/crl.pem"));
  }
}

TEST_F(a_rotation, that_an_older_inventory_has_forgotten_is_put_back) {
  std::filesystem::copy_file(places.inventory(), folder / "backup.db");
  good(opened().make_lists({}));
  begin(true);
  issue("bob");
  good(opened().make_lists({}));
  const auto next = issuing();
  for (const char* name : {"inventory.db", "inventory.db-wal", "inventory.db-shm"}) {
    std::filesystem::remove(folder / "pki" / name);
  }
  std::filesystem::copy_file(folder / "backup.db", places.inventory());
  EXPECT_THAT(message(pki::open(folder / "pki")), HasSubstr("is older than it was"));
  good(recover(folder / "pki", {}));
  EXPECT_EQ(good(opened().records().newest_ca(x509::profile::intermediate))->serial, next.serial());
  issue("carol");
  good(opened().make_lists({}));
  for (const char* name : {"alice", "bob", "carol"}) {
    EXPECT_TRUE(believes("pki/trust.crt", name, "-crl_check_all -CRLfile pki/crl.pem")) << name;
  }
  auto again = opened();
  EXPECT_EQ(good(state_of_rotation(again)).old.size(), 2U);
}

TEST_F(a_rotation, of_pinned_certificates_there_is_none) {
  init_request request;
  request.folder = folder / "pinned";
  request.self_signed = true;
  good(init(request));
  auto in = good(pki::open(folder / "pinned"));
  EXPECT_THAT(message(begin_rotation(in, {})), HasSubstr("has no authority"));
  EXPECT_THAT(message(state_of_rotation(in)), HasSubstr("has no authority"));
}

}  // namespace
}  // namespace mutual::authority
