#include "support/pki.hpp"

#include "base/random.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>
#include <utility>

namespace mutual::test {
namespace {

using namespace mutual::x509;

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("test PKI: ") + what + ": " + openssl_errors());
}

std::string drained(BIO* memory) {
  const char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

key owned(EVP_PKEY* raw, const char* what) {
  must(raw != nullptr, what);
  return {raw, EVP_PKEY_free};
}

void set_name(X509_NAME* name, const spec& contents) {
  const auto add = [name](const char* field, const std::string& value) {
    if (value.empty()) return;
    must(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1,
         "name");
  };
  add("O", contents.organization);
  add("CN", contents.common_name);
}

int nid_of(const std::string& name) {
  const int known = OBJ_txt2nid(name.c_str());
  return known != NID_undef ? known : OBJ_create(name.c_str(), name.c_str(), name.c_str());
}

using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;

extension_ptr make_extension(X509V3_CTX& context, const std::string& name, const std::string& value) {
  extension_ptr extension(X509V3_EXT_nconf_nid(nullptr, &context, nid_of(name), value.c_str()));
  must(extension != nullptr, (name + " = " + value).c_str());
  return extension;
}

void set_serial(ASN1_INTEGER* to, std::uint64_t value) {
  if (value != 0) {
    must(ASN1_INTEGER_set_uint64(to, value) == 1, "serial");
    return;
  }
  const auto bytes = random_bytes(16);
  const bignum_ptr number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), 16, nullptr));
  must(BN_to_ASN1_INTEGER(number.get(), to) != nullptr, "serial");
}

void set_time(ASN1_TIME* to, sys_seconds at, std::chrono::seconds offset) {
  must(ASN1_TIME_set(to, static_cast<std::time_t>((at + offset).time_since_epoch().count())) != nullptr, "time");
}

void add_extensions(X509* certificate, X509* issuer, const spec& contents) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const auto add = [&](const std::string& name, const std::string& value) {
    if (value.empty()) return;
    const auto extension = make_extension(context, name, value);
    must(X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
  };
  // SKI first: a self-signed certificate's AKI is taken from it.
  if (contents.subject_key_id) add("subjectKeyIdentifier", "hash");
  if (contents.authority_key_id && issuer != certificate) add("authorityKeyIdentifier", "keyid:always");
  add("basicConstraints", contents.basic_constraints);
  add("keyUsage", contents.key_usage);
  add("extendedKeyUsage", contents.extended_key_usage);
  add("subjectAltName", contents.alternative_names);
  add("nameConstraints", contents.name_constraints);
  for (const auto& [name, value] : contents.more) add(name, value);
}

const EVP_MD* digest_for(EVP_PKEY* signer, const char* name) {
  const bool edwards = EVP_PKEY_is_a(signer, "ED25519") == 1 || EVP_PKEY_is_a(signer, "ED448") == 1;
  return edwards ? nullptr : EVP_get_digestbyname(name);
}

identity make(const spec& contents, const identity* issuer) {
  const key own = contents.with ? contents.with : make_p256_key();
  std::shared_ptr<X509> made(X509_new(), X509_free);
  must(made != nullptr, "certificate");
  must(X509_set_version(made.get(), contents.version) == 1, "version");
  set_serial(X509_get_serialNumber(made.get()), contents.serial);
  set_name(X509_get_subject_name(made.get()), contents);
  X509* signer = issuer != nullptr ? issuer->certificate() : made.get();
  must(X509_set_issuer_name(made.get(), X509_get_subject_name(signer)) == 1, "issuer");
  set_time(X509_getm_notBefore(made.get()), contents.at, contents.begins_in);
  set_time(X509_getm_notAfter(made.get()), contents.at, contents.ends_in);
  must(X509_set_pubkey(made.get(), own.get()) == 1, "public key");
  if (contents.version == 2) add_extensions(made.get(), signer, contents);
  EVP_PKEY* with = issuer != nullptr ? issuer->private_key() : own.get();
  must(X509_sign(made.get(), with, digest_for(with, contents.digest)) > 0, "signature");
  return {std::move(made), own};
}

std::shared_ptr<X509> from_der(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  std::shared_ptr<X509> read(d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free);
  must(read != nullptr, "reading a certificate");
  return read;
}

}  // namespace

key make_ec_key(const char* curve) { return owned(EVP_EC_gen(curve), curve); }
key make_p256_key() { return make_ec_key("P-256"); }
key make_p384_key() { return make_ec_key("P-384"); }
key make_ed25519_key() { return owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), "Ed25519"); }
key make_rsa_key(unsigned bits) { return owned(EVP_RSA_gen(bits), "RSA"); }

