#include "x509/key.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>

namespace mutual::x509 {
namespace {

struct kind_name {
  key_kind kind;
  std::string_view name;
};
constexpr std::array<kind_name, 6> kinds{{{key_kind::p256, "p256"},
                                          {key_kind::p384, "p384"},
                                          {key_kind::ed25519, "ed25519"},
                                          {key_kind::rsa2048, "rsa2048"},
                                          {key_kind::rsa3072, "rsa3072"},
                                          {key_kind::rsa4096, "rsa4096"}}};

EVP_PKEY* make(key_kind kind) {
  const auto rsa = [](std::size_t bits) { return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits); };
  switch (kind) {
    case key_kind::p256:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case key_kind::p384:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384");
    case key_kind::ed25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case key_kind::rsa2048:
      return rsa(2048);
    case key_kind::rsa3072:
      return rsa(3072);
    case key_kind::rsa4096:
      return rsa(4096);
  }
  return nullptr;
}

}  // namespace

std::string_view to_string(key_kind kind) {
  for (const auto& one : kinds) {
    if (one.kind == kind) return one.name;
  }
  return "unknown";
}

std::optional<key_kind> key_kind_from_string(std::string_view name) {
  auto plain = text::lower(name);
  std::erase_if(plain, [](char each) { return each == '-' || each == ' '; });
  for (const auto& one : kinds) {
    if (one.name == plain) return one.kind;
  }
  return std::nullopt;
}

result<private_key> private_key::generate(key_kind kind) {
  pkey_ptr made(make(kind));
  if (!made) {
    return error(errc::internal, fmt::format("cannot make a {} key: {}", to_string(kind), openssl_errors()));
  }
  return private_key(std::move(made));
}

secret private_key::pem() const {
  // A secure-memory BIO wipes its buffer when it is freed.
  const bio_ptr memory(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PKCS8PrivateKey(memory.get(), get(), nullptr, nullptr, 0, nullptr, nullptr);
  return secret(contents(memory.get()));
}

bool private_key::belongs_to(const certificate& owner) const {
  ERR_set_mark();
  const bool same = X509_check_private_key(owner.get(), get()) == 1;
  ERR_pop_to_mark();
  return same;
}

}  // namespace mutual::x509
