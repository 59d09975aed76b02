// Entries of other people's revocation lists, as they are taken over. Held to: what is taken can stand in the next list
// of ours, under the same number and for a reason that RFC 5280 has.

#include "authority/listed_revocation.hpp"
#include "x509/crl.hpp"
#include "x509/crl_entries.hpp"

#include <openssl/err.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace mutual;

// Not of the list: it is revoked here from the moment on in which it is taken over.
constexpr sys_seconds when{std::chrono::seconds(1'800'000'000)};

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto list = x509::crl::from_der({reinterpret_cast<const char*>(data), size});
  if (!list) return 0;
  const auto* entries = X509_CRL_get_REVOKED(list->get());
  for (int at = 0; at < sk_X509_REVOKED_num(entries); ++at) {
    const auto read = authority::read_listed(sk_X509_REVOKED_value(entries, at));
    if (!read) {
      require(!read.error().message().empty());
      continue;
    }
    if (!read->reason) continue;
    require(authority::revocation_reason_from_string(to_string(*read->reason)) == read->reason);
    x509::crl_entries next;
    require(next.add(read->serial, when, static_cast<int>(*read->reason)).has_value());
  }
  ERR_clear_error();
  return 0;
}
