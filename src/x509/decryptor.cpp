#include "x509/decryptor.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <cstring>
#include <limits>

namespace mutual::x509 {
namespace {

using pbe1_ptr = std::unique_ptr<PBEPARAM, freed_by<PBEPARAM_free>>;
using pbe2_ptr = std::unique_ptr<PBE2PARAM, freed_by<PBE2PARAM_free>>;
using pbkdf2_ptr = std::unique_ptr<PBKDF2PARAM, freed_by<PBKDF2PARAM_free>>;
using scrypt_ptr = std::unique_ptr<SCRYPT_PARAMS, freed_by<SCRYPT_PARAMS_free>>;

template <class Owner>
Owner parameter(const X509_ALGOR* algorithm, const ASN1_ITEM* item) {
  using T = typename Owner::element_type;
  if (algorithm == nullptr || algorithm->parameter == nullptr) return nullptr;
  return Owner(static_cast<T*>(ASN1_TYPE_unpack_sequence(item, algorithm->parameter)));
}

// scrypt's N*r*p, in units that take about as long as a round of PBKDF2; negative if it makes no sense.
long scrypt_rounds(const SCRYPT_PARAMS* scrypt) {
  std::array<std::uint64_t, 3> factors{};
  if (ASN1_INTEGER_get_uint64(&factors[0], scrypt->costParameter) != 1 ||
      ASN1_INTEGER_get_uint64(&factors[1], scrypt->blockSize) != 1 ||
      ASN1_INTEGER_get_uint64(&factors[2], scrypt->parallelizationParameter) != 1) {
    return -1;
  }
  std::uint64_t product = 1;
  for (const auto factor : factors) {
    if (factor == 0 || factor > std::numeric_limits<std::uint32_t>::max()) return -1;
    if (product > std::numeric_limits<std::uint32_t>::max()) return -1;
    product *= factor;
  }
  return product > static_cast<std::uint64_t>(std::numeric_limits<long>::max()) ? -1 : static_cast<long>(product);
}

// How many rounds of key derivation an algorithm asks for; negative if it cannot be told.
long rounds_of(const X509_ALGOR* algorithm) {
  if (OBJ_obj2nid(algorithm->algorithm) != NID_pbes2) {
    const auto pbe1 = parameter<pbe1_ptr>(algorithm, ASN1_ITEM_rptr(PBEPARAM));
    return pbe1 ? ASN1_INTEGER_get(pbe1->iter) : -1;
  }
  const auto pbe2 = parameter<pbe2_ptr>(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
  if (!pbe2) return -1;
  if (OBJ_obj2nid(pbe2->keyfunc->algorithm) == NID_id_scrypt) {
    const auto scrypt = parameter<scrypt_ptr>(pbe2->keyfunc, ASN1_ITEM_rptr(SCRYPT_PARAMS));
    return scrypt ? scrypt_rounds(scrypt.get()) : -1;
  }
  const auto pbkdf2 = parameter<pbkdf2_ptr>(pbe2->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM));
  return pbkdf2 ? ASN1_INTEGER_get(pbkdf2->iter) : -1;
}

// Whether the error queue speaks of an algorithm that is not there; empties it.
bool queue_says_unsupported() {
  bool found = false;
  while (const unsigned long code = ERR_get_error()) {
    const int reason = ERR_GET_REASON(code);
    const char* text = ERR_reason_error_string(code);
    found = found || reason == ERR_R_UNSUPPORTED || (text != nullptr && std::strstr(text, "unsupported") != nullptr) ||
            (text != nullptr && std::strstr(text, "unknown") != nullptr);
  }
  return found;
}

std::string algorithm_name(const X509_ALGOR* algorithm) {
  if (algorithm == nullptr) return "an algorithm";
  const ASN1_OBJECT* object = algorithm->algorithm;
  const auto pbe2 =
      OBJ_obj2nid(object) == NID_pbes2 ? parameter<pbe2_ptr>(algorithm, ASN1_ITEM_rptr(PBE2PARAM)) : pbe2_ptr();
  if (pbe2) object = pbe2->encryption->algorithm;
  std::array<char, 80> name{};
  OBJ_obj2txt(name.data(), static_cast<int>(name.size()), object, 0);
  return name.data();
}

}  // namespace

error decryptor::failure(std::string_view why) const {
  return {errc::bad_input, fmt::format("cannot read {}: {}", where_, why)};
}

error decryptor::wrong_password() const {
  if (!password_.empty()) return failure("the password that was given does not open it");
  return {errc::password_needed, fmt::format("cannot read {}: it is encrypted, and no password was given", where_)};
}

error decryptor::unsupported(const X509_ALGOR* algorithm) const {
  return failure(
      fmt::format("it is encrypted with {}, which OpenSSL has only in its legacy provider, or not at all; install that "
                  "(openssl-provider-legacy on newer systems), or write the file anew with AES: openssl pkcs12 "
                  "-legacy, then -export",
                  algorithm_name(algorithm)));
}

result<> decryptor::pay(long rounds) {
  if (rounds <= 0) return failure("its encryption's parameters make no sense: it is damaged");
  if (rounds > rounds_left_) {
    return error(errc::limit_exceeded,
                 fmt::format("cannot read {}: its encryption asks for {} rounds of key derivation, more than we spend "
                             "on one file; write it anew with fewer",
                             where_, rounds));
  }
  rounds_left_ -= rounds;
  return {};
}

result<> decryptor::pay(const X509_ALGOR* algorithm) { return pay(rounds_of(algorithm)); }

OSSL_LIB_CTX* decryptor::legacy() {
  if (!legacy_tried_) {
    legacy_tried_ = true;
    legacy_context_.reset(OSSL_LIB_CTX_new());
    for (const char* name : {"default", "legacy"}) {
      legacy_providers_.emplace_back(legacy_context_ ? OSSL_PROVIDER_load(legacy_context_.get(), name) : nullptr);
      if (!legacy_providers_.back()) legacy_context_.reset(), legacy_providers_.clear();
      if (!legacy_context_) break;
    }
    (void)openssl_errors();
  }
  return legacy_context_.get();
}

template <class Owner, class Open>
result<Owner> decryptor::attempt(const X509_ALGOR* algorithm, Open open) {
  std::vector<const char*> forms;
  if (!password_.empty()) {
    forms = {password_.c_str()};
  } else {
    if (form_ != empty_form::empty) forms.push_back(nullptr);
    if (form_ != empty_form::null) forms.push_back("");
  }
  bool missing = false;
  for (const char* form : forms) {
    MUTUAL_CHECK(pay(algorithm));
    ERR_clear_error();
    if (Owner opened{open(form, static_cast<int>(password_.size()), nullptr)}) return opened;
    if (!queue_says_unsupported()) continue;
    missing = true;
    if (legacy() == nullptr) continue;
    if (Owner opened{open(form, static_cast<int>(password_.size()), legacy())}) return opened;
    missing = queue_says_unsupported();
  }
  (void)openssl_errors();
  if (missing) return unsupported(algorithm);
  return wrong_password();
}

result<> decryptor::check_mac(PKCS12* file) {
  if (PKCS12_mac_present(file) != 1) return {};
  const ASN1_INTEGER* iterations = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  PKCS12_get0_mac(nullptr, &algorithm, nullptr, &iterations, file);
  // PBMAC1 (RFC 9579) keeps its count inside its own parameters.
  const auto pbe2 = algorithm != nullptr && OBJ_obj2nid(algorithm->algorithm) == NID_pbmac1
                        ? parameter<pbe2_ptr>(algorithm, ASN1_ITEM_rptr(PBE2PARAM))
                        : pbe2_ptr();
  const auto pbkdf2 = pbe2 ? parameter<pbkdf2_ptr>(pbe2->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM)) : pbkdf2_ptr();
  const long rounds = pbkdf2                  ? ASN1_INTEGER_get(pbkdf2->iter)
                      : iterations != nullptr ? ASN1_INTEGER_get(iterations)
                                              : 1;
  const auto verify = [&](const char* password) {
    ERR_clear_error();
    return PKCS12_verify_mac(file, password, static_cast<int>(password_.size())) == 1;
  };
  MUTUAL_CHECK(pay(rounds));
  if (!password_.empty()) {
    if (verify(password_.c_str())) return {};
  } else {
    MUTUAL_CHECK(pay(rounds));
    form_ = verify(nullptr) ? empty_form::null : verify("") ? empty_form::empty : empty_form::unknown;
    if (form_ != empty_form::unknown) return {};
  }
  if (queue_says_unsupported()) return unsupported(algorithm);
  return wrong_password();
}

