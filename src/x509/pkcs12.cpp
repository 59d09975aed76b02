#include "x509/pkcs12.hpp"

#include "x509/bundle.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <string>

namespace mutual::x509 {
namespace {

// An empty password is no secret, so nothing is won by making it slow to try.
constexpr int rounds_without_password = 2048;
constexpr int rounds = 100'000;

struct rules {
  pkcs12_target target;
  std::string_view name, words;
  bool is_old;  ///< Triple DES and SHA-1.
  std::size_t shortest_password;
};
constexpr std::array<rules, 5> targets{
    {{pkcs12_target::modern, "modern", "AES-256 and SHA-256", false, 0},
     {pkcs12_target::legacy, "legacy", "Triple DES and SHA-1, for old programs", true, 0},
     {pkcs12_target::macos, "macos", "Triple DES and SHA-1, which every macOS reads", true, 1},
     {pkcs12_target::windows, "windows", "AES-256 and SHA-256, for Windows 10 1709, Server 2019 and later", false, 1},
     {pkcs12_target::java, "java", "AES-256 and SHA-256, for Java 8u301, 11.0.12, 17 and later", false, 6}}};

const rules& rules_of(pkcs12_target target) { return targets.at(static_cast<std::size_t>(target)); }

error failed() { return {errc::internal, "cannot make a PKCS#12 file: " + openssl_errors()}; }

// Without the attribute Windows puts an RSA key into a store that signs with SHA-1 at most, and TLS 1.3 fails there.
result<private_key> key_for(pkcs12_target target, const private_key& key) {
  if (target != pkcs12_target::windows) return key;
  static constexpr std::string_view store = "Microsoft Software Key Storage Provider";
  pkey_ptr copy(EVP_PKEY_dup(key.get()));  // The attribute would stay with the key that everybody shares.
  if (!copy || EVP_PKEY_add1_attr_by_NID(copy.get(), NID_ms_csp_name, MBSTRING_ASC,
                                         reinterpret_cast<const unsigned char*>(store.data()),
                                         static_cast<int>(store.size())) != 1) {
    return failed();
  }
  return private_key(std::move(copy));
}

}  // namespace

std::string_view to_string(pkcs12_target target) { return rules_of(target).name; }

std::optional<pkcs12_target> pkcs12_target_from_string(std::string_view name) {
  for (const auto& one : targets) {
    if (one.name == name) return one.target;
  }
  return std::nullopt;
}

std::string_view describe(pkcs12_target target) { return rules_of(target).words; }

bool needs_password(pkcs12_target target) { return rules_of(target).shortest_password > 0; }

result<> check_password(pkcs12_target target, std::string_view password) {
  const auto& wanted = rules_of(target);
  if (password.size() < wanted.shortest_password) {
    return error(errc::bad_usage,
                 password.empty()
                     ? fmt::format("{} does not open a PKCS#12 file without a password: give one", wanted.name)
                     : fmt::format("{} takes passwords of {} characters and more: give a longer one", wanted.name,
                                   wanted.shortest_password));
  }
  const bool ascii = std::all_of(password.begin(), password.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  if (!ascii && target != pkcs12_target::modern) {
    return error(errc::bad_usage,
                 fmt::format("programs differ in how they encode letters outside ASCII, and {} might not open the file "
                             "again: give a password of plain letters, digits and signs",
                             wanted.name));
  }
  return {};
}

namespace {

// RFC 7292 and RFC 2985 section 5.5.1: a friendlyName is a BMPString, which has no characters beyond U+FFFF. It is
// there to be looked at, so the replacement character stands for each of them.
std::string in_bmp(std::string_view name) {
  constexpr auto is_lead_of_four = [](char c) { return static_cast<unsigned char>(c) >= 0xF0; };
  std::string out;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (!is_lead_of_four(name[at])) {
      out += name[at];
      continue;
    }
    out += "\xEF\xBF\xBD";
    at += 3;
  }
  return out;
}

}  // namespace

result<secret> to_pkcs12(const identity& who, std::string_view password, std::string_view name, pkcs12_target target) {
  MUTUAL_CHECK(check_password(target, password));
  MUTUAL_TRY(const auto key, key_for(target, who.key));
  const secret password_text(password);
  const auto name_text = in_bmp(name);
  const bool is_old = rules_of(target).is_old;
  const int cipher = is_old ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : NID_aes_256_cbc;
  const int count = password.empty() ? rounds_without_password : rounds;
  const x509_stack_ptr intermediates(sk_X509_new_null());
  for (std::size_t at = 1; at < who.chain.size(); ++at) {
    X509* one = who.chain[at].get();
    X509_up_ref(one);
    if (sk_X509_push(intermediates.get(), one) <= 0) X509_free(one);
  }
  // Made without a MAC first, so that the MAC's digest is ours to choose and not OpenSSL's default.
  const pkcs12_ptr made(PKCS12_create(password_text.c_str(), name_text.c_str(), key.get(), who.leaf().get(),
                                      intermediates.get(), cipher, cipher, count, -1, 0));
  if (!made || PKCS12_set_mac(made.get(), password_text.c_str(), static_cast<int>(password.size()), nullptr, 16, count,
                              is_old ? EVP_sha1() : EVP_sha256()) != 1) {
    return failed();
  }
  return secret(der_of(made.get(), i2d_PKCS12));
}

result<> check_pkcs12(std::string_view bytes, std::string_view password, std::string_view where, const identity& who) {
  MUTUAL_TRY(const auto read, read_bundle(bytes, password, where));
  const bool same_key = read.key && EVP_PKEY_eq(read.key->get(), who.key.get()) == 1;
  (void)openssl_errors();
  if (!same_key ||
      !std::is_permutation(read.certificates.begin(), read.certificates.end(), who.chain.begin(), who.chain.end()) ||
      !(read.certificates.front() == who.leaf())) {
    return error(errc::internal, fmt::format("{} does not hold what was put into it: the key, its certificate and {} "
                                             "above it; do not use it",
                                             where, who.chain.size() - 1));
  }
  return {};
}

}  // namespace mutual::x509
