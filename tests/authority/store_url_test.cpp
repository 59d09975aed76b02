// URLs of an inventory's database: what they may say.

#include "authority/store_url.hpp"

#include "support/outcome.hpp"

#include <gmock/gmock.h>

namespace mutual::authority {
namespace {

using test::good;
using test::message;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(a_store_url, is_postgresqls) {
  for (const char* url :
       {"postgresql://ca.example/pki", "postgres://mutual@%2Frun%2Fpostgresql/pki?sslmode=verify-full",
        "postgresql://a:5432,[::1]:5433/pki", "postgresql:///pki?host=%2Frun"}) {
    EXPECT_EQ(good(checked_store_url(url)), url);
  }
  EXPECT_THAT(message(checked_store_url("mysql://me:sesame@host/pki")), HasSubstr("'mysql' is no store"));
  EXPECT_THAT(message(checked_store_url("mysql://me:sesame@host/pki")), Not(HasSubstr("sesame")));
  EXPECT_THAT(message(checked_store_url("me:sesame@host/pki")), HasSubstr("'me' is no store"));
  EXPECT_THAT(message(checked_store_url("pki")), HasSubstr("'pki' is no store"));
}

// PostgreSQL's library reads a "?" before the "@" as part of the password, and undoes escapes in the names of options.
TEST(a_store_url, holds_no_password_in_any_way_that_would_be_read_as_one) {
  for (const char* url : {"postgresql://me:sesame@host/pki", "postgresql://me:ses?ame@host/pki",
                          "postgresql://host/pki?password=sesame", "postgresql://host/pki?pass%77ord=sesame",
                          "postgresql://host/pki?sslpassword=sesame", "postgresql://host/pki?sslp%61ssword=sesame"}) {
    EXPECT_THAT(message(checked_store_url(url)), HasSubstr("holds no password")) << url;
    EXPECT_THAT(message(checked_store_url(url)), Not(HasSubstr("sesame"))) << url;
  }
}

TEST(a_store_url, is_refused_at_once_if_nobody_could_read_it) {
  for (const char* url : {"postgresql://host/%zz", "postgresql://host/pki?colour=red", "postgresql://[::1/pki"}) {
    EXPECT_THAT(message(checked_store_url(url)), HasSubstr("none that PostgreSQL's library can read")) << url;
  }
  EXPECT_THAT(message(checked_store_url("postgresql://host/p\nki")), HasSubstr("printable text"));
  EXPECT_THAT(message(checked_store_url("postgresql://host/" + std::string(5000, 'x'))), HasSubstr("4096 characters"));
}

}  // namespace
}  // namespace mutual::authority
