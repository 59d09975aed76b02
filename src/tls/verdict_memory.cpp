#include "tls/verdict_memory.hpp"

#include "tls/verdict_path.hpp"

#include <openssl/evp.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mutual::tls {
namespace {

// Appends the DER of a certificate, which says its own length, so that no two lists of certificates are the same bytes.
bool append(std::string& to, const X509* one) {
  const int size = i2d_X509(one, nullptr);
  if (size <= 0 || to.size() + static_cast<std::size_t>(size) > std::size_t{path_limits::most_bytes}) return false;
  const auto before = to.size();
  to.resize(before + static_cast<std::size_t>(size));
  auto* at = reinterpret_cast<unsigned char*>(to.data()) + before;
  return i2d_X509(one, &at) == size;
}

// SHA-256 of all that was shown; nothing for what is beyond the limits, which will not be found good.
std::optional<std::string> fingerprint_of(const X509* leaf, const STACK_OF(X509) * sent) {
  std::string all;
  if (leaf == nullptr || !append(all, leaf)) return std::nullopt;
  for (int at = 0; at < sk_X509_num(sent); ++at) {
    if (!append(all, sk_X509_value(sent, at))) return std::nullopt;
  }
  std::string out(32, '\0');
  if (EVP_Digest(all.data(), all.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, EVP_sha256(),
                 nullptr) != 1) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

verdict verdict_memory::judge(const trust& by, X509* leaf, const STACK_OF(X509) * sent, const judge_options& options) {
  const auto key = fingerprint_of(leaf, sent);
  if (!key) return tls::judge(by, leaf, sent, options);
  standing known;
  good_.visit(*key, [&](const standing& kept) { known = kept; });
  if (still_holds(by, known, options)) return verdict_of(std::move(known));
  auto made = tls::judge(by, leaf, sent, options);
  if (made) {
    good_.put(*key, made.holds);
  } else if (known.who) {
    good_.remove(*key);
  }
  return made;
}

}  // namespace mutual::tls
