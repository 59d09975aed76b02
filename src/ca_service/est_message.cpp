#include "ca_service/est_message.hpp"

#include "base/base64.hpp"
#include "base/random.hpp"
#include "x509/certs_only.hpp"
#include "x509/openssl.hpp"

#include <fmt/format.h>

#include <set>

namespace mutual::ca_service {
namespace {

constexpr std::string_view certificates_type = "application/pkcs7-mime; smime-type=certs-only";

response coded(std::string_view der, std::string_view type) {
  response made(200);
  made.headers.set("Content-Type", type);
  made.headers.set("Content-Transfer-Encoding", "base64");
  made.headers.set("Cache-Control", "no-store");
  made.body = base64::encode_lines(der);
  return made;
}

// The octets of a DER value; short and long lengths up to 64 KiB.
std::string der_value(char tag, std::string_view contents) {
  std::string out(1, tag);
  if (contents.size() < 128) {
    out += static_cast<char>(contents.size());
  } else {
    out += '\x82';
    out += static_cast<char>(contents.size() >> 8U);
    out += static_cast<char>(contents.size() & 0xFFU);
  }
  return out.append(contents);
}

constexpr char sequence = '\x30', set = '\x31', integer = '\x02';

std::string object(const char* oid) {
  using object_ptr = std::unique_ptr<ASN1_OBJECT, x509::freed_by<ASN1_OBJECT_free>>;
  const object_ptr known(OBJ_txt2obj(oid, 1));
  return known ? x509::der_of(known.get(), i2d_ASN1_OBJECT) : std::string();
}

// A kind of key as authority.toml has it: a word, or a word and what it is of.
std::string attribute(std::string_view kind) {
  const auto of = [](const char* what, const std::string& value) {
    return der_value(sequence, object(what) + der_value(set, value));
  };
  constexpr auto elliptic = "1.2.840.10045.2.1", rsa = "1.2.840.113549.1.1.1";
  if (kind == "p256") return of(elliptic, object("1.2.840.10045.3.1.7"));
  if (kind == "p384") return of(elliptic, object("1.3.132.0.34"));
  if (kind == "p521") return of(elliptic, object("1.3.132.0.35"));
  if (kind == "rsa2048") return of(rsa, der_value(integer, std::string("\x08\x00", 2)));
  if (kind == "rsa3072") return of(rsa, der_value(integer, std::string("\x0C\x00", 2)));
  if (kind == "rsa4096") return of(rsa, der_value(integer, std::string("\x10\x00", 2)));
  if (kind == "ed25519") return object("1.3.101.112");
  return {};
}

}  // namespace

result<x509::request> read_est_request(std::string_view body) {
  const auto der = base64::decode_lines(body);
  if (!der || der->empty()) {
    return error(errc::bad_input,
                 "the body is no base64: send the certificate signing request's DER in base64, as in "
                 "openssl req -in REQUEST -outform DER | openssl base64");
  }
  return x509::request::from_der(*der);
}

result<response> est_certificates(const std::vector<x509::certificate>& all) {
  MUTUAL_TRY(const auto der, x509::certs_only(all));
  return coded(der, certificates_type);
}

result<response> est_key_and_certificate(const x509::private_key& key, const x509::certificate& leaf) {
  MUTUAL_TRY(const auto der, x509::pkcs8_der(key));
  MUTUAL_TRY(const auto certificates, x509::certs_only({leaf}));
  const auto boundary = random_hex(16);
  response made(200);
  made.headers.set("Content-Type", "multipart/mixed; boundary=" + boundary);
  made.headers.set("Cache-Control", "no-store");
  const auto add = [&](std::string_view type, std::string_view contents) {
    made.body += fmt::format("--{}\r\nContent-Type: {}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n", boundary,
                             type, base64::encode_lines(contents));
  };
  add("application/pkcs8", der.view());
  add(certificates_type, certificates);
  made.body += fmt::format("--{}--\r\n", boundary);
  return made;
}

response est_attributes(const authority::limits& by) {
  std::set<std::string> kinds;
  for (const auto* one : {&by.server, &by.client, &by.peer}) {
    if (!one->may_be_issued) continue;
    if (!one->key_kinds) {
      kinds.insert("p256");
    } else {
      kinds.insert(one->key_kinds->begin(), one->key_kinds->end());
    }
  }
  std::string all;
  for (const auto& kind : kinds) all += attribute(kind);
  return coded(der_value(sequence, all), "application/csrattrs");
}

}  // namespace mutual::ca_service
