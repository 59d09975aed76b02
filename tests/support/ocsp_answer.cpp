#include "support/ocsp_answer.hpp"

#include "x509/extensions.hpp"
#include "x509/openssl.hpp"

#include <stdexcept>
#include <utility>

namespace mutual::test {
namespace {

using x509::freed_by;
using basic_ptr = std::unique_ptr<OCSP_BASICRESP, freed_by<OCSP_BASICRESP_free>>;
using certid_ptr = std::unique_ptr<OCSP_CERTID, freed_by<OCSP_CERTID_free>>;
using response_ptr = std::unique_ptr<OCSP_RESPONSE, freed_by<OCSP_RESPONSE_free>>;
using octets_ptr = std::unique_ptr<ASN1_OCTET_STRING, freed_by<ASN1_OCTET_STRING_free>>;

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("an OCSP answer for a test: ") + what);
}

void add_unknown_extension(OCSP_BASICRESP* to) {
  const octets_ptr value(ASN1_OCTET_STRING_new());
  ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char*>("\x05\x00"), 2);
  const std::unique_ptr<ASN1_OBJECT, freed_by<ASN1_OBJECT_free>> name(OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1));
  const x509::x509_extension_ptr made(X509_EXTENSION_create_by_OBJ(nullptr, name.get(), 1, value.get()));
  must(made && OCSP_BASICRESP_add_ext(to, made.get(), -1) == 1, "an extension");
}

}  // namespace

std::string ocsp_answer(const identity& about, const identity& issuer, const identity& signer, const ocsp_words& what) {
  const basic_ptr made(OCSP_BASICRESP_new());
  const certid_ptr id(OCSP_cert_to_id(EVP_sha1(), about.certificate(), issuer.certificate()));
  const auto from = x509::to_asn1_time(what.at + what.begins_in);
  const auto until = what.ends_in ? x509::to_asn1_time(what.at + *what.ends_in) : nullptr;
  const bool revoked = what.status == V_OCSP_CERTSTATUS_REVOKED;
  const auto when = revoked ? x509::to_asn1_time(what.at - std::chrono::hours(1)) : nullptr;
  for (int count = 0; count < what.times; ++count) {
    must(OCSP_basic_add1_status(made.get(), id.get(), what.status, revoked ? 1 : -1, when.get(), from.get(),
                                until.get()) != nullptr,
         "a status");
  }
  if (!what.nonce.empty()) {
    auto copy = what.nonce;
    must(OCSP_basic_add1_nonce(made.get(), reinterpret_cast<unsigned char*>(copy.data()),
                               static_cast<int>(copy.size())) == 1,
         "a nonce");
  }
  if (what.critical) add_unknown_extension(made.get());
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> beside(
      sk_X509_new_null(), [](STACK_OF(X509) * all) { sk_X509_free(all); });
  for (const auto& one : what.beside) sk_X509_push(beside.get(), one.certificate());
  must(OCSP_basic_sign(made.get(), signer.certificate(), signer.private_key(), what.digest, beside.get(), what.flags) ==
           1,
       "a signature");
  const response_ptr whole(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, made.get()));
  return x509::der_of(whole.get(), i2d_OCSP_RESPONSE);
}

std::string ocsp_refusal(int status) {
  const response_ptr whole(OCSP_response_create(status, nullptr));
  return x509::der_of(whole.get(), i2d_OCSP_RESPONSE);
}

std::string nonce_in(const std::string& request) {
  const auto asked =
      x509::from_whole_der<std::unique_ptr<OCSP_REQUEST, freed_by<OCSP_REQUEST_free>>>(request, d2i_OCSP_REQUEST);
  must(asked != nullptr, "no request");
  const int at = OCSP_REQUEST_get_ext_by_NID(asked.get(), NID_id_pkix_OCSP_Nonce, -1);
  if (at < 0) return {};
  const auto* const value = X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(asked.get(), at));
  const std::string_view wrapped(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                 static_cast<std::size_t>(ASN1_STRING_length(value)));
  const auto inner = x509::from_whole_der<octets_ptr>(wrapped, d2i_ASN1_OCTET_STRING);
  must(inner != nullptr, "its nonce");
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(inner.get())),
          static_cast<std::size_t>(ASN1_STRING_length(inner.get()))};
}

spec ocsp_responder_spec(std::string common_name) {
  spec contents{.common_name = std::move(common_name)};
  contents.basic_constraints = "critical,CA:FALSE";
  contents.key_usage = "critical,digitalSignature";
  contents.extended_key_usage = "OCSPSigning";
  contents.more = {{"noCheck", "DER:0500"}};
  return contents;
}

}  // namespace mutual::test
