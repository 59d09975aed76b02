// A lean OpenSSL judges as a whole one does.
#include "tls/whole_chain.hpp"

#include "support/judging.hpp"
#include "support/suites.hpp"
#include "tls/library_context.hpp"
#include "x509/bundle.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace mutual::test {
namespace {

// A chain as a TLS stack under that OpenSSL reads it; null if it cannot be read.
x509::x509_stack_ptr read_under(OSSL_LIB_CTX* library, const std::vector<x509::certificate>& chain) {
  x509::x509_stack_ptr made(sk_X509_new_null());
  for (const auto& one : chain) {
    const auto der = one.der();
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    X509* into = X509_new_ex(library, nullptr);
    if (d2i_X509(&into, &at, static_cast<long>(der.size())) == nullptr) return nullptr;
    sk_X509_push(made.get(), into);
  }
  return made;
}

std::vector<x509::certificate> read(const std::vector<std::string>& pems) {
  std::vector<x509::certificate> all;
  for (const auto& pem : pems) {
    if (const auto one = x509::read_bundle(pem, "", "a case")) {
      all.insert(all.end(), one->certificates.begin(), one->certificates.end());
    }
  }
  return all;
}

std::string told(const tls::trust& by, const x509::x509_stack_ptr& chain, const tls::judge_options& options) {
  if (!chain) return "cannot be read";
  const tls::whole_chain shown(by, sk_X509_value(chain.get(), 0), chain.get(), nullptr);
  const auto judged = tls::judge(by, shown.leaf(), shown.sent(), options);
  return outcome(judged) + ": " + judged.detail;
}

// What is said of that chain under the program's OpenSSL, and under one that is as lean as may be.
std::pair<std::string, std::string> told_twice(const tls::trust& by, const std::vector<x509::certificate>& chain,
                                               const tls::judge_options& options = {}) {
  static const tls::library_context lean(true);
  return {told(by, read_under(nullptr, chain), options), told(by, read_under(lean.get(), chain), options)};
}

TEST(whole_chain, makes_a_lean_openssl_say_of_every_chain_of_limbo_the_same_word_for_word) {
  const auto cases = load_limbo();
  if (cases.empty()) GTEST_SKIP() << suite_absent("limbo-clientauth.json.gz");
  for (const auto& one : cases) {
    SCOPED_TRACE(one.id);
    tls::trust_sources sources;
    sources.trusted = read(one.trusted);
    const auto by = tls::trust::make(std::move(sources), 1);
    auto chain = read({one.leaf});
    if (!by || chain.empty()) continue;
    const auto others = read(one.intermediates);
    chain.insert(chain.end(), others.begin(), others.end());
    tls::judge_options options;
    if (one.at) options.at = *one.at;
    const auto [whole, lean] = told_twice(**by, chain, options);
    EXPECT_EQ(whole, lean);
  }
}

// Later versions read keys themselves.
#if OPENSSL_VERSION_NUMBER < 0x30200000L

std::size_t read_of(const tls::trust& by, const std::vector<identity>& chain) {
  static const tls::library_context lean(true);
  std::vector<x509::certificate> values;
  for (const auto& one : chain) values.push_back(value_of(one));
  const auto shown = read_under(lean.get(), values);
  return tls::whole_chain(by, sk_X509_value(shown.get(), 0), shown.get(), nullptr).newly_read();
}

TEST(whole_chain, reads_no_more_of_what_a_stranger_sends_than_paths_are_tried) {
  const auto people = make_pki();
  const auto by = make_trust({.trusted = {people.root}});
  EXPECT_EQ(read_of(*by, {people.client, people.intermediate, people.root}), 2U) << "the root has been read long ago";
  // Each as good an issuer of the next as any, by its name.
  const auto mallory = self_signed(root_spec("Acme Intermediate"));
  std::vector<identity> chain{issue(mallory, client_spec("mallory"))};
  for (int count = 0; count < 31; ++count) chain.push_back(self_signed(root_spec("Acme Intermediate")));
  EXPECT_EQ(read_of(*by, chain), 9U);
  // And in one long row.
  std::vector<identity> row{self_signed(root_spec("0"))};
  for (int count = 1; count < 31; ++count) row.push_back(issue(row.back(), intermediate_spec(std::to_string(count))));
  row.push_back(issue(row.back(), client_spec("mallory")));
  std::reverse(row.begin(), row.end());
  EXPECT_EQ(read_of(*by, row), 9U);
}

TEST(whole_chain, reads_nothing_that_no_verdict_asks_for) {
  const auto people = make_pki();
  const auto by = make_trust({.trusted = {people.root}});
  std::vector<identity> chain{people.client};
  for (int count = 0; count < 30; ++count) chain.push_back(self_signed(root_spec("Other " + std::to_string(count))));
  chain.push_back(people.intermediate);
  EXPECT_EQ(read_of(*by, chain), 2U);
  // Whoever signs lists is asked for too.
  const auto with_lists = make_trust({.trusted = {people.root}, .revocations = {make_crl(chain[7])}});
  EXPECT_EQ(read_of(*with_lists, chain), 3U);
  const auto pinned = make_trust({.trusted = {people.client, people.root}});
  EXPECT_EQ(read_of(*pinned, chain), 1U);
  // More bytes than are looked at.
  auto large = client_spec("mallory");
  large.alternative_names = "DNS:a.example";
  for (int count = 0; count < 300; ++count) large.alternative_names += ",DNS:" + std::string(60, 'a') + ".example";
  std::vector<identity> many;
  for (int count = 0; count < 10; ++count) many.push_back(issue(people.intermediate, large));
  EXPECT_EQ(read_of(*by, many), 0U);
}

#endif

// Whoever is let in is let in however many others were sent: those whom the trust vouches for are read, all of them.
TEST(whole_chain, makes_a_lean_openssl_find_the_good_path_among_many) {
  const auto root = self_signed(root_spec());
  tls::trust_settings settings;
  settings.most_intermediates = 14;
  const auto by = make_trust({.trusted = {root}, .settings = settings});
  std::vector<identity> row{root};
  for (int count = 0; count < 14; ++count) {
    auto next = intermediate_spec("CA " + std::to_string(count));
    next.basic_constraints = "critical,CA:TRUE";
    row.push_back(issue(row.back(), next));
  }
  std::vector<x509::certificate> chain{value_of(issue(row.back(), client_spec("alice")))};
  for (auto at = row.size() - 1; at > 0; --at) chain.push_back(value_of(row[at]));
  const auto [whole, lean] = told_twice(*by, chain);
  EXPECT_EQ(whole, "good: ");
  EXPECT_EQ(lean, "good: ");
  // Others of their names, for whom nobody has signed.
  for (int count = 6; count < 12; ++count) {
    auto decoy = intermediate_spec("CA " + std::to_string(count));
    decoy.subject_key_id = false;
    chain.insert(chain.begin() + 1, value_of(issue(self_signed(root_spec("CA " + std::to_string(count - 1))), decoy)));
  }
  const auto [whole_still, lean_still] = told_twice(*by, chain);
  EXPECT_EQ(whole_still, lean_still);
}

key make_key(const char* kind, const char* group = nullptr) {
  EVP_PKEY* made =
      group != nullptr ? EVP_PKEY_Q_keygen(nullptr, nullptr, kind, group) : EVP_PKEY_Q_keygen(nullptr, nullptr, kind);
  return {made, EVP_PKEY_free};
}

// A key that only agrees on secrets can sign nothing; its certificate is made as another's and given that key.
TEST(whole_chain, makes_a_lean_openssl_say_of_a_key_of_every_kind_the_same) {
  const auto people = make_pki();
  const auto by = make_trust({.trusted = {people.root, people.intermediate}});
  const key rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}), EVP_PKEY_free);
  for (const auto& [name, with] :
       {std::pair{"P-256", make_key("EC", "P-256")}, std::pair{"P-384", make_key("EC", "P-384")},
        std::pair{"P-521", make_key("EC", "P-521")}, std::pair{"secp256k1", make_key("EC", "secp256k1")},
        std::pair{"a binary curve", make_key("EC", "sect283k1")}, std::pair{"Ed25519", make_key("ED25519")},
        std::pair{"Ed448", make_key("ED448")}, std::pair{"X25519", make_key("X25519")},
        std::pair{"X448", make_key("X448")}, std::pair{"SM2", make_key("SM2")}, std::pair{"RSA", rsa}}) {
    SCOPED_TRACE(name);
    ASSERT_NE(with, nullptr);
    auto contents = client_spec("alice");
    contents.with = with;
    const auto leaf = issue(people.intermediate, contents);
    const auto [whole, lean] = told_twice(*by, {value_of(leaf), value_of(people.intermediate)});
    EXPECT_EQ(whole, lean);
  }
}

}  // namespace
}  // namespace mutual::test
