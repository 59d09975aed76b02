#include "x509/peer.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <ctime>
#include <optional>
#include <utility>

namespace mutual {
namespace {

std::string chosen_name(const peer_data& data) {
  if (!data.common_name.empty()) return data.common_name;
  for (const auto* names : {&data.names.uris, &data.names.emails, &data.names.dns, &data.names.ips}) {
    if (!names->empty()) return names->front();
  }
  return data.subject;
}

}  // namespace

peer::peer(peer_data data) : data_(std::move(data)), name_(chosen_name(data_)) {}

}  // namespace mutual

namespace mutual::x509 {
namespace {

mutual::error unsafe(std::string_view where, std::string_view value, std::string_view why) {
  return {errc::bad_input, "the certificate's " + std::string(where) + " " + text::quoted(value) + " " +
                               std::string(why) + ": have it issued anew without"};
}

bool has_control_characters(std::string_view value) {
  return std::any_of(value.begin(), value.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_printable_ascii(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

std::string_view bytes_of(const ASN1_STRING* value) {
  const auto* data = ASN1_STRING_get0_data(value);
  return {reinterpret_cast<const char*>(data),
          data == nullptr ? 0 : static_cast<std::size_t>(ASN1_STRING_length(value))};
}

result<std::string> utf8_of(const ASN1_STRING* value, std::string_view where) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, value);
  if (size < 0) return unsafe(where, bytes_of(value), "is not text");
  std::string copy(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  // A NUL would let one program read "admin" where another reads "admin\0.evil"; the others forge log lines.
  if (has_control_characters(copy)) return unsafe(where, copy, "holds control characters");
  return copy;
}

result<std::vector<std::string>> attributes(const X509_NAME* name, int nid, std::string_view where) {
  std::vector<std::string> values;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0;) {
    MUTUAL_TRY(auto value, utf8_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)), where));
    values.push_back(std::move(value));
  }
  return values;
}

result<std::string> address_of(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool known = bytes.size() == 4 || bytes.size() == 16;
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (!known || inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) {
    return unsafe("IP address", text::hex(bytes), "is neither 4 nor 16 bytes long");
  }
  return std::string(text.data());
}

result<> add_name(alternative_names& names, const GENERAL_NAME* name) {
  int type = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &type));
  std::vector<std::string>* kind = nullptr;
  std::string_view what;
  switch (type) {
    case GEN_DNS:
      kind = &names.dns, what = "DNS name";
      break;
    case GEN_URI:
      kind = &names.uris, what = "URI";
      break;
    case GEN_EMAIL:
      kind = &names.emails, what = "e-mail address";
      break;
    case GEN_IPADD: {
      MUTUAL_TRY(auto address, address_of(bytes_of(value)));
      names.ips.push_back(std::move(address));
      return {};
    }
    default:
      return {};  // Directory names, other names and registered IDs are not offered to programs.
  }
  const auto text = bytes_of(value);
  // RFC 5280 section 4.2.1.6: IA5String; no name of these kinds has a space or a control character in it.
  if (text.empty()) return unsafe(what, text, "is empty");
  if (!is_printable_ascii(text)) return unsafe(what, text, "holds spaces, control or non-ASCII characters");
  kind->emplace_back(text);
  return {};
}

result<alternative_names> names_of(const X509* leaf) {
  alternative_names names;
  int critical = 0;
  const general_names_ptr list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, nullptr)));
  if (!list) {
    if (critical == -1) return names;  // -1: there is none; anything else: there is one that cannot be read.
    return mutual::error(errc::bad_input,
                         "the certificate's subject alternative names cannot be read, or stand there twice: have it "
                         "issued anew");
  }
  const int count = sk_GENERAL_NAME_num(list.get());
  if (count > most_alternative_names) {
    return mutual::error(errc::limit_exceeded, "the certificate has " + std::to_string(count) +
                                                   " subject alternative names; at most " +
                                                   std::to_string(most_alternative_names) + " are read");
  }
  for (int at = 0; at < count; ++at) MUTUAL_CHECK(add_name(names, sk_GENERAL_NAME_value(list.get(), at)));
  return names;
}

result<std::string> der_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size < 0) return mutual::error(errc::internal, "a certificate could not be encoded: " + openssl_errors());
  std::string copy(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return copy;
}

result<> add_chain(peer_data& data, std::span<X509* const> chain) {
  data.chain_not_after = std::chrono::sys_seconds::max();
  for (X509* certificate : chain) {
    MUTUAL_TRY(auto der, der_of(certificate));
    data.chain.push_back(std::move(der));
    const auto end = to_time(X509_get0_notAfter(certificate));
    if (!end) return mutual::error(errc::bad_input, "a certificate's last day is not a date: have it issued anew");
    data.chain_not_after = std::min(data.chain_not_after, *end);
  }
  return {};
}

}  // namespace

std::string serial_text(const X509* certificate) { return serial_text(X509_get0_serialNumber(certificate)); }

std::string serial_text(const ASN1_INTEGER* serial) {
  std::string digits = text::hex(bytes_of(serial));
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return "0";
  return ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER ? "-" + digits : digits;
}

std::string sha256(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::optional<std::chrono::sys_seconds> to_time(const ASN1_TIME* time) {
  std::tm parts{};
  // ASN1_TIME_to_tm(nullptr) would give the present.
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  const auto date = std::chrono::year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

result<std::shared_ptr<const peer>> make_peer(std::span<X509* const> chain) {
  if (chain.empty()) return mutual::error(errc::internal, "a peer was asked for without a certificate");
  X509* leaf = chain.front();
  const auto* subject = X509_get_subject_name(leaf);
  peer_data data;
  data.subject = name_text(subject);
  MUTUAL_TRY(const auto common_names, attributes(subject, NID_commonName, "common name"));
  if (!common_names.empty()) data.common_name = common_names.back();
  MUTUAL_TRY(data.organizations, attributes(subject, NID_organizationName, "organization"));
  MUTUAL_TRY(data.organizational_units, attributes(subject, NID_organizationalUnitName, "organizational unit"));
  MUTUAL_TRY(data.names, names_of(leaf));
  data.issuer = name_text(X509_get_issuer_name(leaf));
  data.serial = serial_text(leaf);
  data.sha256 = text::hex(sha256(leaf));
  const auto begin = to_time(X509_get0_notBefore(leaf));
  const auto end = to_time(X509_get0_notAfter(leaf));
  if (!begin || !end)
    return mutual::error(errc::bad_input, "the certificate's dates cannot be read: have it issued anew");
  data.not_before = *begin;
  data.not_after = *end;
  MUTUAL_CHECK(add_chain(data, chain));
  return std::shared_ptr<const peer>(std::make_shared<peer>(std::move(data)));
}

}  // namespace mutual::x509
