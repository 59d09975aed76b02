// What is used here of SHA-2 is deprecated in favour of fetched digests, and fetching them is what costs. Providers may
// call it, and OpenSSL's own does.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tls/tls13_kdf.hpp"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

namespace mutual::tls {
namespace {

using bytes = std::span<const unsigned char>;

struct sha256 {
  static constexpr std::size_t size = SHA256_DIGEST_LENGTH;
  static constexpr std::size_t block = SHA256_CBLOCK;
  SHA256_CTX state;
  void begin() { SHA256_Init(&state); }
  void take(bytes some) { SHA256_Update(&state, some.data(), some.size()); }
  void end(unsigned char* into) { SHA256_Final(into, &state); }
};

struct sha384 {
  static constexpr std::size_t size = SHA384_DIGEST_LENGTH;
  static constexpr std::size_t block = SHA512_CBLOCK;
  SHA512_CTX state;
  void begin() { SHA384_Init(&state); }
  void take(bytes some) { SHA384_Update(&state, some.data(), some.size()); }
  void end(unsigned char* into) { SHA384_Final(into, &state); }
};

// A secret or what leads to one: nothing of it is left behind.
template <std::size_t Size>
struct wiped : std::array<unsigned char, Size> {
  wiped() : std::array<unsigned char, Size>{} {}
  wiped(const wiped&) = delete;
  wiped& operator=(const wiped&) = delete;
  ~wiped() { OPENSSL_cleanse(this->data(), Size); }
};

// RFC 2104. No key here is longer than a block.
template <class Hash>
class hmac {
 public:
  explicit hmac(bytes key) {
    std::copy(key.begin(), key.end(), pad_.begin());
    for (auto& each : pad_) each ^= inner;
    hash_.begin();
    hash_.take(pad_);
  }
  ~hmac() { OPENSSL_cleanse(&hash_, sizeof hash_); }
  hmac(const hmac&) = delete;
  hmac& operator=(const hmac&) = delete;

  void take(bytes some) { hash_.take(some); }
  void end(unsigned char* into) {
    wiped<Hash::size> within;
    hash_.end(within.data());
    for (auto& each : pad_) each ^= inner ^ outer;
    hash_.begin();
    hash_.take(pad_);
    hash_.take(within);
    hash_.end(into);
  }

