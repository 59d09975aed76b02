#include "x509/peer.hpp"

#include "base/text.hpp"
#include "support/pki.hpp"

#include <array>

namespace mutual::x509 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

result<std::shared_ptr<const peer>> peer_of(const test::identity& who) {
  const std::array chain{who.certificate()};
  return make_peer(chain);
}

TEST(peer, tells_everything_that_its_certificate_says) {
  const auto pki = test::make_pki();
  auto contents = test::client_spec();
  contents.serial = 0x00abcdef;
  contents.alternative_names =
      "URI:spiffe://acme/ops/alice,email:alice@acme.example,DNS:alice.acme.example,IP:192.0.2.1,IP:2001:db8::1";
  contents.at = sys_seconds(std::chrono::seconds(1'800'000'000));
  const auto alice = test::issue(pki.intermediate, contents);
  const std::array chain{alice.certificate(), pki.intermediate.certificate(), pki.root.certificate()};

  const auto made = make_peer(chain);
  ASSERT_TRUE(made) << made.error().message();
  const peer& who = **made;
  EXPECT_EQ(who.name(), "alice");
  EXPECT_EQ(who.subject(), "CN=alice,O=Acme");
  EXPECT_EQ(who.common_name(), "alice");
  EXPECT_THAT(who.organizations(), ElementsAre("Acme"));
  EXPECT_TRUE(who.organizational_units().empty());
  EXPECT_THAT(who.uris(), ElementsAre("spiffe://acme/ops/alice"));
  EXPECT_THAT(who.emails(), ElementsAre("alice@acme.example"));
  EXPECT_THAT(who.dns_names(), ElementsAre("alice.acme.example"));
  EXPECT_THAT(who.ips(), ElementsAre("192.0.2.1", "2001:db8::1"));
  EXPECT_EQ(who.issuer(), "CN=Acme Intermediate,O=Acme");
  EXPECT_EQ(who.serial(), "abcdef");
  EXPECT_EQ(who.sha256().size(), 64U);
  EXPECT_EQ(who.sha256(), text::hex(sha256(alice.certificate())));
  EXPECT_EQ(who.not_before(), contents.at + contents.begins_in);
  EXPECT_EQ(who.not_after(), contents.at + contents.ends_in);
  EXPECT_EQ(who.chain_not_after(), std::min(who.not_after(), now() + std::chrono::hours(24 * 3650)));
  EXPECT_THAT(who.chain(), ElementsAre(alice.der(), pki.intermediate.der(), pki.root.der()));
}

TEST(peer, chain_ends_when_its_first_certificate_does) {
  auto soon = test::root_spec();
  soon.ends_in = std::chrono::hours(1);
  const auto root = test::self_signed(soon);
  const auto alice = test::issue(root, test::client_spec());
  const std::array chain{alice.certificate(), root.certificate()};
  const auto made = make_peer(chain);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->chain_not_after(), soon.at + soon.ends_in);
  EXPECT_GT((*made)->not_after(), (*made)->chain_not_after());
}

TEST(peer, without_a_common_name_is_called_by_its_first_alternative_name) {
  const auto named = [](const std::string& names) {
    auto contents = test::client_spec("");
    contents.alternative_names = names;
    return (*peer_of(test::self_signed(contents)))->name();
  };
  EXPECT_EQ(named("DNS:a.example,email:a@b.example,URI:spiffe://acme/a"), "spiffe://acme/a");
  EXPECT_EQ(named("DNS:a.example,email:a@b.example"), "a@b.example");
  EXPECT_EQ(named("IP:192.0.2.1,DNS:a.example"), "a.example");
  EXPECT_EQ(named("IP:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(named(""), "O=Acme");
}

test::identity called(const std::string& common_name) {
  auto contents = test::client_spec(common_name);
  contents.alternative_names.clear();
  return test::self_signed(contents);
}

TEST(peer, names_of_other_scripts_stay_readable) {
  const auto made = peer_of(called("앨리스"));
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ((*made)->name(), "앨리스");
  EXPECT_EQ((*made)->subject(), "CN=앨리스,O=Acme");
}

TEST(peer, special_characters_of_a_subject_are_escaped_as_rfc_4514_wants) {
  const auto made = peer_of(called("a,b+c"));
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->subject(), "CN=a\\,b\\+c,O=Acme");
  EXPECT_EQ((*made)->common_name(), "a,b+c");
}

TEST(peer, control_characters_in_a_name_are_refused) {
  for (const auto& name : {std::string("admin\0.evil", 11), std::string("a\r\nX-Admin: yes"), std::string("a\x7f")}) {
    const auto made = peer_of(called(name));
    ASSERT_FALSE(made) << text::printable(name);
    EXPECT_THAT(made.error().message(), HasSubstr("common name"));
  }
}

// Subject alternative names as bytes, for what OpenSSL's configuration syntax cannot say.
test::identity with_names(const std::string& der_hex) {
  auto contents = test::client_spec();
  contents.alternative_names.clear();
  contents.more = {{"subjectAltName", "DER:" + der_hex}};
  return test::self_signed(contents);
}

TEST(peer, alternative_names_that_no_program_reads_alike_are_refused) {
  EXPECT_THAT((*peer_of(with_names("30058203612e62")))->dns_names(), ElementsAre("a.b"));
  for (const auto* bad : {
           "30058203610062",   // DNS "a\0b"
           "30058203612062",   // DNS "a b"
           "300582 03c3a962",  // DNS, not ASCII
           "30028200",         // DNS, empty
           "30058603610d0a",   // URI with a line break
           "3005870301 0203",  // an address of three bytes
           "3003820561",       // cut short
       }) {
    std::string hex(bad);
    std::erase(hex, ' ');
    EXPECT_FALSE(peer_of(with_names(hex))) << bad;
  }
}

TEST(peer, thousands_of_alternative_names_are_refused_before_they_are_read) {
  auto contents = test::client_spec();
  contents.alternative_names = "DNS:a0.example";
  for (int at = 1; at <= most_alternative_names; ++at) {
    contents.alternative_names += ",DNS:a" + std::to_string(at) + ".example";
  }
  const auto made = peer_of(test::self_signed(contents));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), errc::limit_exceeded);
}

TEST(peer, serials_are_written_in_hex_without_leading_zeros) {
  auto contents = test::client_spec();
  contents.serial = 10;
  EXPECT_EQ(serial_text(test::self_signed(contents).certificate()), "a");
  contents.serial = 0x100;
  EXPECT_EQ(serial_text(test::self_signed(contents).certificate()), "100");
}

}  // namespace
}  // namespace mutual::x509
