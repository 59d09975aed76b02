#include "x509/request.hpp"

#include "x509/alternative_names.hpp"
#include "x509/extensions.hpp"
#include "x509/public_key.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace mutual::x509 {
namespace {

struct free_extensions {
  void operator()(STACK_OF(X509_EXTENSION) * list) const { sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free); }
};
using extensions_ptr = std::unique_ptr<STACK_OF(X509_EXTENSION), free_extensions>;

}  // namespace

result<request> request::from_der(std::string_view der) {
  auto read = read_request_without_key(der);
  if (auto key = read ? read_plain_key(X509_REQ_get_X509_PUBKEY(read.get())) : nullptr) {
    request out(std::move(read));
    out.key_ = std::move(key);
    return out;
  }
  read = from_whole_der<x509_req_ptr>(der, d2i_X509_REQ);
  if (!read) {
    (void)openssl_errors();
    return error(errc::bad_input, "not a certificate signing request, or a damaged one");
  }
  return request(std::move(read));
}

result<request> request::make(const private_key& key, const distinguished_name& subject,
                              const alternative_names& names) {
  MUTUAL_TRY(const auto name, to_x509_name(subject));
  x509_req_ptr made(X509_REQ_new());
  bool done = X509_REQ_set_version(made.get(), X509_REQ_VERSION_1) == 1 &&
              X509_REQ_set_subject_name(made.get(), name.get()) == 1 && X509_REQ_set_pubkey(made.get(), key.get()) == 1;
  if (done && !names.empty()) {
    MUTUAL_TRY(const auto general, to_general_names(names));
    const extensions_ptr extensions(sk_X509_EXTENSION_new_null());
    const x509_extension_ptr alternatives(X509V3_EXT_i2d(NID_subject_alt_name, subject.empty() ? 1 : 0, general.get()));
    // The stack owns what is pushed, so it gets a copy of its own.
    done = alternatives && sk_X509_EXTENSION_push(extensions.get(), X509_EXTENSION_dup(alternatives.get())) > 0 &&
           X509_REQ_add_extensions(made.get(), extensions.get()) == 1;
  }
  if (!done || X509_REQ_sign(made.get(), key.get(), digest_for(key.get())) <= 0) {
    return error(errc::internal, "cannot make a certificate signing request: " + openssl_errors());
  }
  return request(std::move(made));
}

std::string request::der() const { return der_of(get(), i2d_X509_REQ); }

std::string request::pem() const {
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_REQ(memory.get(), get());
  return contents(memory.get());
}

std::string request::subject() const { return name_text(X509_REQ_get_subject_name(get())); }

std::string request::common_name() const {
  auto values = attribute_values(X509_REQ_get_subject_name(get()), NID_commonName);
  return values.empty() ? std::string() : std::move(values.back());
}

alternative_names request::names() const {
  ERR_set_mark();
  const extensions_ptr extensions(X509_REQ_get_extensions(get()));
  const general_names_ptr names(
      extensions ? static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr))
                 : nullptr);
  ERR_pop_to_mark();
  return names ? read_names(names.get()) : alternative_names{};
}

std::string request::key_description() const { return describe_key(key()); }

bool request::proves_possession() const {
  ERR_set_mark();
  const bool verified = key() != nullptr && X509_REQ_verify(get(), key()) == 1;
  ERR_pop_to_mark();
  return verified;
}

}  // namespace mutual::x509