result<safe_bags_ptr> decryptor::open_safe(const X509_ALGOR* algorithm, const ASN1_OCTET_STRING* encrypted) {
  return attempt<safe_bags_ptr>(algorithm, [&](const char* password, int size, OSSL_LIB_CTX* context) {
    return static_cast<STACK_OF(PKCS12_SAFEBAG)*>(PKCS12_item_decrypt_d2i_ex(
        algorithm, ASN1_ITEM_rptr(PKCS12_SAFEBAGS), password, size, encrypted, 1, context, nullptr));
  });
}

result<pkcs8_ptr> decryptor::open_key(const X509_SIG* encrypted) {
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(encrypted, &algorithm, nullptr);
  return attempt<pkcs8_ptr>(algorithm, [&](const char* password, int size, OSSL_LIB_CTX* context) {
    return PKCS8_decrypt_ex(encrypted, password, size, context, nullptr);
  });
}

result<long> decryptor::open_old_pem(const std::string& header, unsigned char* bytes, long size) {
  EVP_CIPHER_INFO cipher{};
  std::string terminated = header;
  if (PEM_get_EVP_CIPHER_INFO(terminated.data(), &cipher) != 1) {
    (void)openssl_errors();
    return failure("its PEM says that it is encrypted in a way that OpenSSL does not know");
  }
  if (cipher.cipher == nullptr) return size;
  if (password_.empty()) return wrong_password();
  const auto give = [](char* buffer, int room, int, void* user) {
    const auto* password = static_cast<const secret*>(user);
    if (room < 0 || password->size() > static_cast<std::size_t>(room)) return -1;
    std::memcpy(buffer, password->c_str(), password->size());
    return static_cast<int>(password->size());
  };
  ERR_clear_error();
  if (PEM_do_header(&cipher, bytes, &size, give, &password_) == 1) return size;
  if (queue_says_unsupported()) {
    return failure(
        fmt::format("it is encrypted with {}, which OpenSSL has only in its legacy provider; write it anew "
                    "with: openssl pkcs8 -topk8",
                    EVP_CIPHER_get0_name(cipher.cipher)));
  }
  return wrong_password();
}

}  // namespace mutual::x509