key make_rsa_public_key(unsigned bits) {
  auto bytes = random_bytes(bits / 8);
  bytes.front() = static_cast<char>(0x80);
  bytes.back() = 1;
  const bignum_ptr modulus(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
  const std::unique_ptr<OSSL_PARAM_BLD, freed_by<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_uint(builder.get(), OSSL_PKEY_PARAM_RSA_E, 65537);
  const std::unique_ptr<OSSL_PARAM, freed_by<OSSL_PARAM_free>> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const pkey_ctx_ptr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  must(EVP_PKEY_fromdata_init(context.get()) == 1 &&
           EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1,
       "RSA public key");
  return owned(made, "RSA public key");
}

spec root_spec(std::string common_name) {
  spec contents{.common_name = std::move(common_name)};
  contents.basic_constraints = "critical,CA:TRUE";
  contents.key_usage = "critical,keyCertSign,cRLSign";
  contents.ends_in = std::chrono::hours(24 * 3650);
  return contents;
}

spec intermediate_spec(std::string common_name) {
  auto contents = root_spec(std::move(common_name));
  contents.basic_constraints = "critical,CA:TRUE,pathlen:0";
  return contents;
}

spec client_spec(std::string common_name) {
  spec contents{.common_name = std::move(common_name)};
  contents.basic_constraints = "critical,CA:FALSE";
  contents.key_usage = "critical,digitalSignature";
  contents.extended_key_usage = "clientAuth";
  contents.alternative_names = "URI:spiffe://acme/" + contents.common_name;
  return contents;
}

spec server_spec(std::string common_name) {
  auto contents = client_spec(std::move(common_name));
  contents.extended_key_usage = "serverAuth";
  contents.alternative_names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  return contents;
}

spec tutorial_spec(std::string common_name) {
  spec contents{.common_name = std::move(common_name)};
  contents.basic_constraints = "critical,CA:TRUE";
  return contents;
}

std::string identity::pem() const {
  const bio_ptr out(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509(out.get(), certificate()) == 1, "PEM");
  return drained(out.get());
}

std::string identity::key_pem() const {
  const bio_ptr out(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_PKCS8PrivateKey(out.get(), private_key(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "key PEM");
  return drained(out.get());
}

std::string identity::der() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate(), &bytes);
  must(size > 0, "DER");
  std::string copy(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return copy;
}

std::string identity::pkcs12(const std::string& password, const std::vector<identity>& chain) const {
  const std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_free(stack); })> others(
      sk_X509_new_null());
  for (const auto& each : chain) sk_X509_push(others.get(), each.certificate());
  const pkcs12_ptr bundle(
      PKCS12_create(password.c_str(), nullptr, private_key(), certificate(), others.get(), 0, 0, 0, 0, 0));
  must(bundle != nullptr, "PKCS#12");
  const bio_ptr out(BIO_new(BIO_s_mem()));
  must(i2d_PKCS12_bio(out.get(), bundle.get()) == 1, "PKCS#12");
  return drained(out.get());
}

// What was made is read back from its bytes: OpenSSL caches an object's extensions when it is first looked at.
identity self_signed(const spec& contents) {
  const auto made = make(contents, nullptr);
  return {from_der(made.der()), made.shared_key()};
}

identity issue(const identity& issuer, const spec& contents) {
  const auto made = make(contents, &issuer);
  return {from_der(made.der()), made.shared_key()};
}

identity tampered(const identity& whole) {
  auto der = whole.der();
  der.back() = static_cast<char>(der.back() ^ 1);
  return {from_der(der), whole.shared_key()};
}

identity with_other_key(const identity& whole) { return {from_der(whole.der()), make_p256_key()}; }

std::shared_ptr<X509> parsed(const identity& whole) { return from_der(whole.der()); }

std::shared_ptr<X509_CRL> make_crl(const identity& issuer, const crl_spec& contents) {
  std::shared_ptr<X509_CRL> made(X509_CRL_new(), X509_CRL_free);
  must(made != nullptr && X509_CRL_set_version(made.get(), 1) == 1, "CRL");
  must(X509_CRL_set_issuer_name(made.get(), X509_get_subject_name(issuer.certificate())) == 1, "CRL issuer");
  const std::unique_ptr<ASN1_TIME, freed_by<ASN1_TIME_free>> time(ASN1_TIME_new());
  set_time(time.get(), contents.at, contents.begins_in);
  must(X509_CRL_set1_lastUpdate(made.get(), time.get()) == 1, "thisUpdate");
  for (const auto& each : contents.revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(each.certificate()));
    X509_REVOKED_set_revocationDate(entry, time.get());
    must(X509_CRL_add0_revoked(made.get(), entry) == 1, "revoked");
  }
  if (contents.ends_in) {
    set_time(time.get(), contents.at, *contents.ends_in);
    must(X509_CRL_set1_nextUpdate(made.get(), time.get()) == 1, "nextUpdate");
  }
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer.certificate(), nullptr, nullptr, made.get(), 0);
  const auto add = [&](const std::string& name, const std::string& value) {
    const auto extension = make_extension(context, name, value);
    must(X509_CRL_add_ext(made.get(), extension.get(), -1) == 1, "CRL extension");
  };
  add("authorityKeyIdentifier", "keyid:always");
  if (contents.number) {
    const std::unique_ptr<ASN1_INTEGER, freed_by<ASN1_INTEGER_free>> number(ASN1_INTEGER_new());
    set_serial(number.get(), *contents.number);
    must(X509_CRL_add1_ext_i2d(made.get(), NID_crl_number, number.get(), 0, 0) == 1, "CRL number");
  }
  for (const auto& [name, value] : contents.more) add(name, value);
  X509_CRL_sort(made.get());
  must(X509_CRL_sign(made.get(), issuer.private_key(), digest_for(issuer.private_key(), "SHA256")) > 0, "CRL");
  const bio_ptr bytes(BIO_new(BIO_s_mem()));
  must(i2d_X509_CRL_bio(bytes.get(), made.get()) == 1, "CRL DER");
  std::shared_ptr<X509_CRL> read(d2i_X509_CRL_bio(bytes.get(), nullptr), X509_CRL_free);
  must(read != nullptr, "reading a CRL");
  return read;
}

std::string pem(X509_CRL* crl) {
  const bio_ptr out(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509_CRL(out.get(), crl) == 1, "CRL PEM");
  return drained(out.get());
}

std::string pem_chain(const std::vector<identity>& chain) {
  std::string all;
  for (const auto& each : chain) all += each.pem();
  return all;
}

pki make_pki() {
  const auto root = self_signed(root_spec());
  const auto intermediate = issue(root, intermediate_spec());
  return {root, intermediate, issue(intermediate, client_spec()), issue(intermediate, server_spec())};
}

}  // namespace mutual::test
