#include "x509/certificate.hpp"

#include "base/text.hpp"
#include "x509/name.hpp"
#include "x509/peer.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>

namespace mutual::x509 {
namespace {

std::string last_or_empty(std::vector<std::string> values) {
  return values.empty() ? std::string() : std::move(values.back());
}

std::string key_id(const ASN1_OCTET_STRING* id) {
  if (id == nullptr) return {};
  return text::hex(
      {reinterpret_cast<const char*>(ASN1_STRING_get0_data(id)), static_cast<std::size_t>(ASN1_STRING_length(id))});
}

}  // namespace

result<certificate> certificate::from_der(std::string_view der) {
  auto read = from_whole_der<x509_ptr>(der, d2i_X509);
  if (!read) {
    (void)openssl_errors();
    return error(errc::bad_input, "not an X.509 certificate, or a damaged one");
  }
  return certificate(std::move(read));
}

certificate::certificate(x509_ptr taken) : handle_(std::move(taken)) {
  // OpenSSL decodes the extensions at the first question; asking here keeps later readers from changing shared memory.
  ERR_set_mark();
  (void)X509_check_purpose(handle_.get(), -1, 0);
  ERR_pop_to_mark();
}

certificate certificate::shared(X509* borrowed) {
  X509_up_ref(borrowed);
  return certificate(x509_ptr(borrowed));
}

std::string certificate::der() const { return der_of(get(), i2d_X509); }

std::string certificate::pem() const {
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), get());
  return contents(memory.get());
}

std::string certificate::subject() const { return name_text(X509_get_subject_name(get())); }
std::string certificate::issuer() const { return name_text(X509_get_issuer_name(get())); }

std::string certificate::common_name() const {
  return last_or_empty(attribute_values(X509_get_subject_name(get()), NID_commonName));
}

std::vector<std::string> certificate::organizations() const {
  return attribute_values(X509_get_subject_name(get()), NID_organizationName);
}

std::vector<std::string> certificate::organizational_units() const {
  return attribute_values(X509_get_subject_name(get()), NID_organizationalUnitName);
}

alternative_names certificate::names() const {
  ERR_set_mark();
  const general_names_ptr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(get(), NID_subject_alt_name, nullptr, nullptr)));
  ERR_pop_to_mark();
  return names ? read_names(names.get()) : alternative_names{};
}

std::string certificate::display_name() const {
  if (auto name = common_name(); !name.empty()) return name;
  const auto all = names();
  for (const auto* kind : {&all.uris, &all.emails, &all.dns, &all.ips}) {
    if (!kind->empty()) return kind->front();
  }
  return subject();
}

std::string certificate::serial() const { return serial_text(X509_get0_serialNumber(get())); }

std::string certificate::sha256() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(get(), EVP_sha256(), digest.data(), &size) != 1) return {};
  return text::hex({reinterpret_cast<const char*>(digest.data()), size});
}

sys_seconds certificate::not_before() const { return to_time(X509_get0_notBefore(get())).value_or(sys_seconds::max()); }

sys_seconds certificate::not_after() const { return to_time(X509_get0_notAfter(get())).value_or(sys_seconds::min()); }

bool certificate::is_ca() const { return X509_check_ca(get()) == 1; }

bool certificate::is_self_issued() const { return (X509_get_extension_flags(get()) & EXFLAG_SI) != 0; }

bool certificate::is_self_signed() const {
  ERR_set_mark();
  const bool verified = X509_self_signed(get(), 1) == 1;
  ERR_pop_to_mark();
  return verified;
}

bool certificate::may_be_issued_by(const certificate& issuer) const {
  return X509_check_issued(issuer.get(), get()) == X509_V_OK;
}

bool certificate::is_signed_by(const certificate& issuer) const {
  ERR_set_mark();
  const bool verified = X509_verify(get(), X509_get0_pubkey(issuer.get())) == 1;
  ERR_pop_to_mark();
  return verified;
}

bool certificate::allows_server() const {
  return (X509_get_extended_key_usage(get()) & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
}

bool certificate::allows_client() const {
  return (X509_get_extended_key_usage(get()) & (XKU_SSL_CLIENT | XKU_ANYEKU)) != 0;
}

std::string certificate::key_description() const { return describe_key(X509_get0_pubkey(get())); }

std::string certificate::signature_description() const {
  const char* name = OBJ_nid2sn(X509_get_signature_nid(get()));
  return name != nullptr ? name : "unknown";
}

std::string certificate::subject_key_id() const { return key_id(X509_get0_subject_key_id(get())); }
std::string certificate::authority_key_id() const { return key_id(X509_get0_authority_key_id(get())); }

std::string to_pem(const std::vector<certificate>& certificates) {
  std::string all;
  for (const auto& one : certificates) all += one.pem();
  return all;
}

}  // namespace mutual::x509
