// A CA that was made elsewhere: taken only if what it issues is believed, and held to what all above it permit.

#include "authority/list_numbers.hpp"
#include "authority/mint.hpp"
#include "ca_from_elsewhere.hpp"

#include <gmock/gmock.h>

namespace mutual::authority {
namespace {

using test::good;
using test::message;
using ::testing::HasSubstr;
using x509::profile;

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
