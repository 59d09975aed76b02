// Files and answers with revocation lists to judge by, as a change feed sends them: PEM that we read ourselves, for its
// length. Held to: what OpenSSL's reader of PEM finds in the same bytes is what ours finds; lists to judge by are those
// that are read whole; nothing is left out without a word.

#include "x509/list_files.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace mutual;

void require(bool holds) {
  if (!holds) std::abort();
}

// A password would be tried on a key, and on other DER than a list all decoders: that is another target's.
bool is_to_be_read(std::string_view bytes) {
  if (!bytes.starts_with('0') && bytes.find("-----BEGIN ") != std::string_view::npos) {
    return bytes.find("PRIVATE KEY") == std::string_view::npos;
  }
  return x509::crl::from_der(bytes).has_value();
}

// The DER of each list in PEM, as OpenSSL finds them.
std::vector<std::string> openssls_lists(std::string_view pem) {
  std::vector<std::string> out;
  const auto source = x509::memory_reader(pem);
  for (;;) {
    char *name = nullptr, *header = nullptr;
    unsigned char* bytes = nullptr;
    long size = 0;
    if (PEM_read_bio(source.get(), &name, &header, &bytes, &size) != 1) return out;
    const x509::openssl_memory<char> own_name(name), own_header(header);
    const x509::openssl_memory<unsigned char> own_bytes(bytes);
    if (std::string_view(name) == "X509 CRL") {
      out.emplace_back(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
  }
}

void compare(const x509::lookup_list& judged, const x509::crl& whole) {
  require(judged.size() == whole.size() && judged.issuer() == whole.issuer() && judged.number() == whole.number());
  require(judged.this_update() == whole.this_update() && judged.next_update() == whole.next_update());
  const auto* entries = X509_CRL_get_REVOKED(whole.get());
  for (int at = 0; at < sk_X509_REVOKED_num(entries); ++at) {
    const auto* serial = X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, at));
    X509_REVOKED* found = nullptr;
    require(judged.revokes(serial) == (X509_CRL_get0_by_serial(whole.get(), &found, serial) == 1));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!is_to_be_read(bytes)) return 0;
  const auto judged = x509::read_bundle_to_judge_by(bytes, "input");
  const auto whole = x509::read_bundle_with_lists(bytes, {}, "input");
  require(judged.has_value() == whole.has_value());
  if (!judged) {
    require(judged.error().message() == whole.error().message());
    require(judged.error().message().find("input") != std::string::npos);
    return 0;
  }
  require(!judged->empty() && judged->crls.empty() && whole->lookup_lists.empty());
  require(judged->lookup_lists.size() == whole->crls.size());
  require(judged->certificates.size() == whole->certificates.size());
  for (std::size_t at = 0; at < whole->crls.size(); ++at) compare(judged->lookup_lists[at], whole->crls[at]);
  if (!bytes.starts_with('0')) {
    const auto lists = openssls_lists(bytes);
    require(lists.size() == whole->crls.size());
    for (std::size_t at = 0; at < lists.size(); ++at) {
      const auto again = x509::crl::from_der(lists[at]);
      require(again && again->der() == whole->crls[at].der());
    }
  }
  ERR_clear_error();
  return 0;
}
