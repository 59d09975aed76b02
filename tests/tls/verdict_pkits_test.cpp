// NIST PKITS 1.0.1: path validation with policies, name constraints and revocation.
#include "base/text.hpp"
#include "support/judging.hpp"
#include "support/suites.hpp"
#include "tls/library_context.hpp"
#include "tls/trust.hpp"
#include "tls/verdict.hpp"
#include "tls/whole_chain.hpp"
#include "x509/list_files.hpp"

#include <boost/json.hpp>

#include <set>

namespace mutual::tls {
namespace {

namespace json = boost::json;

enum class lists { compact_where_possible, as_openssl_reads_them };

x509::bundle read(const json::value& by_name, const json::value& names, lists as) {
  x509::bundle all;
  for (const auto& name : names.as_array()) {
    const std::string text(by_name.at(name.as_string()).as_string());
    const auto one = as == lists::compact_where_possible ? x509::read_bundle_to_judge_by(text, "a PKITS file")
                                                         : x509::read_bundle(text, "", "a PKITS file");
    if (!one) continue;
    all.certificates.insert(all.certificates.end(), one->certificates.begin(), one->certificates.end());
    all.lookup_lists.insert(all.lookup_lists.end(), one->lookup_lists.begin(), one->lookup_lists.end());
    for (const auto& each : one->crls) all.lookup_lists.emplace_back(each);
  }
  return all;
}

// As a handshake reads it, under that OpenSSL; null for the one that the program shares.
X509* read_under(OSSL_LIB_CTX* library, const x509::certificate& one) {
  const auto der = one.der();
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  X509* into = X509_new_ex(library, nullptr);
  return d2i_X509(&into, &at, static_cast<long>(der.size()));
}

verdict judge_case(const json::value& suite, const json::value& one, lists as = lists::compact_where_possible,
                   OSSL_LIB_CTX* library = nullptr) {
  const auto certificates = read(suite.at("certs"), one.at("certs"), as).certificates;
  trust_sources sources;
  sources.trusted = {certificates.front()};
  sources.revocations = read(suite.at("crls"), one.at("crls"), as).lookup_lists;
  auto& policies = sources.settings.certificate_policies;
  // "NIST-test-policy-1,NIST-test-policy-2", in quotes: numbers under one arc (PKITS section 3).
  if (const auto& set = one.at("initial_policy_set"); set.is_string()) {
    std::string names(set.as_string());
    std::erase(names, '"');
    for (const auto name : text::split_list(names)) {
      policies.acceptable.push_back("2.16.840.1.101.3.2.1.48." + std::string(name.substr(name.rfind('-') + 1)));
    }
  }
  policies.require_explicit = one.at("explicit").as_bool();
  policies.inhibit_mapping = one.at("mapping_inhibit").as_bool();
  policies.inhibit_any = one.at("inhibit_any").as_bool();
  const auto by = trust::make(std::move(sources), 1);
  if (!by) return refusal(reason::constraint_violated, "trust: " + by.error().message());
  const x509::x509_stack_ptr sent(sk_X509_new_null());
  for (const auto& each : certificates) sk_X509_push(sent.get(), read_under(library, each));
  const whole_chain shown(**by, sk_X509_value(sent.get(), sk_X509_num(sent.get()) - 1), sent.get(), nullptr);
  return judge(**by, shown.leaf(), shown.sent());
}

TEST(pkits, is_as_nist_expects_but_for_what_is_refused_on_purpose) {
  const auto suite = test::load_suite("pkits.json.gz");
  if (!suite) GTEST_SKIP() << test::suite_absent("pkits.json.gz");
  // None of these is let in that should not be.
  const std::set<std::string> refused_here{
      "Section1ValidDSASignaturesTest4",                // DSA has no place in TLS 1.3.
      "Section1ValidDSAParameterInheritanceTest5",      // The same.
      "Section6ValidbasicConstraintsNotCriticalTest4",  // RFC 5280 (4.2.1.9) came later and demands critical.
      "Section14ValidcRLIssuerTest30",  // A list whose signer is judged by that same list: OpenSSL does not go round.
  };
  std::set<std::string> different;
  for (const auto& one : suite->at("cases").as_array()) {
    const auto judged = judge_case(*suite, one);
    const std::string id(one.at("id").as_string());
    const bool expected = one.at("should_validate").as_bool();
    EXPECT_FALSE(judged && !expected) << id << " was let in";
    if (static_cast<bool>(judged) != expected) different.insert(id);
    if (static_cast<bool>(judged) != expected && !refused_here.contains(id)) {
      ADD_FAILURE() << id << ": " << test::outcome(judged) << ": " << judged.detail;
    }
  }
  EXPECT_EQ(different, refused_here);
}

TEST(pkits, a_lean_openssl_gives_the_same_verdicts_word_for_word) {
  const auto suite = test::load_suite("pkits.json.gz");
  if (!suite) GTEST_SKIP() << test::suite_absent("pkits.json.gz");
  const library_context lean(true);
  for (const auto& one : suite->at("cases").as_array()) {
    SCOPED_TRACE(std::string(one.at("id").as_string()));
    const auto whole = judge_case(*suite, one);
    const auto other = judge_case(*suite, one, lists::compact_where_possible, lean.get());
    EXPECT_EQ(test::outcome(other), test::outcome(whole));
    EXPECT_EQ(other.detail, whole.detail);
  }
}

TEST(pkits, compact_lists_give_the_verdicts_that_openssls_own_form_gives) {
  const auto suite = test::load_suite("pkits.json.gz");
  if (!suite) GTEST_SKIP() << test::suite_absent("pkits.json.gz");
  for (const auto& one : suite->at("cases").as_array()) {
    const auto compact = judge_case(*suite, one);
    const auto whole = judge_case(*suite, one, lists::as_openssl_reads_them);
    EXPECT_EQ(compact.refused, whole.refused) << one.at("id").as_string();
    EXPECT_EQ(compact.detail, whole.detail) << one.at("id").as_string();
  }
}

}  // namespace
}  // namespace mutual::tls
