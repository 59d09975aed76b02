// Certificate chains from any bytes, judged. Held to: a peer or a reason, never both; the same chain gets the same
// verdict; nobody is let in whose certificate our CA's key has not signed; what is said of a stranger fits a log line.
//
// The first byte says what is done with the rest, certificates in DER one after another, the leaf first: whether they
// are signed anew, so that what is inside reaches the rules behind the signatures.

#include "base/clock.hpp"
#include "tls/trust.hpp"
#include "tls/verdict.hpp"
#include "x509/openssl.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace mutual;
using namespace mutual::x509;

constexpr std::uint8_t sign_leaf = 1;          // by the intermediate
constexpr std::uint8_t sign_intermediate = 2;  // the second certificate by the root, the leaf by the second's key
constexpr std::uint8_t with_lists = 4;
constexpr std::uint8_t as_server = 8;
constexpr std::uint8_t revoke_leaf = 16;  // with sign_leaf: the leaf has the serial number that the lists revoke

constexpr long revoked_serial = 0x4711;

constexpr sys_seconds at{std::chrono::seconds(1'800'000'000)};

void require(bool holds) {
  if (!holds) std::abort();
}

// Keys from fixed bytes, so that an input means the same each time. Ed25519 makes signatures without chance; a list
// under one is kept as OpenSSL reads it.
pkey_ptr fixed_key(unsigned char which) {
  const std::vector<unsigned char> bytes(32, which);
  return pkey_ptr(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()));
}

// Of P-256, whose signature is over a digest: a list under one is kept compact. What is 32 octets of `which` is less
// than the order of the group.
pkey_ptr fixed_p256_key(unsigned char which) {
  const std::vector<unsigned char> bytes(32, which);
  const std::unique_ptr<EC_GROUP, freed_by<EC_GROUP_free>> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const std::unique_ptr<EC_POINT, freed_by<EC_POINT_free>> point(EC_POINT_new(group.get()));
  const bignum_ptr secret(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  require(EC_POINT_mul(group.get(), point.get(), secret.get(), nullptr, nullptr, nullptr) == 1);
  std::vector<unsigned char> shown(65);
  require(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, shown.data(), shown.size(),
                             nullptr) == shown.size());
  const std::unique_ptr<OSSL_PARAM_BLD, freed_by<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get());
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, shown.data(), shown.size());
  const std::unique_ptr<OSSL_PARAM, freed_by<OSSL_PARAM_free>> parts(OSSL_PARAM_BLD_to_param(builder.get()));
  const pkey_ctx_ptr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  require(EVP_PKEY_fromdata_init(context.get()) == 1 &&
          EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parts.get()) == 1);
  return pkey_ptr(made);
}

const EVP_MD* digest_of(const EVP_PKEY* key) {
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ? EVP_sha256() : nullptr;
}

void extend(X509* one, X509* issuer, int kind, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, one, nullptr, nullptr, 0);
  const x509_extension_ptr made(X509V3_EXT_nconf_nid(nullptr, &context, kind, value));
  require(made && X509_add_ext(one, made.get(), -1) == 1);
}

certificate reread(X509* one) { return *certificate::from_der(der_of(one, i2d_X509)); }

