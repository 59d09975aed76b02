#include "x509/ocsp.hpp"

#include "base/text.hpp"
#include "x509/builder.hpp"
#include "x509/extensions.hpp"
#include "x509/profile.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::x509 {
namespace {

using request_ptr = std::unique_ptr<OCSP_REQUEST, freed_by<OCSP_REQUEST_free>>;
using certid_ptr = std::unique_ptr<OCSP_CERTID, freed_by<OCSP_CERTID_free>>;
using basic_ptr = std::unique_ptr<OCSP_BASICRESP, freed_by<OCSP_BASICRESP_free>>;
using response_ptr = std::unique_ptr<OCSP_RESPONSE, freed_by<OCSP_RESPONSE_free>>;
using octets_ptr = std::unique_ptr<ASN1_OCTET_STRING, freed_by<ASN1_OCTET_STRING_free>>;

constexpr std::size_t longest_nonce = 128;

error malformed(std::string_view how) {
  (void)openssl_errors();
  return {errc::bad_input, fmt::format("not an OCSP request that can be answered: {}", how)};
}

std::string_view view_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// id-pkix-ocsp-response says which types of answers are understood; the basic one has to be (RFC 6960 section 4.4.3).
bool is_known(int nid) { return nid == NID_id_pkix_OCSP_Nonce || nid == NID_id_pkix_OCSP_acceptableResponses; }

result<std::string> nonce_in(OCSP_REQUEST* asked) {
  const int at = OCSP_REQUEST_get_ext_by_NID(asked, NID_id_pkix_OCSP_Nonce, -1);
  if (at < 0) return std::string();
  const std::string_view value = view_of(X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(asked, at)));
  const auto inner = from_whole_der<octets_ptr>(value, d2i_ASN1_OCTET_STRING);
  const auto size = inner ? view_of(inner.get()).size() : 0;
  if (size == 0 || size > longest_nonce) return malformed("its nonce has not 1 to 128 octets (RFC 9654)");
  return std::string(value);
}

result<> check_extensions(OCSP_REQUEST* asked) {
  for (int at = 0; at < OCSP_REQUEST_get_ext_count(asked); ++at) {
    X509_EXTENSION* one = OCSP_REQUEST_get_ext(asked, at);
    if (X509_EXTENSION_get_critical(one) == 1 && !is_known(OBJ_obj2nid(X509_EXTENSION_get_object(one)))) {
      return malformed("it has a critical extension that is not known");
    }
  }
  return {};
}

result<ocsp_id> id_of(OCSP_ONEREQ* one) {
  for (int at = 0; at < OCSP_ONEREQ_get_ext_count(one); ++at) {
    if (X509_EXTENSION_get_critical(OCSP_ONEREQ_get_ext(one, at)) == 1) {
      return malformed("it has a critical extension that is not known");
    }
  }
  certid_ptr copy(OCSP_CERTID_dup(OCSP_onereq_get0_id(one)));
  if (!copy) return malformed("it names no certificate");
  return ocsp_id(std::shared_ptr<OCSP_CERTID>(copy.release(), OCSP_CERTID_free));
}

bool add_fact(OCSP_BASICRESP* to, const ocsp_fact& fact, ASN1_TIME* from, ASN1_TIME* until) {
  using status = ocsp_fact::status;
  const int code = fact.is == status::good      ? V_OCSP_CERTSTATUS_GOOD
                   : fact.is == status::revoked ? V_OCSP_CERTSTATUS_REVOKED
                                                : V_OCSP_CERTSTATUS_UNKNOWN;
  const auto when = fact.is == status::revoked ? to_asn1_time(fact.revoked_at) : nullptr;
  // As in revocation lists, "unspecified" is said by saying nothing.
  const int reason = fact.reason == 0 ? OCSP_REVOKED_STATUS_NOSTATUS : fact.reason;
  return (fact.is != status::revoked || when) &&
         OCSP_basic_add1_status(to, fact.of.get(), code, reason, when.get(), from, until) != nullptr;
}

bool add_nonce(OCSP_BASICRESP* to, const std::string& value) {
  const octets_ptr wrapped(ASN1_OCTET_STRING_new());
  if (ASN1_OCTET_STRING_set(wrapped.get(), reinterpret_cast<const unsigned char*>(value.data()),
                            static_cast<int>(value.size())) != 1) {
    return false;
  }
  const x509_extension_ptr made(X509_EXTENSION_create_by_NID(nullptr, NID_id_pkix_OCSP_Nonce, 0, wrapped.get()));
  return made && OCSP_BASICRESP_add_ext(to, made.get(), -1) == 1;
}

}  // namespace

std::string ocsp_id::serial() const {
  ASN1_INTEGER* number = nullptr;
  OCSP_id_get0_info(nullptr, nullptr, nullptr, &number, get());
  const bignum_ptr value(ASN1_INTEGER_to_BN(number, nullptr));
  const openssl_memory<char> digits(value ? BN_bn2hex(value.get()) : nullptr);
  auto text = text::lower(digits ? digits.get() : "");
  text.erase(0, std::min(text.find_first_not_of('0'), text.size() - (text.empty() ? 0 : 1)));
  return text;
}

