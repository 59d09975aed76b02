#include "x509/public_key.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <algorithm>
#include <array>

namespace mutual::x509 {
namespace {

struct curve {
  int nid;
  const char* name;
  std::size_t point_bytes;  // uncompressed (SEC 1 section 2.3.3)
};
constexpr std::array<curve, 3> curves{
    {{NID_X9_62_prime256v1, "prime256v1", 65}, {NID_secp384r1, "secp384r1", 97}, {NID_secp521r1, "secp521r1", 133}}};
constexpr std::size_t longest_point = 133;
constexpr unsigned char uncompressed = 4;

// Takes a copy of the bytes.
bool set_bits(X509* to, int algorithm, int parameter_type, ASN1_OBJECT* parameter, const unsigned char* bytes,
              std::size_t size) {
  openssl_memory<unsigned char> copy(static_cast<unsigned char*>(OPENSSL_memdup(bytes, size)));
  if (!copy || X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(to), OBJ_nid2obj(algorithm), parameter_type, parameter,
                                      copy.get(), static_cast<int>(size)) != 1) {
    return false;
  }
  (void)copy.release();
  return true;
}

bool says(EVP_PKEY* key, const char* parameter, std::string_view wanted) {
  std::array<char, 64> said{};
  return EVP_PKEY_get_utf8_string_param(key, parameter, said.data(), said.size(), nullptr) == 1 &&
         said.data() == wanted;
}

// Its curve, if it is one of those, written by its name, and its point as a whole.
const curve* plain_curve_of(EVP_PKEY* key) {
  std::array<char, 64> name{};
  int is_written_out = 0;
  (void)EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_written_out);
  if (is_written_out != 0 || !says(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_GROUP) ||
      !says(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) ||
      EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) != 1) {
    return nullptr;
  }
  const auto* const known = std::find_if(curves.begin(), curves.end(),
                                         [&](const curve& one) { return one.name == std::string_view(name.data()); });
  return known != curves.end() ? known : nullptr;
}

bool set_curve_key(X509* to, EVP_PKEY* key) {
  const auto* const of = plain_curve_of(key);
  if (of == nullptr) return false;
  std::array<unsigned char, longest_point> point{};
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point.data(), point.size(), &size) !=
          1 ||
      size != of->point_bytes || point.front() != uncompressed) {
    return false;
  }
  // RFC 5480 section 2.1.1: the curve by its name.
  return set_bits(to, NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT, OBJ_nid2obj(of->nid), point.data(), size);
}

bool set_ed25519_key(X509* to, EVP_PKEY* key) {
  std::array<unsigned char, 32> bytes{};
  std::size_t size = bytes.size();
  // RFC 8410 section 3: no parameters.
  return EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) == 1 && size == bytes.size() &&
         set_bits(to, NID_ED25519, V_ASN1_UNDEF, nullptr, bytes.data(), size);
}

pkey_ptr curve_key(const curve& of, const unsigned char* point) {
  const pkey_ctx_ptr making(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  // OpenSSL takes what it does not change as if it did.
  std::array<OSSL_PARAM, 3> parts{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(of.name), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<unsigned char*>(point), of.point_bytes),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* made = nullptr;
  if (!making || EVP_PKEY_fromdata_init(making.get()) != 1 ||
      EVP_PKEY_fromdata(making.get(), &made, EVP_PKEY_PUBLIC_KEY, parts.data()) != 1) {
    return nullptr;
  }
  return pkey_ptr(made);
}

pkey_ptr read_plain(const X509_PUBKEY* from) {
  ASN1_OBJECT* algorithm = nullptr;
  X509_ALGOR* whole = nullptr;
  const unsigned char* bytes = nullptr;
  int size = 0, parameter_type = 0;
  if (X509_PUBKEY_get0_param(&algorithm, &bytes, &size, &whole, from) != 1) return nullptr;
  const void* parameter = nullptr;
  X509_ALGOR_get0(nullptr, &parameter_type, &parameter, whole);
  const int nid = OBJ_obj2nid(algorithm);
  if (nid == NID_ED25519 && parameter_type == V_ASN1_UNDEF && size == 32) {
    return pkey_ptr(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes, static_cast<std::size_t>(size)));
  }
  if (nid != NID_X9_62_id_ecPublicKey || parameter_type != V_ASN1_OBJECT) return nullptr;
  const int named = OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(parameter));
  for (const auto& one : curves) {
    const bool is_whole = one.nid == named && static_cast<std::size_t>(size) == one.point_bytes;
    if (is_whole && bytes[0] == uncompressed) return curve_key(one, bytes);
  }
  return nullptr;
}

// An OpenSSL that can do nothing, and so reads no keys. It is never freed: a thread may end after whatever else does.
// Null if it cannot be had.
OSSL_LIB_CTX* idle_context() {
  static OSSL_LIB_CTX* const made = [] {
    OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
    // With a provider of its own it does not load the default one.
    if (context != nullptr && OSSL_PROVIDER_load(context, "null") == nullptr) {
      OSSL_LIB_CTX_free(context);
      context = nullptr;
    }
    return context;
  }();
  return made;
}

// While it lives, this thread reads what names no context of its own under the idle one; what it has read does not
// remember that.
class reads_no_keys {
 public:
  reads_no_keys() {
    if (auto* idle = idle_context(); idle != nullptr) before_ = OSSL_LIB_CTX_set0_default(idle);
  }
  ~reads_no_keys() {
    if (before_ != nullptr) OSSL_LIB_CTX_set0_default(before_);
  }
  reads_no_keys(const reads_no_keys&) = delete;
  reads_no_keys& operator=(const reads_no_keys&) = delete;

 private:
  OSSL_LIB_CTX* before_ = nullptr;
};

}  // namespace

bool set_public_key(X509* to, EVP_PKEY* key) {
  ERR_set_mark();
  const bool done = (EVP_PKEY_is_a(key, "EC") == 1 && set_curve_key(to, key)) ||
                    (EVP_PKEY_is_a(key, "ED25519") == 1 && set_ed25519_key(to, key));
  ERR_pop_to_mark();
  return done || X509_set_pubkey(to, key) == 1;
}

pkey_ptr read_plain_key(const X509_PUBKEY* from) {
  ERR_set_mark();
  auto read = read_plain(from);
  ERR_pop_to_mark();
  return read;
}

x509_req_ptr read_request_without_key(std::string_view der) {
  const reads_no_keys here;
  return from_whole_der<x509_req_ptr>(der, d2i_X509_REQ);
}

x509_ptr read_certificate_without_key(std::string_view der) {
  const reads_no_keys here;
  return from_whole_der<x509_ptr>(der, d2i_X509);
}

}  // namespace mutual::x509
