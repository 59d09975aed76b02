#include "tls/library_context.hpp"

#include "tls/lean_provider.hpp"
#include "tls/ssl.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace mutual::tls {
namespace {

constexpr const char* default_provider = "default";

int is_default(OSSL_PROVIDER* one, void*) noexcept {
  return std::string_view(OSSL_PROVIDER_get0_name(one)) == default_provider ? 1 : 0;
}

bool draws_default_random_numbers() {
  EVP_RAND_CTX* const drawn = RAND_get0_primary(nullptr);
  std::array<char, 32> cipher{};
  std::array<OSSL_PARAM, 2> wanted{
      OSSL_PARAM_construct_utf8_string(OSSL_DRBG_PARAM_CIPHER, cipher.data(), cipher.size() - 1),
      OSSL_PARAM_construct_end()};
  return drawn != nullptr && EVP_RAND_is_a(EVP_RAND_CTX_get0_rand(drawn), "CTR-DRBG") == 1 &&
         EVP_RAND_CTX_get_params(drawn, wanted.data()) == 1 && std::string_view(cipher.data()) == "AES-256-CTR";
}

using digest_ctx = std::unique_ptr<EVP_MD_CTX, x509::freed_by<EVP_MD_CTX_free>>;

// A key that the program's OpenSSL has read, used as a client's is: a context that cannot do that is not used.
bool checks_proofs(OSSL_LIB_CTX* context) {
  static constexpr std::array<unsigned char, 1> proved{};
  const x509::pkey_ptr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const digest_ctx signer(EVP_MD_CTX_new());
  const digest_ctx checker(EVP_MD_CTX_new());
  std::array<unsigned char, 128> proof{};
  std::size_t size = proof.size();
  return key && signer && checker &&
         EVP_DigestSignInit_ex(signer.get(), nullptr, "SHA256", nullptr, nullptr, key.get(), nullptr) == 1 &&
         EVP_DigestSign(signer.get(), proof.data(), &size, proved.data(), proved.size()) == 1 &&
         EVP_DigestVerifyInit_ex(checker.get(), nullptr, "SHA256", context, nullptr, key.get(), nullptr) == 1 &&
         EVP_DigestVerify(checker.get(), proof.data(), size, proved.data(), proved.size()) == 1;
}

// Certificates that are kept read, times threads, for each of them may keep a key in a form of its own: some 20 MB in
// all.
constexpr std::size_t most_known = 2'048;

bool makes_tls(OSSL_LIB_CTX* context) { return ssl_ctx_ptr(SSL_CTX_new_ex(context, nullptr, TLS_method())) != nullptr; }

}  // namespace

bool is_as_it_comes() {
  ERR_set_mark();
  // Stops at the first that is not the default one.
  const bool plain = OSSL_PROVIDER_do_all(nullptr, is_default, nullptr) == 1 &&
                     OSSL_PROVIDER_available(nullptr, default_provider) == 1 &&
                     EVP_default_properties_is_fips_enabled(nullptr) == 0 && draws_default_random_numbers();
  ERR_pop_to_mark();
  return plain;
}

library_context::pair library_context::make_whole() {
  pair made;
  made.context.reset(OSSL_LIB_CTX_new());
  if (made.context) made.provider.reset(OSSL_PROVIDER_load(made.context.get(), default_provider));
  return made.provider ? std::move(made) : pair();
}

library_context::pair library_context::make_lean(OSSL_PROVIDER* whole, bool own_key_derivation) {
  pair made;
  made.context.reset(OSSL_LIB_CTX_new());
  if (made.context) made.provider.reset(load_lean_provider(made.context.get(), whole, own_key_derivation));
  const bool usable = made.provider && checks_proofs(made.context.get()) && makes_tls(made.context.get());
  if (usable) return made;
  if (made.context) OPENSSL_thread_stop_ex(made.context.get());
  return {};
}

library_context::library_context(bool lean, bool own_key_derivation) {
  if (!is_as_it_comes()) return;
  ERR_set_mark();
  whole_ = make_whole();
  if (whole_ && lean && is_slow_to_decode()) lean_ = make_lean(whole_.provider.get(), own_key_derivation);
  ERR_pop_to_mark();
  leave_thread();
}

void library_context::leave_thread() const {
  for (const auto* one : {&lean_, &whole_}) {
    if (one->context) OPENSSL_thread_stop_ex(one->context.get());
  }
}

x509::x509_ptr library_context::adopt(const x509::certificate& one) const {
  if (get() == nullptr) return x509::x509_ptr(X509_up_ref(one.get()) == 1 ? one.get() : nullptr);
  const auto der = one.der();
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  x509::x509_ptr made(X509_new_ex(whole_.context.get(), nullptr));
  X509* into = made.get();
  if (into == nullptr) return nullptr;
  // On failure it has freed what it was to fill.
  if (d2i_X509(&into, &at, static_cast<long>(der.size())) == nullptr) {
    (void)made.release();
    return nullptr;
  }
  return made;
}

x509::pkey_ptr library_context::adopt(EVP_PKEY* key) const {
  struct free_parameters {
    void operator()(OSSL_PARAM* all) const noexcept {
      for (auto* one = all; one->key != nullptr; ++one) OPENSSL_cleanse(one->data, one->data_size);
      OSSL_PARAM_free(all);
    }
  };
  if (get() == nullptr) return x509::pkey_ptr(EVP_PKEY_up_ref(key) == 1 ? key : nullptr);
  OSSL_PARAM* taken = nullptr;
  if (EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &taken) != 1) return nullptr;
  const std::unique_ptr<OSSL_PARAM, free_parameters> parts(taken);
  const x509::pkey_ctx_ptr maker(EVP_PKEY_CTX_new_from_name(get(), EVP_PKEY_get0_type_name(key), nullptr));
  EVP_PKEY* made = nullptr;
  if (!maker || EVP_PKEY_fromdata_init(maker.get()) != 1 ||
      EVP_PKEY_fromdata(maker.get(), &made, EVP_PKEY_KEYPAIR, parts.get()) != 1) {
    return nullptr;
  }
  return x509::pkey_ptr(made);
}

library_contexts::library_contexts(std::size_t threads, const levers& used) : used_(used) {
  if (used.known_certificates) {
    known_ = std::make_unique<known_certificates>(most_known / std::max<std::size_t>(threads, 1));
  }
  for (std::size_t at = 0; at < std::max<std::size_t>(threads, 1); ++at) {
    all_.push_back(used.own_contexts
                       ? std::make_unique<const library_context>(used.lean_provider, used.own_key_derivation)
                       : std::make_unique<const library_context>());
  }
}

}  // namespace mutual::tls
