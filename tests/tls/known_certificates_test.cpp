#include "tls/known_certificates.hpp"

#include "support/judging.hpp"
#include "support/pki.hpp"
#include "tls/library_context.hpp"
#include "tls/whole_chain.hpp"
#include "x509/digest.hpp"

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mutual::test {
namespace {

// As a handshake under that OpenSSL reads it.
x509::x509_ptr read_under(OSSL_LIB_CTX* library, X509* one) {
  const auto der = x509::der_of(one, i2d_X509);
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  X509* into = X509_new_ex(library, nullptr);
  return x509::x509_ptr(d2i_X509(&into, &at, static_cast<long>(der.size())));
}

std::string digest_of(X509* one) { return x509::sha256_bytes(x509::der_of(one, i2d_X509)); }

class known_certificates_of : public testing::Test {
 protected:
  x509::x509_stack_ptr shown(std::initializer_list<const identity*> all) const {
    x509::x509_stack_ptr made(sk_X509_new_null());
    for (const auto* each : all) sk_X509_push(made.get(), read_under(lean_.get(), each->certificate()).release());
    return made;
  }
  std::shared_ptr<const peer> let_in(const tls::whole_chain& chain) const {
    return tls::judge(*by_, chain.leaf(), chain.sent()).who;
  }

  const pki people_ = make_pki();
  const std::shared_ptr<const tls::trust> by_ = make_trust({.trusted = {people_.root}});
  const tls::library_context lean_{true};
  tls::known_certificates known_{64};
};

TEST_F(known_certificates_of, are_found_by_the_digest_of_all_of_their_bytes) {
  X509* const alice = people_.client.certificate();
  EXPECT_EQ(known_.find(digest_of(alice)), nullptr);
  known_.keep(digest_of(alice), alice);
  EXPECT_EQ(known_.find(digest_of(alice)).get(), alice);
  EXPECT_EQ(known_.find(digest_of(people_.server.certificate())), nullptr);
  known_.keep("", alice);
  EXPECT_EQ(known_.find(""), nullptr);
}

TEST_F(known_certificates_of, are_forgotten_when_they_have_ended) {
  tls::known_certificates many{4096};
  auto contents = client_spec("bob");
  contents.ends_in = std::chrono::seconds(2);
  const auto short_lived = issue(people_.intermediate, contents);
  X509* const alice = people_.client.certificate();
  many.keep(digest_of(short_lived.certificate()), short_lived.certificate());
  const auto remember_others = [&] {
    for (int count = 0; count < 200; ++count) many.keep(std::to_string(count), alice);
  };
  remember_others();
  EXPECT_EQ(many.size(), 201U);
  std::this_thread::sleep_until(contents.at + std::chrono::seconds(4));
  remember_others();
  EXPECT_EQ(many.size(), 200U);
  EXPECT_EQ(many.find(digest_of(short_lived.certificate())), nullptr);
  many.keep(digest_of(short_lived.certificate()), short_lived.certificate());
  EXPECT_EQ(many.size(), 200U);
}

TEST_F(known_certificates_of, take_a_bounded_room_that_threads_share) {
  for (const std::size_t threads : {1U, 2U, 8U}) {
    const tls::library_contexts all(threads, {.own_contexts = false});
    for (int count = 0; count < 5000; ++count) all.known()->keep(std::to_string(count), people_.client.certificate());
    EXPECT_LE(all.known()->size() * threads, 2048U);
    EXPECT_GT(all.known()->size() * threads, 1000U);
  }
}

// Later versions read keys themselves, and remember what they have read.
#if OPENSSL_VERSION_NUMBER < 0x30200000L

TEST_F(known_certificates_of, are_those_of_chains_that_were_let_in_and_no_others) {
  const auto stranger = self_signed(client_spec("mallory"));
  const auto chain = shown({&people_.client, &people_.intermediate, &stranger});
  const tls::whole_chain first(*by_, sk_X509_value(chain.get(), 0), chain.get(), &known_);
  EXPECT_EQ(known_.size(), 0U);
  const auto who = let_in(first);
  ASSERT_NE(who, nullptr);
  first.remember(*who);
  EXPECT_EQ(known_.size(), 2U);
  EXPECT_EQ(known_.find(digest_of(stranger.certificate())), nullptr);
  const tls::whole_chain again(*by_, sk_X509_value(chain.get(), 0), chain.get(), &known_);
  EXPECT_EQ(again.leaf(), first.leaf()) << "read once";
}

TEST_F(known_certificates_of, lend_the_handshake_a_leaf_with_a_key_and_the_same_bytes) {
  const auto chain = shown({&people_.client, &people_.intermediate});
  X509* const leaf = sk_X509_value(chain.get(), 0);
  EXPECT_EQ(X509_get0_pubkey(leaf), nullptr) << "a lean OpenSSL reads keys: then nothing need be lent";
  const x509::x509_store_ctx_ptr asking(X509_STORE_CTX_new());
  ASSERT_EQ(X509_STORE_CTX_init(asking.get(), nullptr, leaf, chain.get()), 1);
  const tls::whole_chain whole(*by_, leaf, chain.get(), &known_);
  whole.lend_leaf(asking.get());
  X509* const lent = sk_X509_value(chain.get(), 0);
  EXPECT_EQ(X509_STORE_CTX_get0_cert(asking.get()), lent);
  EXPECT_EQ(X509_cmp(lent, people_.client.certificate()), 0);
  EXPECT_NE(X509_get0_pubkey(lent), nullptr);
}

TEST_F(known_certificates_of, are_not_read_for_a_chain_that_is_too_long_to_be_judged) {
  auto chain = shown({&people_.client});
  for (int count = 0; count < 40; ++count) {
    sk_X509_push(chain.get(), read_under(lean_.get(), people_.intermediate.certificate()).release());
  }
  X509* const leaf = sk_X509_value(chain.get(), 0);
  const tls::whole_chain whole(*by_, leaf, chain.get(), &known_);
  EXPECT_EQ(whole.leaf(), leaf);
  EXPECT_EQ(let_in(whole), nullptr);
}

#endif

}  // namespace
}  // namespace mutual::test
