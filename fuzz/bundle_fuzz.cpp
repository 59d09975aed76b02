// Files of keys and certificates: PEM, DER, PKCS#12, revocation lists and requests, encrypted or not. The first byte
// chooses the password; the rest is the file.

#include "x509/bundle.hpp"
#include "x509/certificate_places.hpp"
#include "x509/identity.hpp"
#include "x509/lint.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace mutual;

// Reads everything that there is to ask of it, so that every decoder runs.
std::size_t ask(const x509::certificate& one) {
  const auto names = one.names();
  std::size_t size = one.subject().size() + one.issuer().size() + one.display_name().size() + one.serial().size() +
                     one.pem().size() + one.sha256().size() + one.key_description().size() +
                     one.signature_description().size() + one.subject_key_id().size() + one.authority_key_id().size() +
                     names.dns.size() + names.uris.size() + names.emails.size() + names.ips.size();
  for (const auto& usage : one.key_usages()) size += usage.size();
  for (const auto& usage : one.extended_key_usages()) size += usage.size();
  size += one.organizations().size() + one.organizational_units().size();
  for (const bool fact : {one.is_ca(), one.is_self_signed(), one.allows_client(), one.allows_server()}) size += fact;
  if (one.not_before() > one.not_after()) ++size;
  const auto places = x509::places_in(one.get());
  size += places.ocsp.size() + places.issuer.size() + places.list.size();
  // What was read once is read again, and is the same.
  const auto again = x509::certificate::from_der(one.der());
  if (!again || !(*again == one)) std::abort();
  return size;
}

std::size_t ask(const x509::crl& one) {
  return one.issuer().size() + one.number().size() + one.pem().size() + one.size() +
         (one.next_update().value_or(one.this_update()) > one.this_update() ? 1U : 0U);
}

std::size_t ask(const x509::request& one) {
  return one.subject().size() + one.common_name().size() + one.names().dns.size() + one.key_description().size() +
         one.pem().size() + (one.proves_possession() ? 1U : 0U);
}

// A command that somebody copies holds names of strangers: outside of single quotes there is nothing that a shell acts
// upon.
bool does_nothing_else(std::string_view command) {
  bool in_quotes = false;
  for (std::size_t at = 0; at < command.size(); ++at) {
    if (command[at] == '\'') {
      in_quotes = !in_quotes;
    } else if (!in_quotes && command[at] == '\\') {
      ++at;
    } else if (!in_quotes && std::string_view(";|&$`<>(){}[]*?!#~\"\n").find(command[at]) != std::string_view::npos) {
      return false;
    }
  }
  return !in_quotes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view password = (data[0] & 1U) != 0 ? "sesame" : "";
  // What a PKCS#12 file says of itself before it is opened.
  if (const auto outside = x509::pkcs12_algorithms_of(bytes)) (void)x509::lint_pkcs12(*outside, "input");
  // Far fewer rounds than a person may use: what they cost is not what is looked for.
  const auto read = x509::read_bundle(bytes, password, "input", {.key_derivation_rounds = 1'000});
  if (!read) {
    if (read.error().message().find("input") == std::string::npos) std::abort();
    return 0;
  }
  if (read->empty()) std::abort();
  std::size_t total = 0;
  for (const auto& one : x509::lint(*read)) {
    if (one.code.empty() || one.what.empty() || one.fix.empty()) std::abort();
    if (one.fix.starts_with("issue another with: mutual") && !does_nothing_else(one.fix)) std::abort();
  }
  for (const auto& one : read->certificates) total += ask(one);
  for (const auto& one : read->crls) total += ask(one);
  for (const auto& one : read->requests) total += ask(one);
  if (!read->certificates.empty()) total += x509::chain_of(read->certificates.front(), read->certificates).size();
  if (read->key) total += read->key->description().size();
  if (total == 0) std::abort();
  return 0;
}
