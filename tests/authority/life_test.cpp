// What becomes of a certificate: renewed, revoked, its name issued anew; and requests from elsewhere.

#include "authority/enroll.hpp"
#include "authority/init.hpp"
#include "authority/pki.hpp"
#include "authority/recover.hpp"
#include "authority/reserved_name.hpp"
#include "support/outcome.hpp"
#include "x509/bundle.hpp"
#include "x509/scratch.hpp"

namespace mutual::authority {
namespace {

using test::good;
using test::message;
using ::testing::HasSubstr;
using x509::profile;

class a_life : public ::testing::Test {
 protected:
  a_life() {
    init_request request;
    request.folder = folder / "pki";
    request.organization = "Acme";
    request.clients = {"alice"};
    good(init(request));
  }
  pki opened() const { return good(pki::open(folder / "pki")); }
  issued_certificate issue(const std::string& name) const {
    issue_request request;
    request.name = name;
    return good(opened().issue(request));
  }
  result<issued_certificate> renew(const std::string& name, bool new_key = false) const {
    renew_request request;
    request.name = name;
    request.new_key = new_key;
    return opened().renew(request);
  }
  void revoke(const std::string& what, revocation_reason reason = revocation_reason::superseded) const {
    auto in = opened();
    ASSERT_TRUE(in.revoke(good(in.identify(what)), reason, {}));
  }
  x509::identity identity(const std::string& name) const {
    return good(x509::load_identity(places.certificate(name), places.key(name)));
  }
  x509::crl list(const std::string& of = "intermediate") const {
    return good(x509::load_crls(places.revocation_list(of))).front();
  }
  sign_request signing(const x509::private_key& key, const x509::distinguished_name& subject,
                       const alternative_names& names = {}) const {
    return {good(x509::request::make(key, subject, names)), profile::client, {}, {}, {}};
  }

