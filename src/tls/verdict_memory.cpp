#include "tls/verdict_memory.hpp"

#include "tls/verdict_path.hpp"
#include "x509/digest.hpp"

#include <new>
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

// Fails only when memory does.
std::string sha256(std::string_view bytes) {
  auto made = x509::sha256_bytes(bytes);
  if (made.empty()) throw std::bad_alloc();
  return made;
}

// SHA-256 of all that was shown; nothing for what is beyond the limits, which will not be found good.
std::optional<std::string> fingerprint_of(const X509* leaf, const STACK_OF(X509) * sent) {
  std::string all;
  if (leaf == nullptr || !append(all, leaf)) return std::nullopt;
  for (int at = 0; at < sk_X509_num(sent); ++at) {
    if (!append(all, sk_X509_value(sent, at))) return std::nullopt;
  }
  return sha256(all);
}

}  // namespace

standing verdict_memory::find(std::string_view key) {
  standing known;
  good_.visit(key, [&](const standing& kept) { known = kept; });
  return known;
}

verdict verdict_memory::remember(std::string_view key, verdict made) {
  if (made) {
    good_.put(key, made.holds);
  } else {
    good_.remove(key);
  }
  return made;
}

verdict verdict_memory::judge(const trust& by, X509* leaf, const STACK_OF(X509) * sent, const judge_options& options) {
  const auto key = fingerprint_of(leaf, sent);
  if (!key) return tls::judge(by, leaf, sent, options);
  if (auto known = find(*key); still_holds(by, known, options)) return verdict_of(std::move(known));
  return remember(*key, tls::judge(by, leaf, sent, options));
}

verdict verdict_memory::judge_again(const trust& by, const standing& earlier) {
  if (still_holds(by, earlier)) return verdict_of(earlier);
  if (!earlier.who) return tls::judge_again(by, earlier);
  std::string all;
  for (const auto& der : earlier.who->chain()) all += der;
  const auto key = sha256(all);
  if (const auto known = find(key); still_holds(by, known)) return verdict_of(known);
  return remember(key, tls::judge_again(by, earlier));
}

}  // namespace mutual::tls
