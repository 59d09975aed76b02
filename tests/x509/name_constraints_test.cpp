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
