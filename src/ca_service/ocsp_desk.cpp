#include "ca_service/ocsp_desk.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"
#include "http/date.hpp"
#include "http/precondition.hpp"
#include "x509/digest.hpp"
#include "x509/profile.hpp"
#include "x509/public_key.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::ca_service {
namespace {

using x509::ocsp_refusal;

// RFC 5019 section 5: what caches between may do with it.
constexpr std::string_view answer_type = "application/ocsp-response";

response in_http(std::string der) {
  response made(200);
  made.headers.set("Content-Type", answer_type);
  made.headers.set("Cache-Control", "no-store");
  made.body = std::move(der);
  return made;
}

std::string entity_tag_of(std::string_view bytes) { return fmt::format("\"{}\"", x509::sha256_hex(bytes)); }

// Two CAs may have one name: one that was replaced, and its successor. Of what was taken over from a revocation list
// the serial number alone is known (an empty DER): the lists of either say that it is revoked, and so do we.
bool was_issued_by(const authority::record& one, const x509::certificate& issuer) {
  if (one.issuer != issuer.subject()) return false;
  if (one.der.empty()) return one.revoked.has_value();
  // Its key is not asked for, and is half of what an answer would cost.
  auto read = x509::read_certificate_without_key(one.der);
  return read && x509::certificate(std::move(read)).authority_key_id() == issuer.subject_key_id();
}

x509::ocsp_fact fact_of(const x509::ocsp_id& id, const std::optional<authority::record>& one,
                        const x509::certificate& issuer) {
  using status = x509::ocsp_fact::status;
  x509::ocsp_fact out{id, status::unknown, {}, 0};
  if (!one || !was_issued_by(*one, issuer)) return out;
  // First of all: whatever else is known of it, a list says the same.
  if (one->revoked) {
    out.is = status::revoked;
    out.revoked_at = one->revoked->at;
    out.reason = static_cast<int>(one->revoked->reason);
    return out;
  }
  // The key of a lost one was never anybody's, so nobody can ask for himself.
  if (one->state != authority::record_state::lost) out.is = status::good;
  return out;
}

// What an answer says, in one line: two answers of the same line say the same.
std::string line_of(const std::vector<x509::ocsp_fact>& facts, const x509::identity& by) {
  auto line = by.leaf().serial();
  for (const auto& one : facts) {
    line += fmt::format(" {}.{}.{}", static_cast<int>(one.is), one.revoked_at.time_since_epoch().count(), one.reason);
  }
  return line;
}

}  // namespace

ocsp_desk::reply ocsp_desk::refuse(ocsp_refusal why) {
  ++counts_.refused(why);
  reply said;
  said.der = x509::ocsp_refusal_der(why);
  return said;
}

result<std::vector<x509::ocsp_fact>> ocsp_desk::look_up(const x509::ocsp_question& what,
                                                        const x509::certificate& issuer) {
  return authority_.read([&](authority::pki& opened) -> result<std::vector<x509::ocsp_fact>> {
    std::vector<x509::ocsp_fact> facts;
    for (const auto& id : what.about) {
      MUTUAL_TRY(const auto one, opened.records().find_serial(id.serial()));
      facts.push_back(fact_of(id, one, issuer));
    }
    return facts;
  });
}

ocsp_desk::reply ocsp_desk::answer(std::string_view der) {
  const auto question = x509::read_ocsp_question(der);
  if (!question) return refuse(ocsp_refusal::malformed_request);
  const auto all = responders_.get();
  // One signature answers for one CA: a question about several, or about one that is not ours, is nobody's here.
  const auto fits = [&](const authority::ocsp_responder& one) {
    return std::all_of(question->about.begin(), question->about.end(),
                       [&](const x509::ocsp_id& id) { return id.is_issued_by(one.issuer); });
  };
  const auto by = std::find_if(all->begin(), all->end(), fits);
  if (by == all->end() || by->signs.leaf().not_after() <= now()) return refuse(ocsp_refusal::unauthorized);
  auto facts = look_up(*question, by->issuer);
  if (!facts) {
    complaint_.tell("an OCSP request cannot be answered: " + facts.error().message());
    return refuse(ocsp_refusal::try_later);
  }
  for (const auto& one : *facts) {
    ++(one.is == x509::ocsp_fact::status::good      ? counts_.ocsp_good
       : one.is == x509::ocsp_fact::status::revoked ? counts_.ocsp_revoked
                                                    : counts_.ocsp_unknown);
  }
  if (!question->nonce.empty()) return sign(*facts, question->nonce, by->signs);
  auto line = line_of(*facts, by->signs);
  reply again;
  kept_.visit(der, [&](const kept& before) {
    if (before.facts == line && now() - before.given.made < ocsp_cache_life) again = before.given;
  });
  if (again.is_answer) return again;
  auto fresh = sign(*facts, {}, by->signs);
  // What RFC 5019 has asked for by GET; whoever asks for odd things leaves no mark.
  constexpr std::size_t longest_kept = 255;
  const bool usual =
      der.size() <= longest_kept && facts->size() == 1 && facts->front().is != x509::ocsp_fact::status::unknown;
  if (fresh.is_answer && usual) kept_.put(der, {std::move(line), fresh});
  return fresh;
}

ocsp_desk::reply ocsp_desk::sign(const std::vector<x509::ocsp_fact>& facts, const std::string& nonce,
                                 const x509::identity& by) {
  const auto present = now();
  // For clocks that are behind, as revocation lists have it.
  x509::ocsp_answer what{facts, present - x509::backdate, std::min(present + ocsp_answer_life, by.leaf().not_after()),
                         nonce};
  for (auto& one : what.facts) one.revoked_at = std::min(one.revoked_at, what.this_update);
  auto made = x509::sign_ocsp_answer(what, by);
  if (!made) {
    complaint_.tell(made.error().message());
    return refuse(ocsp_refusal::internal_error);
  }
  return {*std::move(made), present, what.this_update, what.next_update, true, !nonce.empty()};
}

response ocsp_desk::answer_posted(std::string_view der) { return in_http(answer(der).der); }

response ocsp_desk::answer_asked(const request& asked, std::string_view encoded) {
  const auto plain = text::percent_decoded(encoded);
  const auto der = plain ? base64::decode(*plain) : std::nullopt;
  auto said = der ? answer(*der) : refuse(ocsp_refusal::malformed_request);
  // What is fresh for this one alone, or no answer at all, is nobody else's.
  if (!said.is_answer || said.has_nonce) return in_http(std::move(said.der));
  const http::validators state{entity_tag_of(said.der), said.this_update};
  // By its tag alone: two answers of one second have the same date, and may say different things.
  const bool has_it = asked.headers.contains("If-None-Match") &&
                      http::judge_preconditions(asked, state) == http::precondition::not_modified;
  auto made = has_it ? response(304) : in_http(std::move(said.der));
  made.headers.set("ETag", state.etag);
  made.headers.set("Last-Modified", http::to_http_date(said.this_update));
  made.headers.set("Expires", http::to_http_date(said.next_update));
  const auto left =
      std::clamp<std::chrono::seconds>(said.next_update - now(), std::chrono::seconds(0), ocsp_cache_life);
  made.headers.set("Cache-Control", fmt::format("max-age={}, public, no-transform, must-revalidate", left.count()));
  return made;
}

}  // namespace mutual::ca_service
