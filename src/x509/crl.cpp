#include "x509/crl.hpp"

#include "x509/name.hpp"
#include "x509/peer.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace mutual::x509 {

result<crl> crl::from_der(std::string_view der) {
  auto read = from_whole_der<x509_crl_ptr>(der, d2i_X509_CRL);
  if (!read) {
    (void)openssl_errors();
    return error(errc::bad_input, "not a certificate revocation list, or a damaged one");
  }
  return crl(std::move(read));
}

std::string crl::der() const { return der_of(get(), i2d_X509_CRL); }

std::string crl::pem() const {
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_CRL(memory.get(), get());
  return contents(memory.get());
}

std::string crl::issuer() const { return name_text(X509_CRL_get_issuer(get())); }

sys_seconds crl::this_update() const { return to_time(X509_CRL_get0_lastUpdate(get())).value_or(sys_seconds::max()); }

std::optional<sys_seconds> crl::next_update() const {
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(get());
  if (next == nullptr) return std::nullopt;
  return to_time(next).value_or(sys_seconds::min());
}

std::string crl::number() const {
  const asn1_integer_ptr number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(get(), NID_crl_number, nullptr, nullptr)));
  // RFC 5280 section 5.2.3: from 0 on, and in at most 20 octets.
  const bool is_one =
      number && ASN1_STRING_type(number.get()) != V_ASN1_NEG_INTEGER && ASN1_STRING_length(number.get()) <= 20;
  return is_one ? serial_text(number.get()) : std::string();
}

std::size_t crl::size() const {
  const int count = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(get()));
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

bool crl::is_signed_by(const certificate& issuer) const {
  if (X509_NAME_cmp(X509_CRL_get_issuer(get()), X509_get_subject_name(issuer.get())) != 0) return false;
  ERR_set_mark();
  const bool verified = X509_CRL_verify(get(), X509_get0_pubkey(issuer.get())) == 1;
  ERR_pop_to_mark();
  return verified;
}

bool crl::revokes(const certificate& one) const {
  X509_REVOKED* entry = nullptr;
  return X509_CRL_get0_by_serial(get(), &entry, X509_get0_serialNumber(one.get())) == 1;
}

}  // namespace mutual::x509
