#pragma once
// Acme's people and whom it trusts, for the tests of the verdict.

#include "support/judging.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace mutual::tls {

inline constexpr auto day = std::chrono::hours(24);

inline const test::pki& acme() {
  static const auto made = test::make_pki();
  return made;
}

inline test::spec ended(test::spec contents) {
  contents.begins_in = -day * 20;
  contents.ends_in = -day * 3;
  return contents;
}

inline test::spec beginning(test::spec contents) {
  contents.begins_in = day * 3;
  contents.ends_in = day * 20;
  return contents;
}

template <class Change>
test::spec client_with(Change change) {
  auto contents = test::client_spec();
  change(contents);
  return contents;
}

inline test::identity alice(const test::spec& contents = test::client_spec()) {
  return test::issue(acme().intermediate, contents);
}

inline std::vector<test::identity> sent(const test::identity& leaf) { return {leaf, acme().intermediate}; }

inline test::trusting root_only() { return {.trusted = {acme().root}}; }

inline test::trusting with_crls(std::vector<test::identity> revoked = {}) {
  return {.trusted = {acme().root},
          .revocations = {test::make_crl(acme().root),
                          test::make_crl(acme().intermediate, {.revoked = std::move(revoked)})}};
}

}  // namespace mutual::tls
