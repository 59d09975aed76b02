#include "authority/token.hpp"

#include "base/random.hpp"
#include "base/text.hpp"
#include "x509/digest.hpp"

#include <openssl/crypto.h>

#include <array>
#include <utility>

namespace mutual::authority {
namespace {

constexpr std::size_t id_digits = 16, secret_digits = 64;

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

// The secret is random as a whole, so a plain digest gives nothing away and needs no salt.
std::string digest_of(std::string_view secret) { return x509::sha256_hex(secret); }

using kind = std::pair<std::string_view, std::vector<std::string> alternative_names::*>;
constexpr std::array<kind, 4> kinds{{{"dns", &alternative_names::dns},
                                     {"uri", &alternative_names::uris},
                                     {"email", &alternative_names::emails},
                                     {"ip", &alternative_names::ips}}};

}  // namespace

made_token new_token() {
  made_token made;
  made.facts.id = random_hex(id_digits / 2);
  const x509::secret own(random_hex(secret_digits / 2));
  made.facts.digest = digest_of(own.view());
  made.text = x509::secret(made.facts.id + "." + std::string(own.view()));
  return made;
}

std::optional<std::string> token_id(std::string_view text) {
  if (text.size() != id_digits + 1 + secret_digits || text[id_digits] != '.' || !is_hex(text.substr(0, id_digits)) ||
      !is_hex(text.substr(id_digits + 1))) {
    return std::nullopt;
  }
  return std::string(text.substr(0, id_digits));
}

bool is_token(std::string_view text, const token_facts& facts) {
  const auto id = token_id(text);
  if (!id || *id != facts.id || facts.digest.size() != secret_digits) return false;
  const auto digest = digest_of(text.substr(id_digits + 1));
  return digest.size() == facts.digest.size() && CRYPTO_memcmp(digest.data(), facts.digest.data(), digest.size()) == 0;
}

std::string names_to_text(const alternative_names& names) {
  std::string out;
  for (const auto& [word, list] : kinds) {
    for (const auto& name : names.*list) out.append(word).append(" ").append(name).append("\n");
  }
  return out;
}

alternative_names names_from_text(std::string_view text) {
  alternative_names out;
  for (const auto line : text::split_list(text, '\n')) {
    const auto space = line.find(' ');
    for (const auto& [word, list] : kinds) {
      if (line.substr(0, space) == word && space != std::string_view::npos) {
        (out.*list).emplace_back(line.substr(space + 1));
      }
    }
  }
  return out;
}

}  // namespace mutual::authority