 private:
  static constexpr unsigned char inner = 0x36;
  static constexpr unsigned char outer = 0x5c;
  wiped<Hash::block> pad_;
  Hash hash_;
};

// What a call is given. Absent and empty are not the same to OpenSSL's own, and are to the derivation.
struct question {
  int mode = -1;
  std::string_view digest;
  bytes key;
  bytes salt;
  bool has_key = false;
  bool has_salt = false;
  bytes prefix;
  bytes label;
  bytes data;
};

bool take_bytes(const OSSL_PARAM& from, bytes& into) {
  if (from.data_type != OSSL_PARAM_OCTET_STRING || (from.data == nullptr && from.data_size > 0)) return false;
  into = {static_cast<const unsigned char*>(from.data), from.data_size};
  return true;
}

bool take_text(const OSSL_PARAM& from, std::string_view& into) {
  if (from.data_type != OSSL_PARAM_UTF8_STRING || from.data == nullptr) return false;
  into = {static_cast<const char*>(from.data), ::strnlen(static_cast<const char*>(from.data), from.data_size)};
  return true;
}

bool take(const OSSL_PARAM& one, question& into) {
  const std::string_view name(one.key);
  if (name == OSSL_KDF_PARAM_MODE) return OSSL_PARAM_get_int(&one, &into.mode) == 1;
  if (name == OSSL_KDF_PARAM_DIGEST) return take_text(one, into.digest);
  if (name == OSSL_KDF_PARAM_KEY) return into.has_key = take_bytes(one, into.key);
  if (name == OSSL_KDF_PARAM_SALT) return into.has_salt = take_bytes(one, into.salt);
  if (name == OSSL_KDF_PARAM_PREFIX) return take_bytes(one, into.prefix);
  if (name == OSSL_KDF_PARAM_LABEL) return take_bytes(one, into.label);
  if (name == OSSL_KDF_PARAM_DATA) return take_bytes(one, into.data);
  return true;  // others do not bear upon it
}

// HKDF-Expand-Label (RFC 8446 section 7.1; RFC 5869 section 2.3).
template <class Hash>
bool expand(const question& asked, bytes key, bytes data, std::span<unsigned char> out) {
  const auto name = asked.prefix.size() + asked.label.size();
  if (key.size() > Hash::block || name > 255 || data.size() > 255 || out.size() > 255 * Hash::size) return false;
  const std::array<unsigned char, 3> head{static_cast<unsigned char>(out.size() >> 8U),
                                          static_cast<unsigned char>(out.size()), static_cast<unsigned char>(name)};
  const std::array<unsigned char, 1> context{static_cast<unsigned char>(data.size())};
  wiped<Hash::size> before;
  for (unsigned char number = 1; !out.empty(); ++number) {
    hmac<Hash> made(key);
    if (number > 1) made.take(before);
    for (const bytes each : std::initializer_list<bytes>{head, asked.prefix, asked.label, context, data}) {
      made.take(each);
    }
    made.take({&number, 1});
    made.end(before.data());
    const auto now = std::min(out.size(), before.size());
    std::copy_n(before.begin(), now, out.begin());
    out = out.subspan(now);
  }
  return true;
}

// One step of the schedule of RFC 8446 section 7.1: Derive-Secret of what was before, and HKDF-Extract with what is
// new. Where there is nothing of either, zeros stand for it.
template <class Hash>
bool extract(const question& asked, std::span<unsigned char> out) {
  if (out.size() != Hash::size || asked.salt.size() > Hash::block) return false;
  wiped<Hash::size> salt;
  if (asked.has_salt) {
    std::array<unsigned char, Hash::size> of_nothing;
    Hash empty;
    empty.begin();
    empty.end(of_nothing.data());
    if (!expand<Hash>(asked, asked.salt, of_nothing, salt)) return false;
  }
  static constexpr std::array<unsigned char, Hash::size> zeros{};
  hmac<Hash> made(salt);
  made.take(asked.has_key ? asked.key : bytes(zeros));
  made.end(out.data());
  return true;
}

template <class Hash>
bool answer(const question& asked, std::span<unsigned char> out) {
  if (asked.mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY) return extract<Hash>(asked, out);
  if (asked.mode != EVP_KDF_HKDF_MODE_EXPAND_ONLY || !asked.has_key) return false;
  return expand<Hash>(asked, asked.key, asked.data, out);
}

bool is_one_of(std::string_view name, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [name](const char* one) {
    return name.size() == std::strlen(one) && OPENSSL_strncasecmp(name.data(), one, name.size()) == 0;
  });
}

int derive(void*, unsigned char* key, std::size_t size, const OSSL_PARAM* given) noexcept {
  question asked;
  for (; given != nullptr && given->key != nullptr; ++given) {
    if (!take(*given, asked)) return 0;
  }
  if (key == nullptr || size == 0 || asked.prefix.empty() || asked.label.empty()) return 0;
  const std::span out(key, size);
  if (is_one_of(asked.digest, {"SHA2-256", "SHA-256", "SHA256"})) return answer<sha256>(asked, out) ? 1 : 0;
  if (is_one_of(asked.digest, {"SHA2-384", "SHA-384", "SHA384"})) return answer<sha384>(asked, out) ? 1 : 0;
  return 0;
}

// Nothing is kept, so that any address will do.
void* new_context(void*) noexcept {
  static char nothing;
  return &nothing;
}

void free_context(void*) noexcept {}

}  // namespace

OSSL_ALGORITHM tls13_kdf() {
  static const std::array<OSSL_DISPATCH, 4> functions{
      {{OSSL_FUNC_KDF_NEWCTX, reinterpret_cast<void (*)()>(new_context)},
       {OSSL_FUNC_KDF_FREECTX, reinterpret_cast<void (*)()>(free_context)},
       {OSSL_FUNC_KDF_DERIVE, reinterpret_cast<void (*)()>(derive)},
       {0, nullptr}}};
  return {"TLS13-KDF", "provider=default", functions.data(), nullptr};
}

}  // namespace mutual::tls
