#include "tls/lean_provider.hpp"

#include "tls/tls13_kdf.hpp"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace mutual::tls {
namespace {

constexpr unsigned long first_that_remembers = 0x30200000UL;

// By operation, the first names of the algorithms that are wanted. What an algorithm is made of (a signature's digest,
// a generator's cipher), it fetches for itself where nothing is missing. Nothing reads keys: ours is made from its
// numbers (library_context), and a client's comes from the OpenSSL that the program shares (whole_chain).
struct wanted {
  int operation;
  std::array<std::string_view, 8> names;
};

constexpr std::array<wanted, 8> all_wanted{{
    {OSSL_OP_DIGEST, {"SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512", "MD5", "MD5-SHA1"}},
    {OSSL_OP_CIPHER, {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"}},
    {OSSL_OP_MAC, {"HMAC"}},
    {OSSL_OP_KDF, {"HKDF", "TLS1-PRF", "TLS13-KDF"}},  // or tls13_kdf in place of the last
    {OSSL_OP_RAND, {"CTR-DRBG", "SEED-SRC"}},
    // What the keys of those who are let in may be, what keys are exchanged with, and what the binders of TLS 1.3 are
    // made with.
    {OSSL_OP_KEYMGMT, {"RSA", "RSA-PSS", "EC", "ED25519", "ED448", "X25519", "HMAC"}},
    {OSSL_OP_KEYEXCH, {"ECDH", "X25519"}},
    {OSSL_OP_SIGNATURE, {"RSA", "ECDSA", "ED25519", "ED448", "HMAC"}},
}};

template <class Names>
bool is_among(const Names& these, const OSSL_ALGORITHM& one) {
  const std::string_view names(one.algorithm_names);
  const auto first = names.substr(0, names.find(':'));
  return !first.empty() && std::find(these.begin(), these.end(), first) != these.end();
}

template <class Wanted>
std::vector<OSSL_ALGORITHM> chosen(const OSSL_ALGORITHM* all, Wanted is_wanted) {
  std::vector<OSSL_ALGORITHM> some;
  for (; all != nullptr && all->algorithm_names != nullptr; ++all) {
    if (is_wanted(*all)) some.push_back(*all);
  }
  some.push_back({});  // the end of the list
  return some;
}

// OpenSSL's own lists are constants of its library, the same for each of its contexts, and so are these.
struct offer {
  OSSL_FUNC_provider_query_operation_fn* all = nullptr;
  OSSL_FUNC_provider_get_capabilities_fn* capabilities = nullptr;
  std::map<int, std::vector<OSSL_ALGORITHM>> chosen_of;
  std::vector<OSSL_ALGORITHM> derivations_with_ours;

  explicit offer(OSSL_PROVIDER* whole) {
    for (const auto* entry = OSSL_PROVIDER_get0_dispatch(whole); entry != nullptr && entry->function_id != 0; ++entry) {
      if (entry->function_id == OSSL_FUNC_PROVIDER_QUERY_OPERATION) all = OSSL_FUNC_provider_query_operation(entry);
      if (entry->function_id == OSSL_FUNC_PROVIDER_GET_CAPABILITIES) {
        capabilities = OSSL_FUNC_provider_get_capabilities(entry);
      }
    }
    if (!is_usable()) return;
    void* const context = OSSL_PROVIDER_get0_provider_ctx(whole);
    int no_cache = 0;
    for (const auto& these : all_wanted) {
      const auto is_one = [&](const OSSL_ALGORITHM& one) { return is_among(these.names, one); };
      chosen_of[these.operation] = chosen(all(context, these.operation, &no_cache), is_one);
    }
    const auto is_ours = [ours = tls13_kdf()](const OSSL_ALGORITHM& one) {
      return one.algorithm_names != nullptr && std::string_view(one.algorithm_names) == ours.algorithm_names;
    };
    derivations_with_ours = chosen_of[OSSL_OP_KDF];
    std::replace_if(derivations_with_ours.begin(), derivations_with_ours.end(), is_ours, tls13_kdf());
  }
  bool is_usable() const { return all != nullptr && capabilities != nullptr; }
};

const offer& what_is_offered(OSSL_PROVIDER* whole) {
  static const offer made(whole);
  return made;
}

// OpenSSL hands a provider's start nothing of ours; on this thread, this is whose algorithms the one that starts has.
thread_local OSSL_PROVIDER* behind = nullptr;

thread_local bool with_ours = false;

// Each algorithm but one is the default provider's own, and is given that provider's own context to work in.
const OSSL_ALGORITHM* query(void*, int operation, int* no_cache) noexcept {
  const auto& offered = what_is_offered(nullptr).chosen_of;
  const auto found = offered.find(operation);
  *no_cache = 0;
  return found == offered.end() ? nullptr : found->second.data();
}

const OSSL_ALGORITHM* query_with_ours(void* context, int operation, int* no_cache) noexcept {
  const auto* theirs = query(context, operation, no_cache);
  return operation == OSSL_OP_KDF ? what_is_offered(nullptr).derivations_with_ours.data() : theirs;
}

int get_capabilities(void* context, const char* what, OSSL_CALLBACK* tell, void* whom) noexcept {
  return what_is_offered(nullptr).capabilities(context, what, tell, whom);
}

int start(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** out, void** context) noexcept {
  using functions = std::array<OSSL_DISPATCH, 3>;
  const auto with = [](OSSL_FUNC_provider_query_operation_fn* asked) -> functions {
    return {{{OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<void (*)()>(asked)},
             {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, reinterpret_cast<void (*)()>(get_capabilities)},
             {0, nullptr}}};
  };
  static const functions ours = with(query_with_ours);
  static const functions theirs = with(query);
  if (behind == nullptr) return 0;
  *out = with_ours ? ours.data() : theirs.data();
  *context = OSSL_PROVIDER_get0_provider_ctx(behind);
  return 1;
}

}  // namespace

bool is_slow_to_decode() {
  return OPENSSL_VERSION_NUMBER < first_that_remembers && OpenSSL_version_num() < first_that_remembers;
}

OSSL_PROVIDER* load_lean_provider(OSSL_LIB_CTX* context, OSSL_PROVIDER* whole, bool own_key_derivation) {
  static constexpr const char* name = "mutual-lean";
  if (!what_is_offered(whole).is_usable()) return nullptr;
  behind = whole;
  with_ours = own_key_derivation;
  OSSL_PROVIDER* const loaded =
      OSSL_PROVIDER_add_builtin(context, name, start) == 1 ? OSSL_PROVIDER_load(context, name) : nullptr;
  behind = nullptr;
  return loaded;
}

}  // namespace mutual::tls
