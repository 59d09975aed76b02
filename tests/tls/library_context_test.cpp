#include "tls/library_context.hpp"

#include "support/judging.hpp"
#include "support/pki.hpp"
#include "support/service.hpp"
#include "tls/lean_provider.hpp"
#include "tls/server_context.hpp"

#include <openssl/provider.h>
#include <openssl/rand.h>

#include <array>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace mutual::tls {
namespace {

TEST(library_context, of_ones_own_is_not_the_shared_one_and_no_two_are_the_same) {
  EXPECT_EQ(library_context().get(), nullptr);
  const library_context first(false);
  const library_context second(true);
  ASSERT_NE(first.get(), nullptr);
  ASSERT_NE(second.get(), nullptr);
  EXPECT_NE(first.get(), second.get());
  EXPECT_FALSE(first.is_lean());
}

TEST(library_context, is_lean_with_openssl_3_0_and_3_1_and_never_with_a_later_one) {
  EXPECT_EQ(is_slow_to_decode(), OpenSSL_version_num() < 0x30200000UL);
  EXPECT_EQ(library_context(true).is_lean(), is_slow_to_decode());
}

TEST(library_context, is_the_shared_one_where_somebody_has_configured_openssl_otherwise) {
  ASSERT_TRUE(is_as_it_comes());
  struct unload {
    void operator()(OSSL_PROVIDER* one) const { OSSL_PROVIDER_unload(one); }
  };
  {
    // "null" stands for any provider that is not the default one; that one stays.
    const std::unique_ptr<OSSL_PROVIDER, unload> whole(OSSL_PROVIDER_load(nullptr, "default"));
    const std::unique_ptr<OSSL_PROVIDER, unload> another(OSSL_PROVIDER_load(nullptr, "null"));
    ASSERT_NE(another, nullptr);
    EXPECT_FALSE(is_as_it_comes());
    EXPECT_EQ(library_context(true).get(), nullptr);
  }
}

TEST(library_context, takes_certificates_and_keys_along) {
  const auto people = test::make_pki();
  for (const bool lean : {false, true}) {
    const library_context own(lean);
    const auto certificate = own.adopt(test::value_of(people.server));
    const auto key = own.adopt(people.server.private_key());
    ASSERT_NE(certificate, nullptr);
    ASSERT_NE(key, nullptr);
    EXPECT_EQ(X509_cmp(certificate.get(), people.server.certificate()), 0);
    EXPECT_EQ(X509_check_private_key(certificate.get(), key.get()), 1);
    EXPECT_EQ(X509_check_private_key(people.server.certificate(), key.get()), 1);
  }
}

// OpenSSL looks after what a thread keeps under a context when the thread ends. The sanitizers see if that is too late.
TEST(library_context, may_be_gone_when_a_thread_ends_that_has_read_files_under_it) {
  const test::server_files files(test::make_pki());
  auto libraries = std::make_shared<const library_contexts>(2, levers{});
  std::promise<std::shared_ptr<const server_context>> made;
  std::promise<void> gone;
  std::thread reader([&] {
    auto loaded = server_context::load(files.config(client_auth::required), 1, std::make_shared<session_cache>(),
                                       nullptr, {"http/1.1"}, libraries);
    made.set_value(loaded ? *std::move(loaded) : nullptr);
    gone.get_future().wait();
  });
  auto context = made.get_future().get();
  EXPECT_NE(context, nullptr);
  context.reset();
  libraries.reset();
  gone.set_value();
  reader.join();
}

TEST(library_context, draws_random_numbers_of_its_own) {
  const library_context first(true);
  const library_context second(true);
  std::array<unsigned char, 32> one{};
  std::array<unsigned char, 32> other{};
  ASSERT_EQ(RAND_bytes_ex(first.get(), one.data(), one.size(), 0), 1);
  ASSERT_EQ(RAND_bytes_ex(second.get(), other.data(), other.size(), 0), 1);
  EXPECT_NE(one, other);
  EXPECT_NE(one, (std::array<unsigned char, 32>{}));
}

TEST(library_contexts, are_as_many_as_there_are_threads_and_shared_if_that_is_wanted) {
  const library_contexts own(3, {});
  EXPECT_EQ(own.size(), 3U);
  EXPECT_NE(own.at(0).get(), own.at(1).get());
  const library_contexts shared(3, {.own_contexts = false});
  EXPECT_EQ(shared.at(0).get(), nullptr);
  EXPECT_EQ(shared.at(2).get(), nullptr);
  EXPECT_NE(shared.known(), nullptr);
  EXPECT_EQ(library_contexts(3, {.known_certificates = false}).known(), nullptr);
}

}  // namespace
}  // namespace mutual::tls
