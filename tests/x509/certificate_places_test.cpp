// Where certificates say that more about them is found: written and read back.
#include "x509/certificate_places.hpp"

#include "support/outcome.hpp"
#include "support/pki.hpp"
#include "x509/profile.hpp"

namespace mutual::x509 {
namespace {

using test::good;

certificate_places written_and_read(const certificate_places& places) {
  const auto key = good(private_key::generate());
  auto spec = good(describe_certificate(profile::client, {"leaf", {"Acme"}, {}}, {}, key, std::chrono::hours(1)));
  spec.places = places;
  return places_in(good(make_self_signed(spec, key)).get());
}

TEST(certificate_places, are_read_as_they_were_written) {
  const certificate_places all{"http://pki.acme.example/ocsp", "http://pki.acme.example/issuer/1f.crt",
                               "http://pki.acme.example/crl/1f.crl"};
  EXPECT_EQ(written_and_read(all), all);
  for (const auto& some : {certificate_places{all.ocsp, "", ""}, certificate_places{"", all.issuer, ""},
                           certificate_places{"", "", all.list}, certificate_places{"", all.issuer, all.list}}) {
    EXPECT_EQ(written_and_read(some), some);
  }
}

TEST(certificate_places, leave_no_extension_where_there_are_none) {
  const auto key = good(private_key::generate());
  const auto spec = good(describe_certificate(profile::client, {"leaf", {}, {}}, {}, key, std::chrono::hours(1)));
  const auto made = good(make_self_signed(spec, key));
  EXPECT_EQ(X509_get_ext_by_NID(made.get(), NID_info_access, -1), -1);
  EXPECT_EQ(X509_get_ext_by_NID(made.get(), NID_crl_distribution_points, -1), -1);
  EXPECT_EQ(places_in(made.get()), certificate_places{});
}

TEST(certificate_places, are_the_first_urls_that_others_have_written) {
  auto contents = test::client_spec();
  contents.more = {{"authorityInfoAccess",
                    "caIssuers;email:a@acme.example,OCSP;DNS:acme.example,OCSP;URI:http://one/,OCSP;URI:http://two/"},
                   {"crlDistributionPoints", "email:a@acme.example,URI:ldap://three/,URI:http://four/"}};
  const auto made = test::self_signed(contents);
  EXPECT_EQ(places_in(made.certificate()), (certificate_places{"http://one/", "", "ldap://three/"}));
}

TEST(certificate_places, that_cannot_be_read_are_none) {
  auto contents = test::client_spec();
  contents.more = {{"authorityInfoAccess", "DER:0500"}, {"crlDistributionPoints", "DER:3003020101"}};
  EXPECT_EQ(places_in(test::self_signed(contents).certificate()), certificate_places{});
}

}  // namespace
}  // namespace mutual::x509
