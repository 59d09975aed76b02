#include "x509/lookup_list.hpp"

#include "x509/crl_outline.hpp"
#include "x509/digest.hpp"
#include "x509/revoked_serials.hpp"

#include <openssl/err.h>

#include <utility>

namespace mutual::x509 {

// The digest stands for the bytes that were signed: who has signed it can be asked later, and costs no second pass over
// the list.
struct lookup_list::compact {
  revoked_serials serials;
  int digest_kind;
  int key_kind;
  std::string digest;
  std::string signature;
};

namespace {

struct signature_kind {
  int digest;
  int key;
};

// Signatures over a digest by SHA-2. All else is left to OpenSSL, which needs the whole list for it.
std::optional<signature_kind> signature_kind_of(const X509_CRL* list) {
  signature_kind out{};
  if (OBJ_find_sigid_algs(X509_CRL_get_signature_nid(list), &out.digest, &out.key) != 1) return std::nullopt;
  for (const int digest : {NID_sha256, NID_sha384, NID_sha512}) {
    if (out.digest == digest && (out.key == EVP_PKEY_RSA || out.key == EVP_PKEY_EC)) return out;
  }
  return std::nullopt;
}

// A BIT STRING for a signature is one of whole octets; OpenSSL refuses any other. The algorithm that is named beside it
// must be the one that was signed (RFC 5280 section 5.1.1.2); what is not so stays as it is, for others to refuse.
bool is_as_it_should_be_signed(const crl_outline& of) {
  return !of.signature.empty() && of.signature.front() == '\0' && of.named_inside == of.algorithm;
}

}  // namespace

lookup_list::lookup_list(crl whole) : about_(std::move(whole)) {
  // OpenSSL sorts a list's entries at the first question; ask it before threads do.
  const asn1_integer_ptr zero(ASN1_INTEGER_new());
  (void)revokes(zero.get());
}

result<lookup_list> lookup_list::from_der(std::string_view der) {
  const auto whole = [der]() -> result<lookup_list> {
    MUTUAL_TRY(auto read, crl::from_der(der));
    return lookup_list(std::move(read));
  };
  const auto parts = outline_of(der);
  if (!parts || !is_as_it_should_be_signed(*parts)) return whole();
  auto about = crl::from_der(without_entries_and_signature(*parts));
  if (!about) return whole();
  const auto kind = signature_kind_of(about->get());
  if (!kind) return whole();
  auto serials = revoked_serials::from_entries(parts->entries);
  if (!serials) return whole();
  auto digest = digest_bytes(parts->signed_part, EVP_get_digestbynid(kind->digest));
  if (digest.empty()) return whole();
  compact held{*std::move(serials), kind->digest, kind->key, std::move(digest),
               std::string(parts->signature.substr(1))};
  return lookup_list(*std::move(about), std::make_shared<const compact>(std::move(held)));
}

std::string_view lookup_list::signature() const {
  if (compact_) return compact_->signature;
  const ASN1_BIT_STRING* bits = nullptr;
  X509_CRL_get0_signature(get(), &bits, nullptr);
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(bits)),
          static_cast<std::size_t>(ASN1_STRING_length(bits))};
}

std::size_t lookup_list::size() const { return compact_ ? compact_->serials.size() : about_.size(); }

std::size_t lookup_list::bytes() const { return compact_ ? compact_->serials.bytes() : 0; }

bool lookup_list::is_signed_by(EVP_PKEY* key) const {
  if (compact_) return has_signed_digest(key);
  ERR_set_mark();
  const bool verified = X509_CRL_verify(get(), key) == 1;
  ERR_pop_to_mark();
  return verified;
}

bool lookup_list::is_signed_by(const certificate& issuer) const {
  return X509_NAME_cmp(X509_CRL_get_issuer(get()), X509_get_subject_name(issuer.get())) == 0 &&
         is_signed_by(X509_get0_pubkey(issuer.get()));
}

bool lookup_list::revokes(const ASN1_INTEGER* serial) const {
  if (compact_) {
    // No compact list has a negative number.
    return ASN1_STRING_type(serial) == V_ASN1_INTEGER &&
           compact_->serials.contains({reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                                       static_cast<std::size_t>(ASN1_STRING_length(serial))});
  }
  X509_REVOKED* entry = nullptr;
  // 2: "removeFromCRL", which only delta lists have, and which takes a revocation back.
  return X509_CRL_get0_by_serial(get(), &entry, serial) == 1;
}

// As X509_CRL_verify does it: the key must be of the kind that the algorithm names, so that no RSA-PSS key makes a
// signature of the older form.
bool lookup_list::has_signed_digest(EVP_PKEY* key) const {
  if (key == nullptr || EVP_PKEY_get_base_id(key) != compact_->key_kind) return false;
  const auto bytes_of = [](const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  const auto& [serials, digest_kind, key_kind, digest, signature] = *compact_;
  ERR_set_mark();
  const pkey_ctx_ptr checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  const bool verified =
      checker && EVP_PKEY_verify_init(checker.get()) == 1 &&
      EVP_PKEY_CTX_set_signature_md(checker.get(), EVP_get_digestbynid(digest_kind)) == 1 &&
      EVP_PKEY_verify(checker.get(), bytes_of(signature), signature.size(), bytes_of(digest), digest.size()) == 1;
  ERR_pop_to_mark();
  return verified;
}

}  // namespace mutual::x509
