// Name constraints as they are written, and as they are held against what is issued.

#include "x509/name_constraints.hpp"

#include "x509/profile.hpp"
#include "x509/scratch.hpp"

namespace mutual::x509 {
namespace {

using ::testing::HasSubstr;

template <class T>
T good(result<T> made) {
  EXPECT_TRUE(made) << made.error().message();
  return *std::move(made);
}

ip_range range(std::string_view text) { return good(ip_range_from_text(text)); }

TEST(ip_ranges, hold_their_addresses_and_no_others) {
  EXPECT_TRUE(range("10.0.0.0/8").contains("10.9.8.7"));
  EXPECT_FALSE(range("10.0.0.0/8").contains("11.0.0.0"));
  EXPECT_FALSE(range("10.0.0.0/8").contains("::ffff:10.0.0.1"));
  EXPECT_TRUE(range("192.0.2.128/25").contains("192.0.2.129"));
  EXPECT_FALSE(range("192.0.2.128/25").contains("192.0.2.127"));
  EXPECT_TRUE(range("0.0.0.0/0").contains("203.0.113.9"));
  EXPECT_TRUE(range("2001:db8::/32").contains("2001:db8:ffff::"));
  EXPECT_TRUE(range("::1").contains("::1"));
  EXPECT_FALSE(range("::1").contains("::2"));
  for (const char* wrong :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.1/8", "::/129", "ten", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(ip_range_from_text(wrong)) << wrong;
  }
}

class constrained : public ::testing::Test {
 protected:
  certificate ca_with(const name_constraints& of) const {
    auto spec = good(describe_certificate(profile::root, {"CA", {}, {}}, {}, key, std::chrono::days(99)));
    spec.others.push_back(good(to_extension(of)));
    return good(make_self_signed(spec, key));
  }
  bool issues(const certificate& ca, alternative_names names, std::string common_name = "somebody") const {
    const bool serves = !names.dns.empty() || !names.ips.empty();
    auto spec = good(describe_certificate(serves ? profile::server : profile::client, {std::move(common_name), {}, {}},
                                          std::move(names), key, std::chrono::days(9)));
    return issue_certificate(spec, key.get(), ca, key).has_value();
  }
  private_key key = good(private_key::generate());
};

TEST_F(constrained, openssl_reads_what_we_write) {
  const scratch folder;
  folder.write("ca.crt",
               ca_with({{"acme.example"}, {".acme.example"}, {range("10.0.0.0/8"), range("2001:db8::/32")}}).pem());
  const auto said = folder.run("openssl x509 -in ca.crt -noout -text");
  for (const char* part : {"Name Constraints: critical", "DNS:acme.example", "email:.acme.example",
                           "IP:10.0.0.0/255.0.0.0", "IP:2001:DB8:0:0:0:0:0:0/FFFF:FFFF:0:0:0:0:0:0"}) {
    EXPECT_THAT(said, HasSubstr(part));
  }
}

TEST_F(constrained, a_ca_issues_only_what_its_own_certificate_permits) {
  const auto ca = ca_with({{"acme.example"}, {"acme.example"}, {range("10.0.0.0/8")}});
  EXPECT_TRUE(issues(ca, {{"a.acme.example"}, {}, {}, {"10.1.2.3"}}));
  EXPECT_TRUE(issues(ca, {{}, {"spiffe://any/where"}, {"a@acme.example"}, {}}));
  EXPECT_FALSE(issues(ca, {{"a.evil.example"}, {}, {}, {}}));
  EXPECT_FALSE(issues(ca, {{}, {}, {}, {"192.0.2.1"}}));
  EXPECT_FALSE(issues(ca, {{}, {}, {"a@evil.example"}, {}}));
  EXPECT_FALSE(issues(ca, {}, "www.evil.example"));
}

// The subject that a certificate of these names has below it.
TEST_F(constrained, an_address_is_no_common_name_below_constraints_of_dns_names) {
  name_constraints some;
  some.ips = {range("10.0.0.0/8"), range("2001:db8::/32")};
  const auto free = ca_with(some);
  some.no_dns = true;
  const auto without_dns = ca_with(some);
  some.no_dns = false;
  some.dns = {"acme.example"};
  const auto with_dns = ca_with(some);
  const auto fitted = [&](const certificate& ca, const std::vector<certificate>& above, std::string name,
                          alternative_names names) {
    auto spec = good(describe_certificate(profile::peer, {std::move(name), {"Acme"}, {}}, std::move(names), key,
                                          std::chrono::days(9)));
    leave_out_address(spec, ca, above);
    const auto made = issue_certificate(spec, key.get(), ca, key);
    return made && (above.empty() || check_constraints_of(above, *made)) ? made->subject() : "refused";
  };
  const alternative_names four{{}, {}, {}, {"10.1.0.9"}}, six{{}, {}, {}, {"2001:db8::1"}};
  EXPECT_EQ(fitted(free, {}, "10.1.0.9", four), "CN=10.1.0.9,O=Acme");
  for (const auto& ca : {without_dns, with_dns}) {
    EXPECT_EQ(fitted(ca, {}, "10.1.0.9", four), "O=Acme");
    EXPECT_EQ(fitted(ca, {}, "2001:DB8::1", six), "O=Acme");
    EXPECT_EQ(fitted(free, {ca}, "10.1.0.9", four), "O=Acme");
    EXPECT_EQ(fitted(ca, {}, "somebody", four), "CN=somebody,O=Acme");
    // One that it is not called by is nobody's address.
    EXPECT_EQ(fitted(ca, {}, "10.1.0.8", four), "refused");
  }
}

TEST_F(constrained, what_is_left_of_a_subject_is_not_the_issuer_s_own) {
  auto spec = good(describe_certificate(profile::root, {{}, {"Acme"}, {}}, {}, key, std::chrono::days(99)));
  name_constraints none;
  none.no_dns = true;
  spec.others.push_back(good(to_extension(none)));
  const auto ca = good(make_self_signed(spec, key));
  auto leaf = good(describe_certificate(profile::server, {"10.1.0.9", {"Acme"}, {}}, {{}, {}, {}, {"10.1.0.9"}}, key,
                                        std::chrono::days(9)));
  leave_out_address(leaf, ca, {});
  EXPECT_TRUE(leaf.subject.empty());
  EXPECT_FALSE(good(issue_certificate(leaf, key.get(), ca, key)).is_self_issued());
}

TEST_F(constrained, none_at_all_is_none_of_that_kind) {
  name_constraints none;
  none.no_dns = none.no_ips = true;
  const auto ca = ca_with(none);
  EXPECT_FALSE(issues(ca, {{"a.acme.example"}, {}, {}, {}}));
  EXPECT_FALSE(issues(ca, {{}, {}, {}, {"192.0.2.1"}}));
  EXPECT_FALSE(issues(ca, {{}, {}, {}, {"2001:db8::1"}}));
  EXPECT_TRUE(issues(ca, {{}, {"spiffe://any/where"}, {}, {}}));
}

}  // namespace
}  // namespace mutual::x509
