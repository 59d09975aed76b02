#include "x509/ocsp_answer.hpp"

#include "base/random.hpp"
#include "x509/key_strength.hpp"
#include "x509/peer.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <utility>

namespace mutual::x509 {
namespace {

using request_ptr = std::unique_ptr<OCSP_REQUEST, freed_by<OCSP_REQUEST_free>>;
using certid_ptr = std::unique_ptr<OCSP_CERTID, freed_by<OCSP_CERTID_free>>;
using basic_ptr = std::unique_ptr<OCSP_BASICRESP, freed_by<OCSP_BASICRESP_free>>;
using response_ptr = std::unique_ptr<OCSP_RESPONSE, freed_by<OCSP_RESPONSE_free>>;
using octets_ptr = std::unique_ptr<ASN1_OCTET_STRING, freed_by<ASN1_OCTET_STRING_free>>;
using pss_ptr = std::unique_ptr<RSA_PSS_PARAMS, freed_by<RSA_PSS_PARAMS_free>>;

// RFC 9654 section 2.1.
constexpr std::size_t nonce_octets = 32;
// Each that claims to be a responder of the CA costs a signature to look at.
constexpr int most_certificates = 8;

error unusable(std::string_view how) { return {errc::bad_input, fmt::format("the OCSP answer {}", how)}; }

// Nothing that OpenSSL complained of here must be taken for a failure of the caller's.
class quiet {
 public:
  quiet() { ERR_set_mark(); }
  ~quiet() { ERR_pop_to_mark(); }
  quiet(const quiet&) = delete;
  quiet& operator=(const quiet&) = delete;
};

std::string_view view_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// SHA-1 names the issuer here and proves nothing; it is what every responder understands (RFC 5019 section 2.1.1).
certid_ptr id_of(const ocsp_subject& subject) {
  return certid_ptr(OCSP_cert_to_id(EVP_sha1(), subject.about.get(), subject.issuer.get()));
}

// RFC 6960 section 4.4: of extensions that are critical, the nonce alone is known.
template <class Of>
bool has_unknown_critical(Of* one, int (*count)(Of*), X509_EXTENSION* (*get)(Of*, int)) {
  for (int at = 0; at < count(one); ++at) {
    X509_EXTENSION* each = get(one, at);
    if (X509_EXTENSION_get_critical(each) == 1 &&
        OBJ_obj2nid(X509_EXTENSION_get_object(each)) != NID_id_pkix_OCSP_Nonce) {
      return true;
    }
  }
  return false;
}

// The digest of a signature, if it has one of its own.
int digest_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  int kind = 0;
  const void* value = nullptr;
  X509_ALGOR_get0(&object, &kind, &value, algorithm);
  int digest = NID_undef;
  int key = NID_undef;
  if (OBJ_find_sigid_algs(OBJ_obj2nid(object), &digest, &key) != 1) return NID_undef;
  if (key != EVP_PKEY_RSA_PSS) return digest;
  // RFC 4055 section 3.1: the digest is in the parameters, SHA-1 if it is not.
  if (kind != V_ASN1_SEQUENCE) return NID_sha1;
  const auto pss = from_whole_der<pss_ptr>(view_of(static_cast<const ASN1_STRING*>(value)), d2i_RSA_PSS_PARAMS);
  if (!pss || pss->hashAlgorithm == nullptr) return NID_sha1;
  const ASN1_OBJECT* named = nullptr;
  X509_ALGOR_get0(&named, nullptr, nullptr, pss->hashAlgorithm);
  return OBJ_obj2nid(named);
}

bool is_forgeable(OCSP_BASICRESP* basic) {
  const int digest = digest_of(OCSP_resp_get0_tbs_sigalg(basic));
  return digest == NID_md5 || digest == NID_sha1 || digest == NID_md5_sha1 || digest == NID_md4;
}

// RFC 6960 section 4.2.2.2: authorized by the CA itself, and by nobody else's word.
bool is_authorized(const certificate& one, const ocsp_subject& subject, sys_seconds at) {
  const auto flags = X509_get_extension_flags(one.get());
  if ((flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)) != 0) return false;
  if ((X509_get_key_usage(one.get()) & KU_DIGITAL_SIGNATURE) == 0) return false;
  if (one.not_before() > at || one.not_after() < at) return false;
  if (weakness_of(X509_get0_pubkey(one.get()))) return false;
  return is_ocsp_responder_of(one, subject.issuer);
}

