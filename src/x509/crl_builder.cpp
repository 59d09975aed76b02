#include "x509/crl_builder.hpp"

#include "x509/builder.hpp"
#include "x509/crl_outline.hpp"
#include "x509/extensions.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>

namespace mutual::x509 {
namespace {

error failed(std::string_view what) {
  return {errc::internal, fmt::format("cannot make a {}: {}", what, openssl_errors())};
}

// The list without its entries, by OpenSSL and under a signature, so that both names of the algorithm are in it.
result<std::string> without_entries(const crl_facts& facts, const certificate& issuer, const private_key& issuer_key) {
  const x509_crl_ptr made(X509_CRL_new());
  const auto this_update = to_asn1_time(facts.this_update);
  const auto next_update = facts.next_update ? to_asn1_time(*facts.next_update) : nullptr;
  const asn1_integer_ptr number(ASN1_INTEGER_new());
  if (!made || !this_update || (facts.next_update && !next_update) ||
      X509_CRL_set_version(made.get(), X509_CRL_VERSION_2) != 1 ||
      X509_CRL_set_issuer_name(made.get(), X509_get_subject_name(issuer.get())) != 1 ||
      X509_CRL_set1_lastUpdate(made.get(), this_update.get()) != 1 ||
      (next_update && X509_CRL_set1_nextUpdate(made.get(), next_update.get()) != 1) ||
      ASN1_INTEGER_set_uint64(number.get(), facts.number) != 1 ||
      X509_CRL_add1_ext_i2d(made.get(), NID_crl_number, number.get(), 0, X509V3_ADD_DEFAULT) != 1) {
    return failed("revocation list");
  }
  if (const auto authority = authority_key_identifier(issuer.get())) {
    if (X509_CRL_add_ext(made.get(), authority.get(), -1) != 1) return failed("revocation list");
  }
  if (facts.base) {
    const asn1_integer_ptr base(ASN1_INTEGER_new());
    if (ASN1_INTEGER_set_uint64(base.get(), *facts.base) != 1 ||
        X509_CRL_add1_ext_i2d(made.get(), NID_delta_crl, base.get(), 1, X509V3_ADD_DEFAULT) != 1) {
      return failed("delta revocation list");
    }
  }
  if (X509_CRL_sign(made.get(), issuer_key.get(), digest_for(issuer_key.get())) <= 0) return failed("revocation list");
  return der_of(made.get(), i2d_X509_CRL);
}

// X.690 section 8.1: a tag, and the shortest length that says how much follows.
void append_head(std::string& to, char tag, std::size_t size) {
  to += tag;
  if (size < 0x80) {
    to += static_cast<char>(size);
    return;
  }
  unsigned octets = 0;
  for (auto left = size; left > 0; left >>= 8U) ++octets;
  to += static_cast<char>(0x80U | octets);
  while (octets-- > 0) to += static_cast<char>((size >> (8U * octets)) & 0xFFU);
}

std::size_t size_of_head(std::size_t size) {
  std::string head;
  append_head(head, '\x30', size);
  return head.size();
}

// tbsCertList, after `room` octets that are for what stands before it.
std::string signed_part(const crl_outline& around, const std::string& entries, std::size_t room) {
  constexpr char sequence = 0x30;
  // RFC 5280 section 5.1.2.6: without entries the list of them must be absent.
  const auto of_entries = entries.empty() ? 0 : size_of_head(entries.size()) + entries.size();
  const auto size = around.before_entries.size() + of_entries + around.after_entries.size();
  std::string out;
  out.reserve(room + size + 1024);  // for the signature too
  out.resize(room);
  append_head(out, sequence, size);
  out += around.before_entries;
  if (!entries.empty()) append_head(out, sequence, entries.size()), out += entries;
  return out += around.after_entries;
}

using digest_ctx_ptr = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;

const unsigned char* octets_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

result<std::string> signature_of(std::string_view bytes, EVP_PKEY* key) {
  const digest_ctx_ptr context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, digest_for(key), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, octets_of(bytes), bytes.size()) != 1) {
    return failed("signature");
  }
  std::string out(size, '\0');
  const digest_ctx_ptr again(EVP_MD_CTX_new());
  if (!again || EVP_DigestSignInit(again.get(), nullptr, digest_for(key), nullptr, key) != 1 ||
      EVP_DigestSign(again.get(), reinterpret_cast<unsigned char*>(out.data()), &size, octets_of(bytes),
                     bytes.size()) != 1) {
    return failed("signature");
  }
  out.resize(size);
  return out;
}

}  // namespace

