#include "x509/builder.hpp"

#include "base/random.hpp"
#include "base/text.hpp"
#include "x509/extensions.hpp"
#include "x509/public_key.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

namespace mutual::x509 {
namespace {

error failed(std::string_view what) {
  return {errc::internal, fmt::format("cannot make a {}: {}", what, openssl_errors())};
}

result<> set_dates(X509* to, sys_seconds not_before, sys_seconds not_after) {
  const auto from = to_asn1_time(not_before);
  const auto until = to_asn1_time(not_after);
  if (!from || !until || X509_set1_notBefore(to, from.get()) != 1 || X509_set1_notAfter(to, until.get()) != 1) {
    return error(errc::bad_usage, "a certificate's dates must lie between the years 1 and 9999");
  }
  return {};
}

result<> sign(X509* to, const certificate_spec& spec, EVP_PKEY* key) {
  const EVP_MD* digest = spec.digest.empty() ? digest_for(key) : EVP_get_digestbyname(spec.digest.c_str());
  if (X509_sign(to, key, digest) <= 0) return failed("signature");
  return {};
}

// All but the signature. `issuer` is null for a certificate that signs itself.
result<x509_ptr> unsigned_certificate(const certificate_spec& spec, EVP_PKEY* key, X509* issuer) {
  MUTUAL_TRY(const auto subject, to_x509_name(spec.subject));
  const auto serial = integer_from_hex(spec.serial.empty() ? random_serial() : spec.serial);
  if (!serial) return error(errc::bad_usage, "a serial number is up to 40 hex digits");
  x509_ptr made(X509_new());
  const X509_NAME* issuer_name = issuer != nullptr ? X509_get_subject_name(issuer) : subject.get();
  if (!made || X509_set_version(made.get(), X509_VERSION_3) != 1 ||
      X509_set_serialNumber(made.get(), serial.get()) != 1 || X509_set_subject_name(made.get(), subject.get()) != 1 ||
      X509_set_issuer_name(made.get(), issuer_name) != 1 || !set_public_key(made.get(), key)) {
    return failed("certificate");
  }
  MUTUAL_CHECK(set_dates(made.get(), spec.not_before, spec.not_after));
  MUTUAL_CHECK(add_extensions(made.get(), spec, issuer != nullptr ? issuer : made.get()));
  return made;
}

// Read back from its bytes, as everybody else will read it.
result<certificate> reread(const x509_ptr& made, read_back how = read_back::whole) {
  const auto der = der_of(made.get(), i2d_X509);
  if (how == read_back::whole) return certificate::from_der(der);
  auto read = read_certificate_without_key(der);
  if (!read) return failed("certificate");
  return certificate(std::move(read));
}

}  // namespace

std::string random_serial() {
  auto bytes = random_bytes(20);
  // The top bit clear makes it positive, the next one set keeps its length the same for all.
  bytes[0] = static_cast<char>((static_cast<unsigned char>(bytes[0]) & 0x7FU) | 0x40U);
  return text::hex(bytes);
}

result<certificate> make_certificate(const certificate_spec& spec, EVP_PKEY* subject_key, const certificate& issuer,
                                     const private_key& issuer_key, read_back how) {
  MUTUAL_TRY(const auto made, unsigned_certificate(spec, subject_key, issuer.get()));
  MUTUAL_CHECK(sign(made.get(), spec, issuer_key.get()));
  return reread(made, how);
}

result<certificate> make_self_signed(const certificate_spec& spec, const private_key& key) {
  MUTUAL_TRY(const auto made, unsigned_certificate(spec, key.get(), nullptr));
  MUTUAL_CHECK(sign(made.get(), spec, key.get()));
  return reread(made);
}

result<certificate> with_ca_extensions(const certificate& before, const private_key& key) {
  const x509_ptr made(X509_dup(before.get()));
  const auto serial = integer_from_hex(random_serial());
  if (!made || !serial || X509_set_serialNumber(made.get(), serial.get()) != 1) return failed("certificate");
  // The authority key identifier may hold the serial number of before; who signs itself needs none (RFC 5280 section
  // 4.2.1.1).
  const int named = X509_get_ext_by_NID(made.get(), NID_authority_key_identifier, -1);
  if (named >= 0) X509_EXTENSION_free(X509_delete_ext(made.get(), named));
  const auto lacks = [&](int nid) { return X509_get_ext_by_NID(made.get(), nid, -1) < 0; };
  if ((lacks(NID_key_usage) && !add_key_usage(made.get(), KU_KEY_CERT_SIGN | KU_CRL_SIGN)) ||
      (lacks(NID_subject_key_identifier) && !add_subject_key_identifier(made.get()))) {
    return failed("certificate");
  }
  if (X509_sign(made.get(), key.get(), digest_for(key.get())) <= 0) return failed("signature");
  return reread(made);
}

result<certificate> with_broken_signature(const certificate& good) {
  // The signature is the last field of a certificate, so its last bit is the last bit of the DER.
  auto der = good.der();
  if (der.empty()) return failed("copy of a certificate");
  der.back() = static_cast<char>(static_cast<unsigned char>(der.back()) ^ 1U);
  return certificate::from_der(der);
}

}  // namespace mutual::x509
