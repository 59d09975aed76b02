#include "support/judging.hpp"

#include <stdexcept>

namespace mutual::test {

x509::certificate value_of(const identity& one) { return x509::certificate::from_der(one.der()).value(); }

result<std::shared_ptr<const tls::trust>> try_trust(const trusting& from) {
  tls::trust_sources sources;
  for (const auto& each : from.trusted) sources.trusted.push_back(value_of(each));
  for (const auto& each : from.hints) sources.known_intermediates.push_back(value_of(each));
  for (const auto& each : from.revocations) {
    sources.revocations.push_back(x509::lookup_list::from_der(x509::der_of(each.get(), i2d_X509_CRL)).value());
  }
  sources.settings = from.settings;
  return tls::trust::make(std::move(sources), from.generation);
}

std::shared_ptr<const tls::trust> make_trust(const trusting& from) {
  auto made = try_trust(from);
  if (!made) throw std::runtime_error("test trust: " + made.error().message());
  return *made;
}

tls::verdict judge(const tls::trust& by, const std::vector<identity>& chain, const tls::judge_options& options) {
  const x509::x509_stack_ptr sent(sk_X509_new_null());
  for (const auto& each : chain) {
    x509::x509_ptr copy = x509::from_whole_der<x509::x509_ptr>(each.der(), d2i_X509);
    if (!copy || sk_X509_push(sent.get(), copy.get()) <= 0) throw std::runtime_error("test chain");
    (void)copy.release();
  }
  return tls::judge(by, sk_X509_value(sent.get(), 0), sent.get(), options);
}

tls::verdict judge(const trusting& by, const std::vector<identity>& chain, const tls::judge_options& options) {
  return judge(*make_trust(by), chain, options);
}

std::string outcome(const tls::verdict& of) {
  if (of.refused) return std::string(to_string(*of.refused));
  return of ? "good" : "neither good nor refused";
}

}  // namespace mutual::test
