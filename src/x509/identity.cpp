#include "x509/identity.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::x509 {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

}  // namespace

std::vector<certificate> chain_of(const certificate& leaf, const std::vector<certificate>& others) {
  std::vector<certificate> chain{leaf};
  while (!chain.back().is_self_issued()) {
    const auto issuer = std::find_if(others.begin(), others.end(), [&](const certificate& candidate) {
      return chain.back().may_be_issued_by(candidate) && !candidate.is_self_issued() &&
             std::find(chain.begin(), chain.end(), candidate) == chain.end() && chain.back().is_signed_by(candidate);
    });
    if (issuer == others.end()) break;
    chain.push_back(*issuer);
  }
  return chain;
}

result<identity> to_identity(bundle from, std::string_view where, const std::filesystem::path& key_path) {
  const auto& all = from.certificates;
  if (all.empty()) return error(errc::bad_input, fmt::format("{} holds no certificate", where));
  if (!from.key) {
    return error(errc::bad_input,
                 fmt::format("{} holds a certificate but not its private key: name the key's file too (--key)", where));
  }
  const auto leaf =
      std::find_if(all.begin(), all.end(), [&](const certificate& one) { return from.key->belongs_to(one); });
  if (leaf == all.end()) {
    return error(errc::bad_input,
                 fmt::format("the private key in {} does not belong to the certificate in {} ({}): name the pair that "
                             "was made together",
                             key_path.empty() ? std::string(where) : shown(key_path), where,
                             text::printable(all.front().subject())));
  }
  return identity{*from.key, chain_of(*leaf, all)};
}

result<identity> load_identity(const std::filesystem::path& certificate_path, const std::filesystem::path& key_path,
                               std::string_view password) {
  MUTUAL_TRY(auto found, load_bundle(certificate_path, password));
  if (found.certificates.empty()) {
    return error(errc::bad_input, fmt::format("{} holds no certificate", shown(certificate_path)));
  }
  if (!key_path.empty()) {
    MUTUAL_TRY(auto keys, load_bundle(key_path, password));
    if (!keys.key) return error(errc::bad_input, fmt::format("{} holds no private key", shown(key_path)));
    found.key = keys.key;
  }
  return to_identity(std::move(found), shown(certificate_path), key_path);
}

}  // namespace mutual::x509