certificate make_ca(const char* name, EVP_PKEY* key, const X509* issuer, EVP_PKEY* signer) {
  const x509_ptr one(X509_new());
  X509_set_version(one.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(one.get()), 7);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(one.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(one.get(), X509_get_subject_name(issuer != nullptr ? issuer : one.get()));
  const auto seconds = static_cast<std::time_t>(at.time_since_epoch().count());
  ASN1_TIME_set(X509_getm_notBefore(one.get()), seconds - 86400);
  ASN1_TIME_set(X509_getm_notAfter(one.get()), seconds + 86400);
  X509_set_pubkey(one.get(), key);
  extend(one.get(), one.get(), NID_subject_key_identifier, "hash");
  if (issuer != nullptr) {
    extend(one.get(), const_cast<X509*>(issuer), NID_authority_key_identifier, "keyid:always");
  }
  extend(one.get(), one.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(one.get(), one.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  require(X509_sign(one.get(), signer, digest_of(signer)) > 0);
  return reread(one.get());
}

lookup_list make_list(const certificate& issuer, EVP_PKEY* signer) {
  x509_crl_ptr list(X509_CRL_new());
  X509_CRL_set_version(list.get(), 1);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.get()));
  X509_CRL_set1_lastUpdate(list.get(), X509_get0_notBefore(issuer.get()));
  X509_CRL_set1_nextUpdate(list.get(), X509_get0_notAfter(issuer.get()));
  const asn1_integer_ptr number(ASN1_INTEGER_new());
  ASN1_INTEGER_set(number.get(), 1);
  X509_CRL_add1_ext_i2d(list.get(), NID_crl_number, number.get(), 0, 0);
  ASN1_INTEGER_set(number.get(), revoked_serial);
  X509_REVOKED* entry = X509_REVOKED_new();
  X509_REVOKED_set_serialNumber(entry, number.get());
  X509_REVOKED_set_revocationDate(entry, const_cast<ASN1_TIME*>(X509_get0_notBefore(issuer.get())));
  X509_CRL_add0_revoked(list.get(), entry);
  require(X509_CRL_sign(list.get(), signer, digest_of(signer)) > 0);
  auto read = *lookup_list::from_der(der_of(list.get(), i2d_X509_CRL));
  // Both forms are to be met: the root's list in one, the intermediate's in the other.
  require(read.is_compact() == (digest_of(signer) != nullptr));
  return read;
}

struct world {
  pkey_ptr root_key = fixed_key(1);
  pkey_ptr intermediate_key = fixed_p256_key(2);
  pkey_ptr leaf_key = fixed_key(3);
  certificate root = make_ca("Fuzz Root", root_key.get(), nullptr, root_key.get());
  certificate intermediate = make_ca("Fuzz Intermediate", intermediate_key.get(), root.get(), root_key.get());
  std::shared_ptr<const tls::trust> plain;
  std::shared_ptr<const tls::trust> revoking;

  world() {
    tls::trust_sources sources;
    sources.trusted = {root};
    sources.known_intermediates = {intermediate};
    plain = *tls::trust::make(sources, 1);
    sources.revocations = {make_list(root, root_key.get()), make_list(intermediate, intermediate_key.get())};
    revoking = *tls::trust::make(sources, 2);
  }
};

x509_ptr signed_anew(X509* one, const X509_NAME* issuer, EVP_PKEY* subject_key, EVP_PKEY* signer) {
  X509_set_issuer_name(one, issuer);
  if (subject_key != nullptr) X509_set_pubkey(one, subject_key);
  if (X509_sign(one, signer, digest_of(signer)) <= 0) return nullptr;
  return from_whole_der<x509_ptr>(der_of(one, i2d_X509), d2i_X509);
}

std::vector<x509_ptr> read_chain(std::string_view bytes) {
  std::vector<x509_ptr> chain;
  const auto* next = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = next + bytes.size();
  while (next < end && chain.size() < 40) {
    x509_ptr one(d2i_X509(nullptr, &next, end - next));
    if (!one) break;
    chain.push_back(std::move(one));
  }
  return chain;
}

// The chain signed as the first byte says; empty if OpenSSL cannot encode what it could read.
std::vector<x509_ptr> prepared(const world& all, std::uint8_t mode, std::vector<x509_ptr> chain) {
  if ((mode & sign_intermediate) != 0 && chain.size() >= 2) {
    chain[0] = signed_anew(chain[0].get(), X509_get_subject_name(chain[1].get()), nullptr, all.leaf_key.get());
    chain[1] =
        signed_anew(chain[1].get(), X509_get_subject_name(all.root.get()), all.leaf_key.get(), all.root_key.get());
    if (!chain[0] || !chain[1]) return {};
  } else if ((mode & sign_leaf) != 0) {
    if ((mode & revoke_leaf) != 0) ASN1_INTEGER_set(X509_get_serialNumber(chain[0].get()), revoked_serial);
    chain[0] =
        signed_anew(chain[0].get(), X509_get_subject_name(all.intermediate.get()), nullptr, all.intermediate_key.get());
    if (!chain[0]) return {};
    chain.push_back(from_whole_der<x509_ptr>(all.intermediate.der(), d2i_X509));
  }
  return chain;
}

bool fits_a_log_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_signed_by_one_of(X509* leaf, const world& all) {
  for (EVP_PKEY* key : {all.root_key.get(), all.intermediate_key.get(), all.leaf_key.get()}) {
    if (X509_verify(leaf, key) == 1) return true;
  }
  return X509_cmp(leaf, all.root.get()) == 0;
}

void check(const world& all, const tls::verdict& judged, X509* leaf) {
  require(judged.refused.has_value() == (judged.who == nullptr));
  if (judged.refused) {
    require(!judged.detail.empty() && fits_a_log_line(judged.detail));
    require(judged.verify_error != X509_V_OK && judged.alert && !judged.presented.empty());
    return;
  }
  require(is_signed_by_one_of(leaf, all));
  require(judged.who->chain().front() == der_of(leaf, i2d_X509));
  require(judged.who->chain().back() == all.root.der());
  require(judged.who->not_before() <= at && at <= judged.who->chain_not_after());
  require(fits_a_log_line(judged.who->name()) && fits_a_log_line(judged.who->subject()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const world all;
  if (size < 2) return 0;
  const std::uint8_t mode = data[0];
  auto chain = read_chain({reinterpret_cast<const char*>(data + 1), size - 1});
  if (!chain.empty()) chain = prepared(all, mode, std::move(chain));
  if (chain.empty()) return 0;

  const x509_stack_ptr sent(sk_X509_new_null());
  for (const auto& one : chain) {
    X509_up_ref(one.get());
    sk_X509_push(sent.get(), one.get());
  }
  const auto& by = (mode & with_lists) != 0 ? *all.revoking : *all.plain;
  tls::judge_options options{.at = at};
  if ((mode & as_server) != 0) options = {.use = tls::purpose::server, .at = at, .host = "localhost"};
  ERR_clear_error();
  const auto judged = tls::judge(by, chain.front().get(), sent.get(), options);
  require(ERR_peek_error() == 0);
  check(all, judged, chain.front().get());
  // The intermediate's list, which is compact, names it.
  const bool is_revoked = ASN1_INTEGER_get(X509_get0_serialNumber(chain.front().get())) == revoked_serial;
  const bool is_ours = (mode & (sign_leaf | sign_intermediate)) == sign_leaf;
  if (is_ours && is_revoked && (mode & with_lists) != 0) require(judged.refused.has_value());
  const auto again = tls::judge(by, chain.front().get(), sent.get(), options);
  require(again.refused == judged.refused && again.detail == judged.detail);
  if (judged) {
    require(tls::judge_again(by, judged.holds, options).who != nullptr);
    const auto later =
        tls::judge_again(by, judged.holds, {.use = options.use, .at = judged.holds.until + std::chrono::hours(48)});
    require(later.refused.has_value());
  }
  ERR_clear_error();
  return 0;
}