  scratch folder;
  layout places{folder / "pki"};
};

TEST_F(a_life, goes_on_under_the_same_name_with_the_same_key_or_a_new_one) {
  const auto before = identity("alice");
  const auto renewed = good(renew("alice"));
  EXPECT_NE(renewed.leaf.serial(), before.leaf().serial());
  EXPECT_EQ(renewed.leaf.subject(), before.leaf().subject());
  EXPECT_TRUE(before.key.belongs_to(identity("alice").leaf()));
  good(renew("alice", true));
  EXPECT_FALSE(before.key.belongs_to(identity("alice").leaf()));
  EXPECT_EQ(good(x509::load_identity(places.p12("alice"))).leaf(), identity("alice").leaf());
  // What was replaced is kept, and its key as closed as ever.
  const auto kept = places.replaced() / ("alice." + before.leaf().serial() + ".key");
  EXPECT_TRUE(good(x509::load_bundle(kept)).key->belongs_to(before.leaf()));
  EXPECT_EQ(std::filesystem::status(kept).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(a_life, of_a_name_that_is_a_ca_s_goes_on_if_it_was_there_before_and_nobody_else_gets_it) {
  const auto issuer = good(load_issuer(places));
  const auto key = good(x509::private_key::generate());
  const auto spec =
      good(x509::describe_certificate(profile::client, {"intermediate", {"Acme"}, {}}, {}, key, std::chrono::days(9)));
  const auto leaf = good(x509::issue_certificate(spec, key.get(), issuer.leaf(), issuer.key));
  auto entry = to_record(leaf, "intermediate", profile::client, false);
  entry.state = record_state::issued;
  entry.has_key = false;
  good(opened().records().add(entry));
  good(file::create(places.certificate("intermediate"), leaf.pem() + issuer.leaf().pem(), file::access::everyone));
  EXPECT_EQ(message(renew("intermediate")), "(no failure)");
  revoke("intermediate");
  EXPECT_THAT(message(renew("intermediate")), HasSubstr("was revoked, and is not renewed: issue it anew under another "
                                                        "name, since 'intermediate' would be taken for a CA"));
  issue_request request;
  certified what;
  what.key = key.get();
  token_request token;
  for (const char* name : {"intermediate", "Root", "cross", "ocsp-root", "Acme Intermediate CA", "acme root  ca"}) {
    request.name = what.name = token.name = name;
    EXPECT_THAT(message(opened().issue(request)), HasSubstr("cannot be a name")) << name;
    EXPECT_THAT(message(opened().sign(signing(key, {name, {}, {}}))), HasSubstr("cannot be a name")) << name;
    EXPECT_THAT(message(opened().certify(what)), HasSubstr("cannot be a name")) << name;
    auto in = opened();
    EXPECT_THAT(message(make_token(in, token)), HasSubstr("cannot be a name")) << name;
  }
}

TEST_F(a_life, under_ocsp_and_a_few_digits_is_anybody_s_and_under_a_serial_number_of_a_ca_nobody_s) {
  issue("ocsp-1");
  issue("OCSP-beef");
  // As of a CA that was made elsewhere.
  auto in = opened();
  auto entry = good(in.records().newest_ca(profile::intermediate)).value();
  const auto own = entry.serial;
  entry.name = "cross";
  entry.serial = "1a";
  entry.sha256 = std::string(64, 'a');
  good(in.records().add(entry));
  issue("ocsp-1b");
  const auto key = good(x509::private_key::generate());
  issue_request request;
  certified what;
  what.key = key.get();
  token_request token;
  for (const auto& name : {"ocsp-1a", "OCSP-01A"}) {
    request.name = what.name = token.name = name;
    EXPECT_THAT(message(opened().issue(request)), HasSubstr("ocsp- and its serial number")) << name;
    EXPECT_THAT(message(opened().sign(signing(key, {name, {}, {}}))), HasSubstr("ocsp- and its serial number")) << name;
    EXPECT_THAT(message(opened().certify(what)), HasSubstr("ocsp- and its serial number")) << name;
    EXPECT_THAT(message(make_token(in, token)), HasSubstr("ocsp- and its serial number")) << name;
  }
  // As of those that will be made here.
  for (const auto& name : {"ocsp-" + own, "Ocsp-" + std::string(40, 'B')}) {
    EXPECT_THAT(message(check_is_no_ca_word(name)), HasSubstr("ocsp- and its serial number")) << name;
  }
}

TEST_F(a_life, keeps_its_names_and_its_length_when_it_is_renewed) {
  issue_request request;
  request.purpose = profile::peer;
  request.name = "node";
  request.names = {{"node.example"}, {"spiffe://acme/node"}, {"node@acme.example"}, {"192.0.2.1"}};
  request.lifetime = std::chrono::days(30);
  good(opened().issue(request));
  const auto renewed = good(renew("node"));
  EXPECT_EQ(renewed.leaf.names().dns, request.names.dns);
  EXPECT_EQ(renewed.leaf.names().uris, request.names.uris);
  EXPECT_EQ(renewed.leaf.names().ips, request.names.ips);
  EXPECT_EQ(renewed.leaf.names().emails, request.names.emails);
  EXPECT_TRUE(renewed.leaf.allows_server() && renewed.leaf.allows_client());
  EXPECT_LE(renewed.leaf.not_after(), now() + std::chrono::days(30));
  EXPECT_GE(renewed.leaf.not_after(), now() + std::chrono::days(30) - std::chrono::minutes(1));
}

TEST_F(a_life, is_not_renewed_after_its_end_by_revocation) {
  revoke("alice");
  EXPECT_THAT(message(renew("alice")), HasSubstr("was revoked, and is not renewed"));
  EXPECT_THAT(message(renew("nobody")), HasSubstr("nothing was issued to 'nobody'"));
  const auto again = issue("alice");
  EXPECT_EQ(identity("alice").leaf(), again.leaf);
}

TEST_F(a_life, on_hold_goes_on_only_when_it_is_released) {
  revoke("alice", revocation_reason::certificate_hold);
  EXPECT_THAT(message(renew("alice")), HasSubstr("is on hold"));
  issue_request request;
  request.name = "alice";
  EXPECT_THAT(message(opened().issue(request)), HasSubstr("is on hold"));
  auto in = opened();
  ASSERT_TRUE(in.revoke(good(in.identify("alice")), std::nullopt, {}));
  EXPECT_TRUE(renew("alice"));
}

TEST_F(a_life, is_found_by_name_serial_and_file_and_by_name_all_that_still_work) {
  const auto first = identity("alice").leaf();
  const auto second = good(renew("alice")).leaf;
  auto in = opened();
  EXPECT_EQ(good(in.identify("alice")).size(), 2U);
  EXPECT_EQ(good(in.identify(first.serial())).front().serial, first.serial());
  EXPECT_EQ(good(in.identify("0x" + first.serial())).size(), 1U);
  EXPECT_EQ(good(in.identify(places.certificate("alice").string())).front().serial, second.serial());
  EXPECT_EQ(in.identify("nobody").error().code(), errc::not_found);
  folder.write("other.crt", good(x509::load_certificates(places.trust())).front().pem());
  EXPECT_THAT(message(in.revoke(good(in.identify((folder / "other.crt").string())), revocation_reason::superseded, {})),
              HasSubstr("a root cannot be revoked"));
  // A word that means two things is refused: somebody else could lose what he has.
  // (A name that is a serial number is given to nobody any more, but was.)
  const auto issuer = good(load_issuer(places));
  const auto key = good(x509::private_key::generate());
  const auto spec =
      good(x509::describe_certificate(profile::client, {first.serial(), {}, {}}, {}, key, std::chrono::days(9)));
  const auto leaf = good(x509::issue_certificate(spec, key.get(), issuer.leaf(), issuer.key));
  auto entry = to_record(leaf, first.serial(), profile::client, false);
  entry.state = record_state::issued;
  good(in.records().add(entry));
  EXPECT_THAT(message(opened().identify(first.serial())), HasSubstr("means several things"));
}

TEST_F(a_life, ends_on_a_list_that_its_issuer_has_signed) {
  const auto alice = identity("alice");
  revoke("alice", revocation_reason::key_compromise);
  const auto made = good(opened().make_lists({}));
  EXPECT_TRUE(list().revokes(alice.leaf()));
  EXPECT_TRUE(list().is_signed_by(alice.chain[1]));
  EXPECT_FALSE(list().revokes(identity("localhost").leaf()));
  ASSERT_EQ(made.size(), 1U);  // The root's, made when its key was at hand, is still good.
  EXPECT_EQ(good(x509::load_crls(places.revocation_lists())).size(), 2U);
}

TEST_F(a_life, needs_the_roots_key_only_for_the_roots_list) {
  std::filesystem::rename(places.root_key(), folder / "away");
  revoke("alice");
  good(opened().make_lists({}));
  revoke(places.intermediate_certificate().string());
  EXPECT_THAT(message(opened().make_lists({})), HasSubstr("put it there for the moment, or name"));
  std::filesystem::rename(folder / "away", places.root_key());
  EXPECT_EQ(good(opened().make_lists({})).size(), 2U);
  EXPECT_TRUE(list("root").revokes(good(x509::load_certificates(places.intermediate_certificate())).front()));
}

TEST_F(a_life, makes_no_list_that_counts_less_than_the_one_that_is_there) {
  good(opened().make_lists({}));
  const auto issuer = good(load_issuer(places));
  const auto later = good(x509::make_crl({40, now(), now() + std::chrono::days(1), {}}, issuer.leaf(), issuer.key));
  folder.write("pki/intermediate.crl", later.der());
  EXPECT_THAT(message(opened().make_lists({})), HasSubstr("is older than it was"));
  EXPECT_EQ(list().der(), later.der());
}

TEST_F(a_life, of_a_key_from_elsewhere_begins_with_a_request_that_proves_it) {
  const auto key = good(x509::private_key::generate());
  const auto made =
      good(opened().sign(signing(key, {"bob", {"Other Org"}, {"admins"}}, {{}, {"spiffe://acme/bob"}, {}, {}})));
  EXPECT_EQ(made.leaf.subject(), "CN=bob,O=Acme");  // The organization is ours to give, and so is what policies go by.
  EXPECT_EQ(made.leaf.names().uris, std::vector<std::string>{"spiffe://acme/bob"});
  EXPECT_TRUE(key.belongs_to(made.leaf));
  EXPECT_FALSE(std::filesystem::exists(places.key("bob")));
  EXPECT_TRUE(renew("bob"));
  EXPECT_THAT(message(renew("bob", true)), HasSubstr("was not made here"));
  EXPECT_THAT(message(opened().sign(signing(key, {"alice", {}, {}}))), HasSubstr("was issued already"));
  EXPECT_EQ(opened().sign(signing(key, {"../evil", {}, {}})).error().code(), errc::bad_usage);
  EXPECT_THAT(message(opened().sign(signing(good(load_issuer(places)).key, {"eve", {}, {}}))),
              HasSubstr("its key is the authority's own"));
}

TEST_F(a_life, interrupted_in_a_renewal_is_finished_by_the_next) {
  const auto before = identity("alice");
  // As a process leaves it that is killed after the record: the new key is staged, the old files are there.
  const auto issuer = good(load_issuer(places));
  const auto key = good(x509::private_key::generate());
  const auto spec =
      good(x509::describe_certificate(profile::client, {"alice", {"Acme"}, {}}, {}, key, std::chrono::hours(24)));
  const auto leaf = good(x509::issue_certificate(spec, key.get(), issuer.leaf(), issuer.key));
  auto entry = to_record(leaf, "alice", profile::client, false);
  entry.replaces = before.leaf().serial();
  folder.write("pki/issued/." + entry.serial + ".key", key.pem().view());
  ASSERT_TRUE(opened().records().add(entry));
  issue("bob");
  EXPECT_EQ(identity("alice").leaf(), leaf);
  EXPECT_TRUE(std::filesystem::exists(places.replaced() / ("alice." + before.leaf().serial() + ".crt")));
}

TEST_F(a_life, that_a_backup_forgot_is_put_back_and_nobody_is_let_in_by_it) {
  std::filesystem::copy_file(places.inventory(), folder / "backup");
  issue("bob");
  const auto bob = identity("bob").leaf();
  revoke("bob");
  good(opened().make_lists({}));
  std::filesystem::remove(places.inventory());
  std::filesystem::remove(places.inventory().string() + "-wal");
  std::filesystem::rename(folder / "backup", places.inventory());
  std::filesystem::remove(places.certificate("bob"));
  EXPECT_THAT(message(pki::open(folder / "pki")), HasSubstr("is older than it was"));
  const auto told = good(recover(folder / "pki", {}));
  EXPECT_EQ(told.unknown, std::vector<std::string>{bob.serial()});
  good(opened().make_lists({}));
  EXPECT_TRUE(list().revokes(bob));
  EXPECT_GT(list().number(), "1");
}

TEST_F(a_life, is_due_at_two_thirds) {
  const auto leaf = identity("alice").leaf();
  const auto life = leaf.not_after() - leaf.not_before();
  EXPECT_FALSE(is_due(leaf, 66, leaf.not_before() + life * 65 / 100));
  EXPECT_TRUE(is_due(leaf, 66, leaf.not_before() + life * 67 / 100));
  EXPECT_TRUE(is_due(leaf, 66, leaf.not_after() + std::chrono::hours(1)));
}

}  // namespace
}  // namespace mutual::authority
