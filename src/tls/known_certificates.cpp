#include "tls/known_certificates.hpp"

namespace mutual::tls {

x509::x509_ptr known_certificates::find(std::string_view sha256) {
  x509::x509_ptr found;
  all_.visit(sha256, [&](const std::shared_ptr<X509>& kept) {
    if (X509_up_ref(kept.get()) == 1) found.reset(kept.get());
  });
  return found;
}

void known_certificates::keep(std::string_view sha256, X509* one) {
  if (!sha256.empty() && X509_up_ref(one) == 1) all_.put(sha256, std::shared_ptr<X509>(one, X509_free));
}

}  // namespace mutual::tls
