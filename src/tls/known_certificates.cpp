#include "tls/known_certificates.hpp"

#include "base/clock.hpp"
#include "x509/peer.hpp"

namespace mutual::tls {
namespace {

bool has_ended(const X509* one) {
  const auto end = x509::to_time(X509_get0_notAfter(one));
  return !end || *end < now();
}

}  // namespace

x509::x509_ptr known_certificates::find(std::string_view sha256) {
  x509::x509_ptr found;
  all_.visit(sha256, [&](const std::shared_ptr<X509>& kept) {
    if (X509_up_ref(kept.get()) == 1) found.reset(kept.get());
  });
  return found;
}

void known_certificates::keep(std::string_view sha256, X509* one) {
  if (sha256.empty() || has_ended(one) || X509_up_ref(one) != 1) return;
  all_.put(sha256, std::shared_ptr<X509>(one, X509_free));
  all_.forget_some(sha256, [](const std::shared_ptr<X509>& kept) { return has_ended(kept.get()); });
}

}  // namespace mutual::tls