bool ocsp_id::is_issued_by(const certificate& issuer) const {
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_INTEGER* number = nullptr;
  OCSP_id_get0_info(nullptr, &algorithm, nullptr, &number, get());
  const int nid = OBJ_obj2nid(algorithm);
  // RFC 5019 section 2.1.1 has clients use SHA-1, as a name for something and not as a proof.
  if (nid != NID_sha1 && nid != NID_sha256 && nid != NID_sha384 && nid != NID_sha512) return false;
  const certid_ptr own(OCSP_cert_id_new(EVP_get_digestbynid(nid), X509_get_subject_name(issuer.get()),
                                        X509_get0_pubkey_bitstr(issuer.get()), number));
  if (!own) (void)openssl_errors();
  return own && OCSP_id_issuer_cmp(own.get(), get()) == 0;
}

result<ocsp_question> read_ocsp_question(std::string_view der, const ocsp_limits& limits) {
  if (der.size() > limits.bytes) {
    return error(errc::limit_exceeded,
                 fmt::format("an OCSP request may have {} bytes, and this has {}", limits.bytes, der.size()));
  }
  const auto asked = from_whole_der<request_ptr>(der, d2i_OCSP_REQUEST);
  if (!asked) return malformed("it is no DER of one, or is cut off");
  const int count = OCSP_request_onereq_count(asked.get());
  if (count < 1) return malformed("it asks about no certificate");
  if (static_cast<std::size_t>(count) > limits.certificates) {
    return error(errc::limit_exceeded, fmt::format("an OCSP request may ask about {} certificates, and this does about "
                                                   "{}",
                                                   limits.certificates, count));
  }
  MUTUAL_CHECK(check_extensions(asked.get()));
  ocsp_question out;
  MUTUAL_TRY(out.nonce, nonce_in(asked.get()));
  for (int at = 0; at < count; ++at) {
    MUTUAL_TRY(auto one, id_of(OCSP_request_onereq_get0(asked.get(), at)));
    out.about.push_back(std::move(one));
  }
  return out;
}

result<std::string> sign_ocsp_answer(const ocsp_answer& what, const identity& responder) {
  const basic_ptr made(OCSP_BASICRESP_new());
  const auto from = to_asn1_time(what.this_update);
  const auto until = to_asn1_time(what.next_update);
  bool done = made && from && until;
  for (const auto& fact : what.facts) done = done && add_fact(made.get(), fact, from.get(), until.get());
  if (done && !what.nonce.empty()) done = add_nonce(made.get(), what.nonce);
  done = done && OCSP_basic_sign(made.get(), responder.leaf().get(), responder.key.get(),
                                 digest_for(responder.key.get()), nullptr, OCSP_RESPID_KEY) == 1;
  const response_ptr whole(done ? OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, made.get()) : nullptr);
  auto der = whole ? der_of(whole.get(), i2d_OCSP_RESPONSE) : std::string();
  if (der.empty()) return error(errc::internal, "cannot sign an OCSP answer: " + openssl_errors());
  return der;
}

std::string_view to_string(ocsp_refusal why) {
  switch (why) {
    case ocsp_refusal::malformed_request:
      return "malformedRequest";
    case ocsp_refusal::internal_error:
      return "internalError";
    case ocsp_refusal::try_later:
      return "tryLater";
    case ocsp_refusal::unauthorized:
      return "unauthorized";
  }
  return "internalError";
}

// OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED }: five octets, of which one differs.
std::string ocsp_refusal_der(ocsp_refusal why) { return {'\x30', '\x03', '\x0A', '\x01', static_cast<char>(why)}; }

result<certificate> issue_ocsp_responder(const private_key& key, const identity& issuer,
                                         std::chrono::seconds lifetime) {
  const auto& ca = issuer.leaf();
  certificate_spec spec;
  spec.subject = {"OCSP responder", ca.organizations(), {}};
  spec.not_before = now() - backdate;
  spec.not_after = now() + lifetime;
  spec.ca = false;
  spec.key_usage = KU_DIGITAL_SIGNATURE;
  spec.extended_key_usage = {NID_OCSP_sign};
  // id-pkix-ocsp-nocheck, whose value is NULL.
  spec.others.push_back({"1.3.6.1.5.5.7.48.1.5", false, std::string("\x05\x00", 2)});
  return issue_certificate(std::move(spec), key.get(), ca, issuer.key);
}

bool is_ocsp_responder_of(const certificate& one, const certificate& issuer) {
  X509* own = one.get();
  return (X509_get_extension_flags(own) & EXFLAG_XKUSAGE) != 0 &&
         (X509_get_extended_key_usage(own) & XKU_OCSP_SIGN) != 0 && one.may_be_issued_by(issuer) &&
         one.is_signed_by(issuer);
}

}  // namespace mutual::x509
