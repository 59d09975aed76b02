// Entries of other people's revocation lists: what an inventory takes of them.

#include "authority/listed_revocation.hpp"

#include "support/outcome.hpp"
#include "x509/openssl.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace mutual::authority {
namespace {

using test::good;
using test::message;
using ::testing::HasSubstr;

using entry_ptr = std::unique_ptr<X509_REVOKED, x509::freed_by<X509_REVOKED_free>>;

entry_ptr entry(const std::string& serial, std::optional<long> reason = std::nullopt) {
  entry_ptr made(X509_REVOKED_new());
  BIGNUM* number = nullptr;
  BN_hex2bn(&number, serial.c_str());
  const x509::bignum_ptr kept(number);
  const x509::asn1_integer_ptr integer(BN_to_ASN1_INTEGER(number, nullptr));
  X509_REVOKED_set_serialNumber(made.get(), integer.get());
  if (reason) {
    const std::unique_ptr<ASN1_ENUMERATED, x509::freed_by<ASN1_ENUMERATED_free>> code(ASN1_ENUMERATED_new());
    ASN1_ENUMERATED_set(code.get(), *reason);
    X509_REVOKED_add1_ext_i2d(made.get(), NID_crl_reason, code.get(), 0, 0);
  }
  return made;
}

TEST(a_listed_revocation, has_a_reason_of_the_rfc_or_none) {
  EXPECT_EQ(good(read_listed(entry("0a").get())).serial, "a");
  EXPECT_EQ(good(read_listed(entry("0a").get())).reason, revocation_reason::unspecified);
  EXPECT_EQ(good(read_listed(entry("0a", 1).get())).reason, revocation_reason::key_compromise);
  EXPECT_EQ(good(read_listed(entry("0a", 6).get())).reason, revocation_reason::certificate_hold);
  for (const long unknown : {7L, 11L, 200L, -1L}) {
    EXPECT_EQ(good(read_listed(entry("0a", unknown).get())).reason, revocation_reason::unspecified) << unknown;
  }
  EXPECT_EQ(good(read_listed(entry("0a", 8).get())).reason, std::nullopt);
}

TEST(a_listed_revocation, is_refused_if_no_list_of_ours_could_say_it) {
  EXPECT_EQ(good(read_listed(entry(std::string(40, 'f')).get())).serial, std::string(40, 'f'));
  EXPECT_THAT(message(read_listed(entry("-5").get())), HasSubstr("names the serial number -5"));
  EXPECT_THAT(message(read_listed(entry("1" + std::string(40, '0')).get())), HasSubstr("no certificate may have"));
}

}  // namespace
}  // namespace mutual::authority
