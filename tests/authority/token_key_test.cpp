// Keys in PKCS#11 tokens: what their URIs may say.

#include "authority/token_key.hpp"

#include "x509/scratch.hpp"

#include <gmock/gmock.h>

namespace mutual::authority {
namespace {

using ::testing::HasSubstr;

std::string refusal(std::string_view uri) {
  const auto opened = open_token_key(uri);
  return opened ? "(no failure)" : opened.error().message();
}

TEST(a_token_key, is_told_from_a_key_and_from_a_file) {
  EXPECT_TRUE(names_token_key("pkcs11:token=acme;object=ca"));
  EXPECT_FALSE(names_token_key("-----BEGIN PRIVATE KEY-----"));
  EXPECT_FALSE(names_token_key("pki/intermediate.key"));
  EXPECT_THAT(refusal("pki/intermediate.key"), HasSubstr("is no key in a token: write pkcs11:"));
}

TEST(a_token_key, has_no_pin_in_its_uri) {
  for (const char* uri : {"pkcs11:token=acme;object=ca?pin-value=1234", "pkcs11:token=acme;pin-value=1234"}) {
    EXPECT_THAT(refusal(uri), HasSubstr("a token's URI holds no PIN"));
    EXPECT_THAT(refusal(uri), testing::Not(HasSubstr("1234")));
  }
}

TEST(a_token_key, is_named_by_what_is_known_and_printable) {
  EXPECT_THAT(refusal("pkcs11:token=acme?colour=red"), HasSubstr("'colour' is not known"));
  EXPECT_THAT(refusal("pkcs11:token=acme?PIN=1234"), testing::Not(HasSubstr("1234")));
  EXPECT_THAT(refusal("pkcs11:token=acme?pin-source=a&pin-source=b"), HasSubstr("pin-source stands twice"));
  for (const char* nothing : {"module-path", "module-path=", "pin-source=file:", "pin-source=/run/pin%00.old"}) {
    EXPECT_THAT(refusal("pkcs11:token=acme?" + std::string(nothing)), HasSubstr("names no file"));
  }
  EXPECT_THAT(refusal("pkcs11:token=acme?"), HasSubstr("cannot use the token"));
  EXPECT_THAT(refusal("pkcs11:token=a\ncme"), HasSubstr("is printable text"));
  EXPECT_THAT(refusal("pkcs11:" + std::string(5000, 'x')), HasSubstr("up to 4096 characters"));
}

TEST(a_token_key, takes_its_pin_from_the_first_line_of_a_file) {
  const scratch folder;
  const auto from = [&](const std::string& name) {
    return "pkcs11:token=acme?pin-source=file:" + (folder / name).string();
  };
  EXPECT_THAT(refusal(from("none")), HasSubstr("No such file"));
  folder.write("empty", "\n1234");
  EXPECT_THAT(refusal(from("empty")), HasSubstr("holds no PIN: its first line is empty"));
  // The token would be asked with what stands before it alone.
  folder.write("nul", std::string("12\00034\n", 6));
  EXPECT_THAT(refusal(from("nul")), HasSubstr("nul: a PIN cannot hold a NUL byte"));
}

}  // namespace
}  // namespace mutual::authority
