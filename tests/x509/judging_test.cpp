// Whether anybody would believe what a CA issues.

#include "x509/judging.hpp"

#include "support/outcome.hpp"
#include "x509/builder.hpp"
#include "x509/name_constraints.hpp"
#include "x509/profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mutual::x509 {
namespace {

using test::good;
using test::message;
using ::testing::HasSubstr;

class a_ca_on_trial : public ::testing::Test {
 protected:
  certificate root_with(std::vector<raw_extension> others) const {
    auto spec = good(describe_certificate(profile::root, {"Root", {"Acme"}, {}}, {}, key, std::chrono::days(99)));
    spec.others = std::move(others);
    return good(make_self_signed(spec, key));
  }
  std::string outcome(std::vector<raw_extension> of_root, std::vector<raw_extension> of_intermediate = {}) const {
    const auto root = root_with(std::move(of_root));
    auto spec =
        good(describe_certificate(profile::intermediate, {"Middle", {"Acme"}, {}}, {}, key, std::chrono::days(9)));
    spec.others = std::move(of_intermediate);
    const auto middle = good(issue_certificate(spec, key.get(), root, key));
    return message(try_to_issue({key, {middle}}, root));
  }
  static raw_extension permitted(const std::string& domain, bool critical = true) {
    name_constraints of;
    of.dns = {domain};
    auto made = good(to_extension(of));
    made.critical = critical;
    return made;
  }
  private_key key = good(private_key::generate());
};

const raw_extension unknown{"1.2.3.4.5", true, std::string("\x05\x00", 2)};
// requireExplicitPolicy: 0.
const raw_extension needs_policy{"policyConstraints", true, std::string("\x30\x03\x80\x01\x00", 5)};
// anyPolicy.
const raw_extension any_policy{"certificatePolicies", false,
                               std::string("\x30\x08\x30\x06\x06\x04\x55\x1d\x20\x00", 10)};

TEST_F(a_ca_on_trial, issues_what_is_believed) {
  EXPECT_EQ(outcome({}), "(no failure)");
  EXPECT_EQ(outcome({permitted("acme.example")}), "(no failure)");
  auto harmless = unknown;
  harmless.critical = false;
  EXPECT_EQ(outcome({harmless}, {harmless}), "(no failure)");
}

TEST_F(a_ca_on_trial, with_a_critical_extension_that_nobody_knows_issues_nothing) {
  EXPECT_THAT(outcome({unknown}), HasSubstr("unhandled critical extension of 'CN=Root,O=Acme'"));
  EXPECT_THAT(outcome({}, {unknown}), HasSubstr("unhandled critical extension of 'CN=Middle,O=Acme'"));
}

TEST_F(a_ca_on_trial, that_asks_for_policies_issues_nothing_because_what_is_issued_has_none) {
  EXPECT_THAT(outcome({needs_policy}), HasSubstr("has policy constraints and no certificate policies"));
  EXPECT_THAT(outcome({}, {any_policy, needs_policy}), HasSubstr("no explicit policy"));
  EXPECT_THAT(outcome({}, {needs_policy}), HasSubstr("'CN=Middle,O=Acme' has policy constraints"));
}

TEST_F(a_ca_on_trial, with_name_constraints_that_are_refused_issues_nothing) {
  EXPECT_THAT(outcome({permitted("acme.example", false)}), HasSubstr("not marked critical"));
  EXPECT_THAT(outcome({permitted(".acme.example")}), HasSubstr("begins with a dot"));
  EXPECT_THAT(outcome({{"nameConstraints", true, std::string("\x30\x00", 2)}}), HasSubstr("are empty"));
}

}  // namespace
}  // namespace mutual::x509
