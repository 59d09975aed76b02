// Reasons: their words, their names, and the alerts that OpenSSL really sends for them.
#include "tls/reason_alert.hpp"

#include <mutual/reason.hpp>

#include <openssl/ssl.h>

namespace mutual {
namespace {

std::vector<reason> all_reasons() {
  std::vector<reason> all;
  for (int at = 0; at <= static_cast<int>(reason::probe); ++at) all.push_back(static_cast<reason>(at));
  return all;
}

TEST(reasons, each_has_a_name_of_its_own_that_leads_back_to_it) {
  for (const auto code : all_reasons()) EXPECT_EQ(reason_from_string(to_string(code)), code) << to_string(code);
  EXPECT_EQ(to_string(reason::intermediate_missing), "intermediate_missing");
  EXPECT_FALSE(reason_from_string("no_such_reason"));
  EXPECT_FALSE(reason_from_string(""));
}

TEST(reasons, each_says_in_a_sentence_what_it_means_and_what_to_do) {
  for (const auto code : all_reasons()) {
    EXPECT_GT(meaning(code).size(), 20U) << to_string(code);
    EXPECT_GT(remedy(code).size(), 20U) << to_string(code);
    EXPECT_EQ(meaning(code).back(), '.') << to_string(code);
    EXPECT_NE(meaning(code), remedy(code)) << to_string(code);
  }
}

TEST(reasons, only_missing_or_stale_revocation_lists_are_the_servers_fault) {
  for (const auto code : all_reasons()) {
    EXPECT_EQ(is_servers_fault(code), code == reason::revocation_unknown || code == reason::revocation_stale)
        << to_string(code);
  }
}

TEST(reasons, the_servers_fault_is_never_told_as_a_bad_expired_or_revoked_certificate) {
  for (const auto code : all_reasons()) {
    if (!is_servers_fault(code)) continue;
    EXPECT_EQ(tls::alert_for(code), SSL_AD_CERTIFICATE_UNKNOWN) << to_string(code);
  }
}

TEST(reasons, a_missing_certificate_has_its_own_alert_in_tls_1_3_only) {
  EXPECT_EQ(tls::alert_for(reason::no_certificate, tls::version::v1_3), SSL_AD_CERTIFICATE_REQUIRED);
  EXPECT_EQ(tls::alert_for(reason::no_certificate, tls::version::v1_2), SSL_AD_HANDSHAKE_FAILURE);
}

TEST(reasons, where_nobody_would_understand_an_alert_none_is_sent) {
  EXPECT_FALSE(tls::alert_for(reason::not_tls));
  EXPECT_FALSE(tls::alert_for(reason::probe));
  EXPECT_FALSE(tls::alert_for(reason::handshake_timeout));
}

}  // namespace
}  // namespace mutual
