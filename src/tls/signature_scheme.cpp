#include "tls/signature_scheme.hpp"

#include <fmt/format.h>

namespace mutual::tls {

std::string signature_scheme_name(std::uint16_t scheme) {
  switch (scheme) {
    case 0x0201:
      return "rsa_pkcs1_sha1";
    case 0x0203:
      return "ecdsa_sha1";
    case 0x0401:
      return "rsa_pkcs1_sha256";
    case 0x0403:
      return "ecdsa_secp256r1_sha256";
    case 0x0501:
      return "rsa_pkcs1_sha384";
    case 0x0503:
      return "ecdsa_secp384r1_sha384";
    case 0x0601:
      return "rsa_pkcs1_sha512";
    case 0x0603:
      return "ecdsa_secp521r1_sha512";
    case 0x0804:
      return "rsa_pss_rsae_sha256";
    case 0x0805:
      return "rsa_pss_rsae_sha384";
    case 0x0806:
      return "rsa_pss_rsae_sha512";
    case 0x0807:
      return "ed25519";
    case 0x0808:
      return "ed448";
    case 0x0809:
      return "rsa_pss_pss_sha256";
    case 0x080a:
      return "rsa_pss_pss_sha384";
    case 0x080b:
      return "rsa_pss_pss_sha512";
    case 0x0904:
      return "mldsa44";
    case 0x0905:
      return "mldsa65";
    case 0x0906:
      return "mldsa87";
    default:
      return fmt::format("{:#06x}", scheme);
  }
}

}  // namespace mutual::tls