// Whether that very certificate's key has signed the answer, and is the one that the answer names.
bool is_signed_by(OCSP_BASICRESP* basic, const certificate& one) {
  const x509_stack_ptr alone(sk_X509_new_null());
  const x509_store_ptr nobody(X509_STORE_new());
  if (!alone || !nobody || X509_up_ref(one.get()) != 1) return false;
  if (sk_X509_push(alone.get(), one.get()) <= 0) {
    X509_free(one.get());
    return false;
  }
  // OCSP_NOVERIFY: whether it may sign is decided here; OCSP_NOINTERN: nobody else's signature will do.
  return OCSP_basic_verify(basic, alone.get(), nobody.get(), OCSP_NOINTERN | OCSP_NOVERIFY) == 1;
}

result<certificate> signer_of(OCSP_BASICRESP* basic, const ocsp_subject& subject, sys_seconds at) {
  if (is_forgeable(basic)) return unusable("is signed with MD5 or SHA-1, which can be forged");
  if (is_signed_by(basic, subject.issuer)) return subject.issuer;
  const auto* sent = OCSP_resp_get0_certs(basic);
  if (sk_X509_num(sent) > most_certificates) return unusable("brings more certificates than are looked at");
  for (int which = 0; which < sk_X509_num(sent); ++which) {
    const auto one = certificate::shared(sk_X509_value(sent, which));
    if (is_authorized(one, subject, at) && is_signed_by(basic, one)) return one;
  }
  return unusable("is signed neither by the certificate's issuer nor by a responder that it has authorized");
}

// The one that speaks of the certificate.
result<OCSP_SINGLERESP*> find_single(OCSP_BASICRESP* basic, const ocsp_subject& subject) {
  const auto own = id_of(subject);
  OCSP_SINGLERESP* found = nullptr;
  for (int at = 0; own && at < OCSP_resp_count(basic); ++at) {
    auto* const one = OCSP_resp_get0(basic, at);
    if (OCSP_id_cmp(own.get(), OCSP_SINGLERESP_get0_id(one)) != 0) continue;
    if (found != nullptr) return unusable("speaks of the certificate twice");
    found = one;
  }
  if (found == nullptr) return unusable("does not speak of the certificate that was asked about");
  if (has_unknown_critical(found, OCSP_SINGLERESP_get_ext_count, OCSP_SINGLERESP_get_ext)) {
    return unusable("has a critical extension that is not known");
  }
  return found;
}

result<> check_nonce(OCSP_BASICRESP* basic, const std::string& sent) {
  const int at = OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1);
  if (at < 0 || sent.empty()) return {};
  const auto value = view_of(X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic, at)));
  const auto inner = from_whole_der<octets_ptr>(value, d2i_ASN1_OCTET_STRING);
  if (inner && view_of(inner.get()) == sent) return {};
  return unusable("has another nonce than was sent: it is an answer to somebody else, or an old one");
}

result<ocsp_statement> statement_in(OCSP_SINGLERESP* single, certificate signer) {
  ASN1_GENERALIZEDTIME* revoked = nullptr;
  ASN1_GENERALIZEDTIME* from = nullptr;
  ASN1_GENERALIZEDTIME* until = nullptr;
  int reason = OCSP_REVOKED_STATUS_NOSTATUS;
  ocsp_statement out{.signer = std::move(signer)};
  const int status = OCSP_single_get0_status(single, &reason, &revoked, &from, &until);
  const auto this_update = to_time(from);
  if (!this_update || (until != nullptr && !to_time(until))) return unusable("has dates that cannot be read");
  out.this_update = *this_update;
  if (until != nullptr) out.next_update = to_time(until);
  if (status == V_OCSP_CERTSTATUS_GOOD) out.is = ocsp_fact::status::good;
  if (status != V_OCSP_CERTSTATUS_REVOKED) return out;
  out.is = ocsp_fact::status::revoked;
  out.revoked_at = to_time(revoked).value_or(out.this_update);
  out.reason = std::max(reason, 0);
  return out;
}

