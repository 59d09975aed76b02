#include "x509/alternative_names.hpp"

#include "x509/certificate.hpp"

namespace mutual::x509 {
namespace {

using ::testing::HasSubstr;

TEST(a_name, is_told_by_its_content) {
  alternative_names names;
  for (const char* one :
       {"localhost", "WWW.Example.COM", "*.a.example", "192.0.2.1", "::1", "[2001:DB8::1]", "spiffe://acme/ops/bob",
        "https://a.example:8443/x?y=%20", "urn:uuid:6ba7b810", "bob@acme.example"}) {
    EXPECT_TRUE(add_by_content(names, one)) << one;
  }
  EXPECT_EQ(names.dns, (std::vector<std::string>{"localhost", "www.example.com", "*.a.example"}));
  EXPECT_EQ(names.ips, (std::vector<std::string>{"192.0.2.1", "::1", "2001:db8::1"}));
  EXPECT_EQ(names.uris,
            (std::vector<std::string>{"spiffe://acme/ops/bob", "https://a.example:8443/x?y=%20", "urn:uuid:6ba7b810"}));
  EXPECT_EQ(names.emails, std::vector<std::string>{"bob@acme.example"});
}

TEST(a_name, that_is_there_is_not_added_again) {
  alternative_names names;
  EXPECT_TRUE(add_by_content(names, "a.example"));
  EXPECT_TRUE(add_by_content(names, "A.example"));
  EXPECT_TRUE(add_by_content(names, "::1"));
  EXPECT_TRUE(add_by_content(names, "0:0:0:0:0:0:0:1"));
  EXPECT_EQ(names.dns.size(), 1U);
  EXPECT_EQ(names.ips.size(), 1U);
}

TEST(a_name, that_is_not_well_formed_is_refused_and_nothing_added) {
  const std::vector<std::string> bad = {"",
                                        " ",
                                        "a b",
                                        "-a.example",
                                        "a-.example",
                                        "a..b",
                                        "a.",
                                        ".a",
                                        "*",
                                        "*.",
                                        "a.*.b",
                                        "*a.example",
                                        "under_score.example",
                                        "300.1.1.1",
                                        "1.2.3",
                                        "192.0.2.0/24",
                                        "a.example:443",
                                        "bücher.example",
                                        std::string(64, 'a') + ".example",
                                        std::string(250, 'a') + ".example",
                                        std::string("a.example\0.evil", 15),
                                        std::string("192.0.2.1\0", 10),
                                        "a@b@c.example",
                                        "@a.example",
                                        "a@",
                                        "a..b@c.example",
                                        "Bob <bob@a.example>",
                                        "bob@*.a.example",
                                        "://a",
                                        "1a://b",
                                        "spiffe://",
                                        "spiffe:///x",
                                        "spiffe://a/b c",
                                        "spiffe://a/%zz",
                                        "spiffe://a/%2",
                                        "spiffe://a/\n",
                                        "spiffe://a/" + std::string(2048, 'x')};
  for (const auto& one : bad) {
    alternative_names names;
    const auto added = add_by_content(names, one);
    ASSERT_FALSE(added) << one;
    EXPECT_TRUE(names.empty()) << one;
    EXPECT_EQ(added.error().code(), errc::bad_usage);
  }
}

TEST(a_name, of_another_script_gets_advice) {
  alternative_names names;
  EXPECT_THAT(add_by_content(names, "bücher.example").error().message(), HasSubstr("xn--"));
  EXPECT_THAT(add_by_content(names, "a.example:443").error().message(), HasSubstr("leave out the port"));
}

TEST(names, survive_the_way_into_a_certificate_and_back) {
  const alternative_names names{{"a.example"}, {"spiffe://a/b"}, {"a@b.example"}, {"192.0.2.1", "2001:db8::1"}};
  const auto made = to_general_names(names);
  ASSERT_TRUE(made);
  const auto back = read_names(made->get());
  EXPECT_EQ(back.dns, names.dns);
  EXPECT_EQ(back.uris, names.uris);
  EXPECT_EQ(back.emails, names.emails);
  EXPECT_EQ(back.ips, names.ips);
}

TEST(names, are_checked_before_they_go_into_a_certificate) {
  EXPECT_FALSE(to_general_names({{"a b"}, {}, {}, {}}));
  EXPECT_FALSE(to_general_names({{}, {"no scheme"}, {}, {}}));
  EXPECT_FALSE(to_general_names({{}, {}, {"nobody"}, {}}));
  EXPECT_FALSE(to_general_names({{}, {}, {}, {"1.2.3"}}));
}

}  // namespace
}  // namespace mutual::x509