// OpenSSL makes the list as if nobody were on it; the entries are put in, and what has come of it is signed. The list
// without them never leaves this function: somebody revoked would be let in by it.
result<std::string> make_list_der(const crl_facts& facts, crl_entries& entries, const certificate& issuer,
                                  const private_key& issuer_key) {
  MUTUAL_TRY(const auto frame, without_entries(facts, issuer, issuer_key));
  const auto around = outline_of(frame);
  if (!around || !around->entries.empty()) return error(errc::internal, "cannot make a revocation list of OpenSSL's");
  constexpr std::size_t room = 16;  // The outer head is shorter, and known when the signature is.
  auto out = signed_part(*around, entries.take(), room);
  MUTUAL_TRY(const auto signature, signature_of(std::string_view(out).substr(room), issuer_key.get()));
  out += around->algorithm;
  append_head(out, '\x03', signature.size() + 1);
  out += '\0';  // Of a BIT STRING: no bits are unused.
  out += signature;
  std::string head;
  append_head(head, '\x30', out.size() - room);
  std::copy(head.begin(), head.end(), out.begin() + static_cast<std::ptrdiff_t>(room - head.size()));
  out.erase(0, room - head.size());
  return out;
}

bool has_signature_of(std::string_view list_der, const certificate& issuer) {
  const auto parts = outline_of(list_der);
  EVP_PKEY* key = X509_get0_pubkey(issuer.get());
  if (!parts || parts->signature.empty() || key == nullptr) return false;
  const auto signature = parts->signature.substr(1);
  const digest_ctx_ptr context(EVP_MD_CTX_new());
  ERR_set_mark();
  const bool verified = context && EVP_DigestVerifyInit(context.get(), nullptr, digest_for(key), nullptr, key) == 1 &&
                        EVP_DigestVerify(context.get(), octets_of(signature), signature.size(),
                                         octets_of(parts->signed_part), parts->signed_part.size()) == 1;
  ERR_pop_to_mark();
  return verified;
}

void append_list_pem(std::string& to, std::string_view list_der) {
  constexpr std::string_view begin = "-----BEGIN X509 CRL-----\n", end = "-----END X509 CRL-----\n";
  constexpr std::size_t line = 48;  // octets, which are 64 characters
  std::array<unsigned char, 65> text{};
  to.reserve(to.size() + begin.size() + end.size() + (list_der.size() / line + 1) * 65);
  to += begin;
  for (std::size_t at = 0; at < list_der.size(); at += line) {
    const auto piece = list_der.substr(at, line);
    const int size = EVP_EncodeBlock(text.data(), octets_of(piece), static_cast<int>(piece.size()));
    to.append(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)) += '\n';
  }
  to += end;
}

result<crl> make_crl(const crl_spec& spec, const certificate& issuer, const private_key& issuer_key) {
  crl_entries entries;
  for (const auto& one : spec.revoked) MUTUAL_CHECK(entries.add(one.serial, one.when, one.reason));
  const crl_facts facts{spec.number, spec.this_update, spec.next_update, spec.base};
  MUTUAL_TRY(const auto der, make_list_der(facts, entries, issuer, issuer_key));
  return crl::from_der(der);
}

}  // namespace mutual::x509
