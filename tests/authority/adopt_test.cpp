// A CA that was made elsewhere: taken only if what it issues is believed, and held to what all above it permit.

#include "authority/adopt.hpp"

#include "authority/init.hpp"
#include "authority/list_numbers.hpp"
#include "authority/mint.hpp"
#include "authority/pki.hpp"
#include "support/outcome.hpp"
#include "x509/builder.hpp"
#include "x509/bundle.hpp"
#include "x509/name_constraints.hpp"
#include "x509/scratch.hpp"

#include <gmock/gmock.h>

namespace mutual::authority {
namespace {

using test::good;
using test::message;
using ::testing::AllOf;
using ::testing::HasSubstr;
using x509::profile;

class a_ca_from_elsewhere : public ::testing::Test {
 protected:
  x509::identity root_with(std::vector<x509::raw_extension> others) const {
    auto spec =
        good(x509::describe_certificate(profile::root, {"Old Root", {"Old"}, {}}, {}, key, std::chrono::days(999)));
    spec.others = std::move(others);
    return {key, {good(x509::make_self_signed(spec, key))}};
  }
  static x509::raw_extension permitted(x509::name_constraints of) { return good(x509::to_extension(of)); }
  init_request wanted(existing_ca existing) const {
    init_request out;
    out.folder = folder / "pki";
    out.organization = "Old";
    out.existing = std::move(existing);
    return out;
  }
  static existing_ca of(x509::identity ca, std::vector<x509::certificate> above = {}) {
    existing_ca out{std::move(ca), std::move(above), {}, false, {}, {}};
    return out;
  }
  std::string issued(profile purpose, alternative_names names, const std::string& name = "one") const {
    issue_request request;
    request.purpose = purpose;
    request.name = name;
    request.names = std::move(names);
    return message(good(pki::open(folder / "pki")).issue(request));
  }
  std::string certified_names(alternative_names names) const {
    certified what;
    what.name = "by-est";
    what.purpose = profile::peer;
    what.names = std::move(names);
    what.key = key_of_client.get();
    return message(good(pki::open(folder / "pki")).certify(what));
  }
  scratch folder;
  x509::private_key key = good(x509::private_key::generate());
  x509::private_key key_of_client = good(x509::private_key::generate());
};

TEST_F(a_ca_from_elsewhere, that_nobody_believes_is_refused_and_nothing_is_written) {
  const auto made = init(wanted(of(root_with({{"1.2.3.4.5", true, std::string("\x05\x00", 2)}}))));
  EXPECT_THAT(message(made),
              HasSubstr("'CN=Old Root,O=Old' cannot be taken over: whatever it issued would be refused"));
  EXPECT_FALSE(std::filesystem::exists(folder / "pki"));
}

TEST_F(a_ca_from_elsewhere, issues_only_what_its_root_permits) {
  good(init(wanted(of(root_with({permitted({{"acme.example"}, {}, {}})})))));
  EXPECT_EQ(issued(profile::server, {{"www.acme.example"}, {}, {}, {}}, "good"), "(no failure)");
  EXPECT_THAT(issued(profile::server, {{"www.other.example"}, {}, {}, {}}), HasSubstr("'CN=Old Root,O=Old' may not"));
  EXPECT_THAT(certified_names({{"www.other.example"}, {}, {}, {}}), HasSubstr("'CN=Old Root,O=Old' may not"));
  EXPECT_EQ(certified_names({{"est.acme.example"}, {}, {}, {}}), "(no failure)");
  EXPECT_FALSE(std::filesystem::exists(folder / "pki/issued/one.crt"));
}

TEST_F(a_ca_from_elsewhere, keeps_its_short_serial_number_to_itself) {
  auto spec = good(x509::describe_certificate(profile::root, {"Old Root", {"Old"}, {}}, {}, key, std::chrono::days(9)));
  spec.serial = "77";
  good(init(wanted(of({key, {good(x509::make_self_signed(spec, key))}}))));
  EXPECT_THAT(issued(profile::client, {}, "77"), HasSubstr("is the serial number of 'CN=Old Root,O=Old'"));
  EXPECT_EQ(issued(profile::client, {}, "78"), "(no failure)");
}

TEST_F(a_ca_from_elsewhere, whose_last_list_nobody_has_given_counts_its_lists_from_far_ahead) {
  const auto root = root_with({});
  good(init(wanted(of(root))));
  const layout places(folder / "pki");
  EXPECT_EQ(good(list_number_in(places.revocation_list("root"), root.leaf().subject())), more_lists_than_were_made + 1);
  // What was made here has no lists from before.
  const auto made = good(good(pki::open(folder / "pki")).make_lists({}));
  EXPECT_EQ(made.front().number, 1U);
}

// An intermediate whose root is somebody else's, who makes that root's lists.
class a_ca_below_somebody_s_root : public a_ca_from_elsewhere {
 protected:
  a_ca_below_somebody_s_root() {
    const auto spec = good(x509::describe_certificate(profile::intermediate, {"Old Middle", {"Old"}, {}}, {},
                                                      key_of_client, std::chrono::days(99)));
    middle.push_back(good(x509::issue_certificate(spec, key_of_client.get(), root.leaf(), root.key)));
    good(init(wanted(of({key_of_client, middle}, {root.leaf()}))));
    folder.write("root.key", key.pem().view());
  }
  // The owner's next list, where docs/authority.md says that it is put.
  void owner_says(std::uint64_t number, std::vector<x509::revoked_certificate> revoked = {},
                  std::chrono::seconds ago = {}) const {
    x509::crl_spec list{number, now() - ago, now() + std::chrono::days(90), {}};
    list.revoked = std::move(revoked);
    folder.write("pki/root.crl", good(x509::make_crl(list, root.leaf(), root.key)).der());
  }
  pki opened() const { return good(pki::open(folder / "pki")); }
  std::string lists_made(bool with_root_key = false) const {
    list_options how;
    if (with_root_key) how.root.key_files = {folder / "root.key"};
    return message(opened().make_lists(how));
  }
  // Of the root's list that servers have, in hexadecimal.
  std::string served() const {
    for (const auto& one : good(x509::load_crls(places.revocation_lists()))) {
      if (one.is_signed_by(root.leaf())) return one.number();
    }
    return "none";
  }
  bool is_revoked(const std::string& serial) const {
    const auto known = good(opened().records().find_serial(serial));
    return known && known->revoked;
  }

  x509::identity root = root_with({});
  std::vector<x509::certificate> middle;
  layout places{folder / "pki"};
};

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

TEST_F(a_ca_from_elsewhere, that_is_an_intermediate_issues_only_what_its_root_permits) {
  const auto root = root_with({permitted({{}, {"acme.example"}, {}})});
  const auto spec = good(
      x509::describe_certificate(profile::intermediate, {"Old Middle", {"Old"}, {}}, {}, key, std::chrono::days(99)));
  const auto middle = good(x509::issue_certificate(spec, key.get(), root.leaf(), root.key));
  good(init(wanted(of({key, {middle}}, {root.leaf()}))));
  EXPECT_THAT(issued(profile::client, {{}, {}, {"x@evil.example"}, {}}), HasSubstr("'CN=Old Root,O=Old' may not"));
  EXPECT_THAT(certified_names({{"localhost"}, {}, {"x@evil.example"}, {}}), HasSubstr("'CN=Old Root,O=Old' may not"));
  EXPECT_EQ(issued(profile::client, {{}, {}, {"x@acme.example"}, {}}), "(no failure)");
}

}  // namespace
}  // namespace mutual::authority
