#include "authority/listed_revocation.hpp"

#include "x509/openssl.hpp"
#include "x509/peer.hpp"

#include <fmt/format.h>

#include <memory>

namespace mutual::authority {
namespace {

constexpr std::size_t most_digits = 40;
constexpr long remove_from_crl = 8;

}  // namespace

result<listed_revocation> read_listed(const X509_REVOKED* entry) {
  listed_revocation out;
  out.serial = x509::serial_text(X509_REVOKED_get0_serialNumber(entry));
  if (out.serial.starts_with('-') || out.serial.size() > most_digits) {
    return error(errc::bad_input,
                 fmt::format("it names the serial number {}, which no certificate may have and no list "
                             "of ours could name: get one without it",
                             out.serial.substr(0, 2 * most_digits)));
  }
  const std::unique_ptr<ASN1_ENUMERATED, x509::freed_by<ASN1_ENUMERATED_free>> code(
      static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
  const long number = code ? ASN1_ENUMERATED_get(code.get()) : 0;
  if (number == remove_from_crl) return out;
  out.reason = revocation_reason_from_code(number).value_or(revocation_reason::unspecified);
  return out;
}

}  // namespace mutual::authority
