#include "tls/lean_provider.hpp"

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

// By operation, the first names of the algorithms that are wanted. OpenSSL goes through all that it has at each public
// key that it reads, whatever they are for, so each counts. What an algorithm is made of (a signature's digest, a
// generator's cipher), it fetches for itself where nothing is missing.
struct wanted {
  int operation;
  std::array<std::string_view, 18> names;
};

constexpr std::array<wanted, 8> all_wanted{{
    // A certificate may be signed with any of these, whatever is thought of that later.
    {OSSL_OP_DIGEST,
     {"SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512", "SHA2-512/224", "SHA2-512/256", "SHA3-224", "SHA3-256",
      "SHA3-384", "SHA3-512", "SM3", "RIPEMD-160", "MD5", "MD5-SHA1"}},
    {OSSL_OP_CIPHER, {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"}},
    {OSSL_OP_MAC, {"HMAC"}},
    {OSSL_OP_KDF, {"HKDF", "TLS13-KDF", "TLS1-PRF"}},
    {OSSL_OP_RAND, {"CTR-DRBG", "SEED-SRC"}},
    // What the keys of a chain that is good may be, what keys are exchanged with, and what the binders of TLS 1.3 are
    // made with. A certificate with a key of another kind is judged under an OpenSSL that has them all (whole_chain).
    {OSSL_OP_KEYMGMT, {"RSA", "RSA-PSS", "EC", "ED25519", "ED448", "X25519", "HMAC"}},
    {OSSL_OP_KEYEXCH, {"ECDH", "X25519"}},
    {OSSL_OP_SIGNATURE, {"RSA", "ECDSA", "ED25519", "ED448", "HMAC"}},
}};

constexpr std::array<std::string_view, 5> wanted_decoders{"RSA", "RSA-PSS", "EC", "ED25519", "ED448"};

template <class Names>
bool is_among(const Names& these, const OSSL_ALGORITHM& one) {
  const std::string_view names(one.algorithm_names);
  return std::find(these.begin(), these.end(), names.substr(0, names.find(':'))) != these.end();
}

// What reads the key in a certificate. Our own private key is not read here (library_context).
bool is_wanted_decoder(const OSSL_ALGORITHM& one) {
  const std::string_view properties(one.property_definition);
  return is_among(wanted_decoders, one) && properties.find("input=der") != std::string_view::npos &&
         properties.find("structure=SubjectPublicKeyInfo") != std::string_view::npos;
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
    chosen_of[OSSL_OP_DECODER] = chosen(all(context, OSSL_OP_DECODER, &no_cache), is_wanted_decoder);
  }
  bool is_usable() const { return all != nullptr && capabilities != nullptr; }
};

const offer& what_is_offered(OSSL_PROVIDER* whole) {
  static const offer made(whole);
  return made;
}

// OpenSSL hands a provider's start nothing of ours; on this thread, this is whose algorithms the one that starts has.
thread_local OSSL_PROVIDER* behind = nullptr;

// Each algorithm is the default provider's own, and is given that provider's own context to work in.
const OSSL_ALGORITHM* query(void*, int operation, int* no_cache) noexcept {
  const auto& offered = what_is_offered(nullptr).chosen_of;
  const auto found = offered.find(operation);
  *no_cache = 0;
  return found == offered.end() ? nullptr : found->second.data();
}

int get_capabilities(void* context, const char* what, OSSL_CALLBACK* tell, void* whom) noexcept {
  return what_is_offered(nullptr).capabilities(context, what, tell, whom);
}

int start(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** out, void** context) noexcept {
  static const std::array<OSSL_DISPATCH, 3> functions{
      {{OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<void (*)()>(query)},
       {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, reinterpret_cast<void (*)()>(get_capabilities)},
       {0, nullptr}}};
  if (behind == nullptr) return 0;
  *out = functions.data();
  *context = OSSL_PROVIDER_get0_provider_ctx(behind);
  return 1;
}

}  // namespace

bool is_slow_to_decode() {
  return OPENSSL_VERSION_NUMBER < first_that_remembers && OpenSSL_version_num() < first_that_remembers;
}

OSSL_PROVIDER* load_lean_provider(OSSL_LIB_CTX* context, OSSL_PROVIDER* whole) {
  static constexpr const char* name = "mutual-lean";
  if (!what_is_offered(whole).is_usable()) return nullptr;
  behind = whole;
  OSSL_PROVIDER* const loaded =
      OSSL_PROVIDER_add_builtin(context, name, start) == 1 ? OSSL_PROVIDER_load(context, name) : nullptr;
  behind = nullptr;
  return loaded;
}

}  // namespace mutual::tls
