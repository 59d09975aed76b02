#include "tls/system_trust.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace mutual::tls {
namespace {

// A real chain has three or four certificates; each of the names is a look into a folder.
constexpr int most_looked_up = 16;

void add_named(X509_STORE_CTX* finder, const X509_NAME* name, std::vector<x509::certificate>& found) {
  const x509::x509_stack_ptr named(X509_STORE_CTX_get1_certs(finder, name));
  for (int at = 0; at < sk_X509_num(named.get()); ++at) {
    auto one = x509::certificate::shared(sk_X509_value(named.get(), at));
    if (std::find(found.begin(), found.end(), one) == found.end()) found.push_back(std::move(one));
  }
}

}  // namespace

std::shared_ptr<const trust> system_trust_for(X509* leaf, const STACK_OF(X509) * sent) {
  const x509::x509_store_ptr store(X509_STORE_new());
  const x509::x509_store_ctx_ptr finder(X509_STORE_CTX_new());
  if (!store || !finder || X509_STORE_set_default_paths(store.get()) != 1 ||
      X509_STORE_CTX_init(finder.get(), store.get(), leaf, nullptr) != 1) {
    return nullptr;
  }
  trust_sources sources;
  const auto look_up = [&](const X509* one) {
    add_named(finder.get(), X509_get_subject_name(one), sources.trusted);
    add_named(finder.get(), X509_get_issuer_name(one), sources.trusted);
  };
  if (leaf != nullptr) look_up(leaf);
  for (int at = 0; at < std::min(sk_X509_num(sent), most_looked_up); ++at) look_up(sk_X509_value(sent, at));
  ERR_clear_error();  // Names that are not found leave errors.
  if (sources.trusted.empty()) return nullptr;
  // Nothing that is judged under it is ever compared with another of the same number: no sessions are kept.
  auto made = trust::make(std::move(sources), 0);
  return made ? *std::move(made) : nullptr;
}

}  // namespace mutual::tls