// RFC 6960 section 3.2, points 5 and 6.
result<> check_dates(const ocsp_statement& said, const ocsp_terms& terms) {
  // Without an end it is made for whoever asks, now.
  constexpr std::chrono::minutes oldest_without_end{5};
  if (said.this_update > terms.at + terms.tolerance) {
    return unusable(fmt::format("is of {}, which is not yet: compare this machine's clock and the responder's",
                                to_text(said.this_update)));
  }
  if (!said.next_update) {
    if (said.this_update + oldest_without_end + terms.tolerance > terms.at) return {};
    return unusable(fmt::format("is of {} and does not say until when it holds", to_text(said.this_update)));
  }
  if (*said.next_update < said.this_update) return unusable("ends before it begins");
  if (*said.next_update + terms.tolerance > terms.at) return {};
  return unusable(fmt::format("ended on {}", to_text(*said.next_update)));
}

result<basic_ptr> basic_in(std::string_view der) {
  const auto whole = from_whole_der<response_ptr>(der, d2i_OCSP_RESPONSE);
  if (!whole) return unusable("is no DER of one, or is cut off");
  if (const int status = OCSP_response_status(whole.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return error(errc::closed,
                 fmt::format("the OCSP responder gives no answer ({})", OCSP_response_status_str(status)));
  }
  basic_ptr basic(OCSP_response_get1_basic(whole.get()));
  if (!basic) return unusable("is of a kind that is not known");
  return basic;
}

}  // namespace

result<ocsp_errand> make_ocsp_errand(const ocsp_subject& subject) {
  const quiet here;
  ocsp_errand out;
  out.nonce = random_bytes(nonce_octets);
  const request_ptr made(OCSP_REQUEST_new());
  auto id = id_of(subject);
  if (made && id && OCSP_request_add0_id(made.get(), id.get()) != nullptr) {
    (void)id.release();
    auto* const nonce = reinterpret_cast<unsigned char*>(out.nonce.data());
    if (OCSP_request_add1_nonce(made.get(), nonce, static_cast<int>(out.nonce.size())) == 1) {
      out.der = der_of(made.get(), i2d_OCSP_REQUEST);
    }
  }
  if (out.der.empty()) return error(errc::internal, "cannot make an OCSP request: " + openssl_errors());
  return out;
}

result<ocsp_statement> read_ocsp_answer(std::string_view der, const ocsp_subject& subject, const ocsp_terms& terms) {
  const quiet here;
  if (der.size() > terms.most_bytes) {
    return error(errc::limit_exceeded,
                 fmt::format("the OCSP answer has {} bytes, and {} are allowed", der.size(), terms.most_bytes));
  }
  MUTUAL_TRY(const auto basic, basic_in(der));
  if (has_unknown_critical(basic.get(), OCSP_BASICRESP_get_ext_count, OCSP_BASICRESP_get_ext)) {
    return unusable("has a critical extension that is not known");
  }
  MUTUAL_TRY(auto* const single, find_single(basic.get(), subject));
  // Nothing that it says counts before its signature does.
  MUTUAL_TRY(auto signer, signer_of(basic.get(), subject, terms.at));
  MUTUAL_CHECK(check_nonce(basic.get(), terms.nonce));
  MUTUAL_TRY(auto said, statement_in(single, std::move(signer)));
  MUTUAL_CHECK(check_dates(said, terms));
  return said;
}

}  // namespace mutual::x509
