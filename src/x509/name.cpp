#include "x509/name.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

namespace mutual::x509 {
namespace {

// RFC 5280 appendix A: ub-common-name, ub-organization-name, ub-organizational-unit-name.
constexpr long longest_attribute = 64;

result<> add(X509_NAME* name, int nid, const std::string& value) {
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return error(errc::bad_usage,
                   fmt::format("the name {} holds a control character: leave it out", text::quoted(value)));
    }
  }
  if (value.find_first_not_of(' ') == std::string::npos) {
    return error(errc::bad_usage, "a name of nothing but spaces says nothing: give it letters");
  }
  // mbstring checks that it is UTF-8 and counts characters, not bytes.
  ASN1_STRING* encoded = nullptr;
  const int type =
      ASN1_mbstring_ncopy(&encoded, reinterpret_cast<const unsigned char*>(value.data()),
                          static_cast<int>(value.size()), MBSTRING_UTF8, B_ASN1_UTF8STRING, 1, longest_attribute);
  const asn1_string_ptr owner(encoded);
  if (type < 0) {
    (void)openssl_errors();
    if (ASN1_mbstring_ncopy(nullptr, reinterpret_cast<const unsigned char*>(value.data()),
                            static_cast<int>(value.size()), MBSTRING_UTF8, B_ASN1_UTF8STRING, 1, 0) > 0) {
      return error(errc::bad_usage, fmt::format("the name {} is longer than {} characters: shorten it",
                                                text::quoted(value), longest_attribute));
    }
    (void)openssl_errors();
    return error(errc::bad_usage,
                 fmt::format("the name {} is not UTF-8: write it in that encoding", text::quoted(value)));
  }
  if (X509_NAME_add_entry_by_NID(name, nid, V_ASN1_UTF8STRING, ASN1_STRING_get0_data(encoded),
                                 ASN1_STRING_length(encoded), -1, 0) != 1) {
    return error(errc::internal, "cannot build a distinguished name: " + openssl_errors());
  }
  return {};
}

}  // namespace

result<x509_name_ptr> to_x509_name(const distinguished_name& name) {
  x509_name_ptr built(X509_NAME_new());
  for (const auto& value : name.organizations) MUTUAL_CHECK(add(built.get(), NID_organizationName, value));
  for (const auto& value : name.organizational_units) {
    MUTUAL_CHECK(add(built.get(), NID_organizationalUnitName, value));
  }
  if (!name.common_name.empty()) MUTUAL_CHECK(add(built.get(), NID_commonName, name.common_name));
  return built;
}

std::string name_text(const X509_NAME* name) {
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  constexpr unsigned long flags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (X509_NAME_print_ex(memory.get(), name, 0, flags) < 0) {
    (void)openssl_errors();
    return "#" + text::hex(der_of(name, i2d_X509_NAME));
  }
  return contents(memory.get());
}

std::vector<std::string> attribute_values(const X509_NAME* name, int nid) {
  std::vector<std::string> values;
  for (int at = X509_NAME_get_index_by_NID(name, nid, -1); at >= 0; at = X509_NAME_get_index_by_NID(name, nid, at)) {
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    const openssl_memory<unsigned char> owner(utf8);
    if (size >= 0) values.emplace_back(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  }
  (void)openssl_errors();
  return values;
}

}  // namespace mutual::x509
