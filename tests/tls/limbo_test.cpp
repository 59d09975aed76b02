// x509-limbo, turned to client certificates: every difference from what it expects is known and explained.
#include "support/judging.hpp"
#include "support/suites.hpp"
#include "tls/trust.hpp"
#include "tls/verdict.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <set>

namespace mutual::tls {
namespace {

struct judged_case {
  bool good;
  std::string why;
};

x509::bundle read(const std::vector<std::string>& pems) {
  x509::bundle all;
  for (const auto& pem : pems) {
    const auto one = x509::read_bundle_to_judge_by(pem, "a limbo case");
    if (!one) continue;  // What cannot be read cannot be presented.
    all.certificates.insert(all.certificates.end(), one->certificates.begin(), one->certificates.end());
    all.lookup_lists.insert(all.lookup_lists.end(), one->lookup_lists.begin(), one->lookup_lists.end());
  }
  return all;
}

judged_case judge_case(const test::limbo_case& one) {
  trust_sources sources;
  sources.trusted = read(one.trusted).certificates;
  sources.revocations = read(one.crls).lookup_lists;
  if (one.depth) sources.settings.most_intermediates = *one.depth;
  const auto by = trust::make(std::move(sources), 1);
  if (!by) return {false, "trust: " + by.error().message()};

  judge_options options;
  if (one.at) options.at = *one.at;
  // A client's certificate is for no host; the cases about names measure what our own client does with a server's.
  if (one.tier == "name-only") options.host = one.host;
  const auto leaf = read({one.leaf}).certificates;
  if (leaf.empty()) return {false, "the leaf cannot be read"};
  const auto intermediates = read(one.intermediates).certificates;
  const x509::x509_stack_ptr sent(sk_X509_new_null());
  for (const auto& each : intermediates) {
    X509_up_ref(each.get());
    sk_X509_push(sent.get(), each.get());
  }
  const auto judged = judge(**by, leaf.front().get(), sent.get(), options);
  return {static_cast<bool>(judged), test::outcome(judged) + ": " + judged.detail};
}

TEST(limbo, every_difference_is_explained_in_the_docs_and_no_other_is_there) {
  const auto cases = test::load_limbo();
  if (cases.empty()) GTEST_SKIP() << test::suite_absent("limbo-clientauth.json.gz");
  std::map<std::string, std::pair<int, int>> agreed;  // By tier: agreed, of how many.
  std::set<std::string> different;
  const auto known = test::explained_differences();
  for (const auto& one : cases) {
    const auto began = std::chrono::steady_clock::now();
    const auto got = judge_case(one);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2)) << one.id << " took too long";
    auto& [right, all] = agreed[one.tier];
    ++all;
    if (got.good == one.good) {
      ++right;
      continue;
    }
    different.insert(one.id);
    if (!known.contains(one.id)) {
      ADD_FAILURE() << one.id << " (" << one.tier << "): expected " << (one.good ? "good" : "refused") << ", got "
                    << got.why;
    }
  }
  EXPECT_EQ(different, known);
  for (const auto& [tier, score] : agreed) {
    EXPECT_THAT(test::limbo_docs(),
                testing::HasSubstr(fmt::format("| {} | {} of {} |", tier, score.first, score.second)));
  }
}

}  // namespace
}  // namespace mutual::tls
