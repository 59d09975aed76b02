#include "authority/late_renewals.hpp"

#include "x509/digest.hpp"

#include <openssl/ec.h>

#include <memory>
#include <optional>

namespace mutual::authority {
namespace {

std::int64_t seconds(sys_seconds time) { return time.time_since_epoch().count(); }

// Of each signature (r, s) of ECDSA everybody can make another, (r, -s), which is as good.
std::string what_nobody_can_change(const ASN1_BIT_STRING* signature) {
  const auto* bytes = ASN1_STRING_get0_data(signature);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(signature));
  std::string all(reinterpret_cast<const char*>(bytes), size);
  using signature_ptr = std::unique_ptr<ECDSA_SIG, x509::freed_by<ECDSA_SIG_free>>;
  const auto two = x509::from_whole_der<signature_ptr>(all, d2i_ECDSA_SIG);
  if (!two) {
    (void)x509::openssl_errors();
    return all;
  }
  const x509::openssl_memory<char> first(BN_bn2hex(ECDSA_SIG_get0_r(two.get())));
  return first ? std::string(first.get()) : all;
}

}  // namespace

std::string digest_of(const x509::request& one) {
  const ASN1_BIT_STRING* signature = nullptr;
  X509_REQ_get0_signature(one.get(), &signature, nullptr);
  const auto is_signed = x509::der_of(one.get(), i2d_re_X509_REQ_tbs);
  return x509::sha256_hex(is_signed + what_nobody_can_change(signature));
}

result<sys_seconds> proved_until(database& db, const record& one) {
  std::optional<sys_seconds> until;
  if (!one.replaces.empty()) {
    MUTUAL_CHECK(db.each("SELECT proved_until FROM late_renewals WHERE renewed = $1", {std::string_view(one.replaces)},
                         [&](const row& found) { until = sys_seconds(std::chrono::seconds(found.integer(0))); }));
  }
  return until.value_or(one.not_after);
}

result<> note_late_renewal(database& db, const std::string& request_digest, std::string_view renewed,
                           sys_seconds until) {
  MUTUAL_TRY(const auto used, number_from(db, "SELECT count(*) FROM late_renewals WHERE request = $1",
                                          {std::string_view(request_digest)}));
  if (used != 0) {
    return error(errc::bad_usage,
                 "this request has renewed a certificate that had ended before, and whoever has recorded it could send "
                 "it again: make another, which says something else (its challengePassword, if the key is Ed25519 or "
                 "RSA, whose signatures are always the same)");
  }
  const auto noted = db.change("INSERT INTO late_renewals (request, renewed, proved_until, at) VALUES ($1, $2, $3, $4)",
                               {std::string_view(request_digest), renewed, seconds(until), seconds(now())});
  if (!noted) return noted.error();
  return {};
}

}  // namespace mutual::authority
