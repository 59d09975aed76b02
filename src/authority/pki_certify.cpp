// Certificates of which others have decided what is in them.

#include "authority/limits.hpp"
#include "authority/pki.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::authority {

namespace {

// Whatever is wrong here is no fault of who asks for a certificate, and must not look like one.
error ours(const error& why) { return {errc::io, why.message()}; }

}  // namespace

result<issued_certificate> pki::certify(const certified& what) {
  const auto turn = take_turn();
  if (!turn) return turn.error().code() == errc::timed_out ? turn.error() : ours(turn.error());
  const auto issuer_now = load_issuer(places_);
  if (!issuer_now) return ours(issuer_now.error());
  const auto& issuer = *issuer_now;
  if (EVP_PKEY_eq(what.key, issuer.key.get()) == 1) {
    return error(errc::bad_input, "the request is refused: its key is the authority's own");
  }
  const auto limits_now = load_limits(places_);
  if (!limits_now) return ours(limits_now.error());
  const auto& by = *limits_now;
  std::chrono::seconds life = what.lifetime ? *what.lifetime : usual_life(by, what.purpose, default_lifetime);
  if (const auto* own = by.of(what.purpose); own != nullptr && own->longest) {
    life = std::min<std::chrono::seconds>(life, *own->longest);
  }
  const auto subject = what.like ? x509::distinguished_name{what.like->common_name(), what.like->organizations(),
                                                            what.like->organizational_units()}
                                 : x509::distinguished_name{what.name, issuer.leaf().organizations(), {}};
  MUTUAL_TRY(auto spec, x509::describe_certificate(what.purpose, subject, what.names, what.key, life));
  const auto replaces = [&](inventory& in) { return what.replaces ? what.replaces(in) : replaceable(in, what.name); };
  return sign_and_publish(
      {what.name, what.purpose, std::move(spec), what.key, {}, nullptr, what.why, replaces, what.token}, issuer);
}

result<> pki::note_token(const token_facts& one, std::string_view why) {
  MUTUAL_TRY(const auto turn, take_turn());
  MUTUAL_CHECK(inventory_->add_token(one, why));
  return remember();
}

result<std::int64_t> pki::withdraw_tokens(const std::string& id_or_name, std::string_view why) {
  MUTUAL_TRY(const auto turn, take_turn());
  MUTUAL_TRY(const auto withdrawn, inventory_->withdraw_tokens(id_or_name, why));
  if (withdrawn == 0) {
    return error(errc::not_found, fmt::format("there is no token of the id or name {} that could still be used: see "
                                              "mutual log",
                                              text::quoted(id_or_name)));
  }
  MUTUAL_CHECK(remember());
  return withdrawn;
}

// The record of a certificate, and the end of the token that it was issued for: both or none. In a database that
// several folders share, somebody may have revoked or renewed what it replaces while it was signed: so that is asked
// once more, now that nobody else can change anything.
result<> pki::record_signed(const record& entry, const signing& what, const x509::certificate& issuer) {
  MUTUAL_TRY(auto change, inventory_->begin());
  MUTUAL_CHECK(check_newest(issuer));
  MUTUAL_TRY(const auto ca, inventory_->find_serial(issuer.serial()));
  if (ca && ca->revoked) {
    return error(errc::io,
                 fmt::format("{} was revoked, so whatever it issued would be refused: make another with mutual rotate "
                             "intermediate",
                             text::quoted(ca->subject)));
  }
  MUTUAL_TRY(const auto still, what.replaces(*inventory_));
  if (still != entry.replaces) {
    return error(errc::already_exists, fmt::format("{} was renewed or revoked by somebody else just now: try again",
                                                   text::quoted(entry.name)));
  }
  if (!what.has_new_key) MUTUAL_CHECK(check_not_compromised(*inventory_, what.subject_key));
  if (!what.token.empty()) MUTUAL_CHECK(inventory_->use_token(what.token, entry.serial));
  MUTUAL_CHECK(inventory_->add(entry, what.why));
  return change.commit();
}

}  // namespace mutual::authority
