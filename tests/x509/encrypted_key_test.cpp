// Private keys that are of no use without their password.

#include "x509/encrypted_key.hpp"

#include "x509/bundle.hpp"
#include "x509/scratch.hpp"

#include <gmock/gmock.h>

namespace mutual::x509 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class an_encrypted_key : public ::testing::TestWithParam<key_kind> {
 protected:
  scratch folder;
};

TEST_P(an_encrypted_key, is_opened_by_its_password_alone_here_and_by_openssl) {
  const auto key = private_key::generate(GetParam());
  ASSERT_TRUE(key);
  const auto pem = encrypted_pem(*key, "sesame");
  ASSERT_TRUE(pem) << pem.error().message();
  EXPECT_THAT(std::string(pem->view()), HasSubstr("BEGIN ENCRYPTED PRIVATE KEY"));
  const auto read = read_bundle(pem->view(), "sesame", "key");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(EVP_PKEY_eq(read->key->get(), key->get()), 1);
  EXPECT_FALSE(read_bundle(pem->view(), "wrong", "key"));
  const auto without = read_bundle(pem->view(), {}, "key");
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code(), errc::password_needed);
  folder.write("key", pem->view());
  EXPECT_EQ(folder.run("openssl pkey -in key -passin pass:sesame"), std::string(key->pem().view()));
  EXPECT_NE(folder.attempt("openssl pkey -in key -passin pass:wrong -noout").first, 0);
  // What the password is stretched by, and what it then opens.
  const auto structure = folder.run("openssl asn1parse -in key");
  EXPECT_THAT(structure, HasSubstr("scrypt"));
  EXPECT_THAT(structure, HasSubstr("aes-256-cbc"));
}

INSTANTIATE_TEST_SUITE_P(of_every_kind, an_encrypted_key,
                         ::testing::Values(key_kind::p256, key_kind::p384, key_kind::ed25519, key_kind::rsa2048));

TEST(encrypted_pem, is_salted_and_takes_no_empty_password) {
  const auto key = private_key::generate();
  ASSERT_TRUE(key);
  EXPECT_NE(encrypted_pem(*key, "sesame")->view(), encrypted_pem(*key, "sesame")->view());
  const auto open = encrypted_pem(*key, {});
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code(), errc::bad_usage);
}

}  // namespace
}  // namespace mutual::x509
