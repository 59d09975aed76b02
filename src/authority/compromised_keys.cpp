#include "authority/compromised_keys.hpp"

#include "base/clock.hpp"
#include "x509/certificate.hpp"
#include "x509/key_digest.hpp"

#include <string>
#include <vector>

namespace mutual::authority {

result<> note_compromised(database& db, std::string_view serial, std::string_view der) {
  const auto known = x509::certificate::from_der(der);
  const auto digest = known ? x509::key_digest(X509_get0_pubkey(known->get())) : std::string();
  if (digest.empty()) return {};
  const auto noted = db.change(
      "INSERT INTO compromised_keys (digest, serial, at) SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM "
      "compromised_keys WHERE digest = $1)",
      {std::string_view(digest), serial, std::int64_t{now().time_since_epoch().count()}});
  if (!noted) return noted.error();
  return {};
}

result<bool> is_compromised(database& db, const EVP_PKEY* key) {
  const auto digest = x509::key_digest(key);
  if (digest.empty()) {
    return error(errc::bad_input, "its key is of a kind that cannot be compared with those that were compromised");
  }
  MUTUAL_TRY(const auto found,
             number_from(db, "SELECT count(*) FROM compromised_keys WHERE digest = $1", {std::string_view(digest)}));
  return found != 0;
}

// A thousand at a time: they may be many, and nothing is written while an answer is read.
result<> note_all_compromised(database& db) {
  struct revoked {
    std::string serial, der;
  };
  std::int64_t last = 0;
  for (std::vector<revoked> some;; some.clear()) {
    MUTUAL_CHECK(db.each(
        "SELECT id, serial, der FROM certificates WHERE revoked_at IS NOT NULL AND revoked_reason IN (1, 2) AND id > "
        "$1 ORDER BY id LIMIT 1000",
        {last}, [&](const row& one) {
          last = one.integer(0);
          some.push_back({one.text(1), one.text(2)});
        }));
    if (some.empty()) return {};
    for (const auto& one : some) MUTUAL_CHECK(note_compromised(db, one.serial, one.der));
  }
}

}  // namespace mutual::authority
