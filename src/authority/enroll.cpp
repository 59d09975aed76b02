#include "authority/enroll.hpp"

#include "authority/late_renewals.hpp"
#include "authority/limits.hpp"
#include "authority/reserved_name.hpp"
#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/alternative_names.hpp"
#include "x509/request_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::authority {
namespace {

using x509::profile;

bool is_leaf(const record& one) {
  return one.purpose == profile::server || one.purpose == profile::client || one.purpose == profile::peer;
}

bool holds(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::all_of(some.begin(), some.end(),
                     [&](const auto& one) { return std::find(all.begin(), all.end(), one) != all.end(); });
}

bool is_within(const alternative_names& some, const alternative_names& all) {
  return holds(all.dns, some.dns) && holds(all.uris, some.uris) && holds(all.emails, some.emails) &&
         holds(all.ips, some.ips);
}

std::string in_words(const alternative_names& names) {
  auto text = names_to_text(names);
  std::replace(text.begin(), text.end(), '\n', ',');
  if (!text.empty()) text.pop_back();
  return text.empty() ? "none" : text::printable(text, 1024);
}

// The kind of a key that is made here: P-256, or where it may not be certified the first that authority.toml names.
result<x509::key_kind> kind_to_make(const layout& places, profile purpose) {
  constexpr auto usual = x509::key_kind::p256;
  const auto by = load_limits(places);
  // As everywhere: whatever is wrong with the file is no fault of who asks.
  if (!by) return error(errc::io, by.error().message());
  const auto* own = by->of(purpose);
  if (own == nullptr || !own->key_kinds || own->key_kinds->empty()) return usual;
  const auto& kinds = *own->key_kinds;
  if (std::find(kinds.begin(), kinds.end(), to_string(usual)) != kinds.end()) return usual;
  return x509::key_kind_from_string(kinds.front()).value_or(usual);
}

// The key that is certified: the request's own, or one that is made here.
result<> take_key(agreed& to, const enrolment& what, const layout& places, profile purpose) {
  if (what.make_key) {
    MUTUAL_TRY(const auto kind, kind_to_make(places, purpose));
    MUTUAL_TRY(auto made, x509::private_key::generate(kind));
    to.made = std::move(made);
    to.what.key = to.made->get();
  } else {
    to.what.key = what.request.key();
  }
  return {};
}

// What a request asks for. Of one in the place of whose key another is made nothing else counts.
result<alternative_names> names_asked(const enrolment& what) {
  if (!what.make_key) return x509::checked_request(what.request);
  if (x509::asks_for_encrypted_key(what.request)) {
    return error(errc::bad_usage,
                 "the request asks that the key be encrypted with another one (RFC 7030 section 4.4.1), which is not "
                 "done here: the key is sent within TLS, and by nothing else; ask without DecryptKeyIdentifier and "
                 "AsymmetricDecryptKeyIdentifier, or make the key yourself and use simpleenroll");
  }
  return x509::checked_wishes(what.request);
}

// Whether the answer with that good certificate may have been lost, so that its owner can show neither it nor the one
// before, which has ended, whichever key that had: only who has the key of this one gets it. Whoever has it does not
// ask before it is due, and would take it for a new one then, until he is locked out.
result<bool> may_be_lost(pki& at, const record& newest, const x509::certificate& leaf) {
  if (newest.replaces.empty() || is_due(leaf, due_percent, now())) return false;
  MUTUAL_TRY(const auto before, at.records().find_serial(newest.replaces));
  return before && before->not_after <= now();
}

agreed given(const record& one, x509::certificate leaf) {
  agreed out;
  out.given = issued_certificate{one.name, one.purpose, std::move(leaf), {}, {}, {}};
  return out;
}

result<enrolled> done(pki& at, result<agreed> on) {
  if (!on) return on.error();
  if (on->given) return enrolled{*std::move(on->given), {}, true};
  MUTUAL_TRY(auto issued, at.certify(on->what));
  return enrolled{std::move(issued), std::move(on->made), false};
}

// RFC 7030 section 4.2.2: subject and alternative names are those of the certificate before.
result<> check_same_names(const x509::request& request, const alternative_names& asked,
                          const x509::certificate& before) {
  const auto* own = X509_get_subject_name(before.get());
  if (X509_NAME_cmp(X509_REQ_get_subject_name(request.get()), own) != 0) {
    return error(errc::bad_usage,
                 fmt::format("the request is for the subject {}, and the certificate before it has {}: "
                             "a renewal keeps it as it is, word for word",
                             text::quoted(request.subject()), text::quoted(before.subject())));
  }
  const auto had = before.names();
  if (is_within(asked, had) && is_within(had, asked)) return {};
  return error(errc::bad_usage,
               fmt::format("the request's alternative names are {}, and the certificate before it has {}: a renewal "
                           "keeps them as they are",
                           in_words(asked), in_words(had)));
}

std::chrono::seconds life_of(const x509::certificate& before) {
  return before.not_after() - before.not_before() - std::chrono::seconds(x509::backdate);
}

result<> check_usable(const record& one) {
  if (one.revoked) {
    return error(errc::bad_usage, fmt::format("the certificate {} is {}, and is not renewed", one.serial,
                                              one.revoked->is_hold() ? "on hold" : "revoked"));
  }
  if (one.state == record_state::lost || !is_leaf(one)) {
    return error(errc::bad_usage, fmt::format("the certificate {} is not one that is renewed", one.serial));
  }
  return {};
}

// Whoever shows a certificate may have stolen its key, if that was found out of another one of the same key.
result<> check_not_compromised(inventory& in, const x509::certificate& one) {
  MUTUAL_TRY(const bool is_known, in.is_compromised(X509_get0_pubkey(one.get())));
  if (!is_known) return {};
  return error(errc::bad_usage,
               fmt::format("the key of the certificate {} was revoked as compromised, and whoever shows it may have "
                           "stolen it: enrol anew, with another key",
                           one.serial()));
}

// Whether one certificate came of another by renewals. Who is certified anew when a name's certificate has ended may be
// somebody else.
result<bool> came_of(inventory& in, record later, const record& shown) {
  constexpr int most_renewals = 64;
  for (int count = 0; count < most_renewals; ++count) {
    if (later.serial == shown.serial) return true;
    if (later.replaces.empty()) return false;
    MUTUAL_TRY(auto before, in.find_serial(later.replaces));
    const bool was_renewed = before && !before->revoked && before->not_after > later.recorded_at;
    if (!was_renewed || before->purpose != later.purpose) return false;
    later = *std::move(before);
  }
  return false;
}

// What the renewed certificate takes the place of: the one that was shown, or a later one that came of it. If none of
// its name stands, a later one was revoked by itself, and whoever has an older one may be why.
result<std::string> replaced_by_renewal(inventory& in, const record& shown, const x509::certificate& before) {
  MUTUAL_TRY(const auto now_known, in.find_serial(shown.serial));
  if (!now_known) return error(errc::bad_usage, "the certificate is not in the inventory any more");
  MUTUAL_CHECK(check_usable(*now_known));
  MUTUAL_CHECK(check_not_compromised(in, before));
  if (now_known->not_after <= now()) return error(errc::bad_usage, "the certificate has ended: enrol anew");
  MUTUAL_TRY(const auto current, in.find(shown.name));
  if (!current) {
    return error(errc::bad_usage,
                 fmt::format("no certificate of {} stands any more: enrol anew", text::quoted(shown.name)));
  }
  if (current->revoked) {
    return error(errc::bad_usage, fmt::format("{} is on hold, and is not renewed", text::quoted(shown.name)));
  }
  MUTUAL_TRY(const bool its_own, came_of(in, *current, shown));
  if (!its_own) {
    return error(errc::bad_usage, fmt::format("{} was certified anew since: the older certificate is not renewed",
                                              text::quoted(shown.name)));
  }
  return current->serial;
}

}  // namespace

result<made_token> make_token(pki& of, const token_request& request) {
  if (request.life > longest_token_life) {
    return error(errc::bad_usage, fmt::format("a token is good for {} at most, for it is a password until it is used: "
                                              "give a shorter time (--for)",
                                              to_words(longest_token_life)));
  }
  issue_request described;
  described.purpose = request.purpose;
  MUTUAL_TRY(described.name, checked_name(request.name));
  described.names = request.names;
  MUTUAL_TRY(auto names, names_for(described));
  MUTUAL_CHECK(check_may_be_given(described.name, of.records(), of.places()));
  MUTUAL_TRY(const auto by, load_limits(of.places()));
  if (const auto* own = by.of(request.purpose); own == nullptr || !own->may_be_issued) {
    return error(errc::bad_usage, fmt::format("{} certificates are not issued here (authority.toml says what may be "
                                              "issued)",
                                              to_string(request.purpose)));
  }
  auto made = new_token();
  made.facts.name = described.name;
  made.facts.purpose = request.purpose;
  made.facts.names = std::move(names);
  made.facts.made_at = now();
  made.facts.ends_at = made.facts.made_at + request.life;
  MUTUAL_CHECK(of.note_token(made.facts, request.why));
  return made;
}

result<token_facts> check_token(pki& of, std::string_view text) {
  const auto id = token_id(text);
  if (!id) return error(errc::not_found, "what was shown has not the form of a token");
  MUTUAL_TRY(const auto found, of.records().find_token(*id));
  if (!found || !is_token(text, *found)) {
    return error(errc::not_found,
                 fmt::format("there is no such token ({})", found ? "a wrong secret" : "an unknown id"));
  }
  if (found->ends_at <= now()) {
    return error(errc::not_found, fmt::format("the token {} ended on {}", found->id, to_text(found->ends_at)));
  }
  return *found;
}

// A token that was used gives what it was used for once more, to whoever holds the key of that: an answer may be lost
// on its way.
result<agreed> given_already(pki& at, const token_facts& token, const enrolment& what) {
  if (token.serial.empty()) {
    return error(errc::not_found, fmt::format("the token {} was withdrawn on {}", token.id, to_text(*token.used_at)));
  }
  MUTUAL_TRY(const auto one, at.records().find_serial(token.serial));
  if (one && !one->revoked && !what.make_key) {
    MUTUAL_TRY(auto leaf, x509::certificate::from_der(one->der));
    if (EVP_PKEY_eq(X509_get0_pubkey(leaf.get()), what.request.key()) == 1) {
      return given(*one, std::move(leaf));
    }
  }
  return error(errc::not_found, fmt::format("the token {} was used on {}", token.id, to_text(*token.used_at)));
}

result<agreed> agree_by_token(pki& at, const token_facts& token, const enrolment& what) {
  MUTUAL_TRY(const auto asked, names_asked(what));
  if (token.used_at) return given_already(at, token, what);
  const auto common_name = what.request.common_name();
  if (!common_name.empty() && common_name != token.name) {
    return error(errc::bad_usage,
                 fmt::format("the request is for {}, and the token for another name", text::quoted(common_name)));
  }
  if (!is_within(asked, token.names)) {
    return error(errc::bad_usage, fmt::format("the request asks for the alternative names {}, and the token gives only "
                                              "{}",
                                              in_words(asked), in_words(token.names)));
  }
  agreed out;
  MUTUAL_CHECK(take_key(out, what, at.places(), token.purpose));
  auto& what_is_signed = out.what;
  what_is_signed.name = token.name;
  what_is_signed.purpose = token.purpose;
  what_is_signed.names = token.names;
  what_is_signed.token = token.id;
  what_is_signed.why = "enrolled by a token";
  return out;
}

result<agreed> agree_by_certificate(pki& at, const std::string& current_sha256, const enrolment& what) {
  MUTUAL_TRY(const auto asked, names_asked(what));
  MUTUAL_TRY(const auto shown, at.records().find_sha256(current_sha256));
  if (!shown) return error(errc::bad_usage, "the certificate that was shown was not issued by this authority");
  MUTUAL_CHECK(check_usable(*shown));
  MUTUAL_TRY(const auto before, x509::certificate::from_der(shown->der));
  MUTUAL_CHECK(check_not_compromised(at.records(), before));
  MUTUAL_CHECK(check_same_names(what.request, asked, before));
  agreed out;
  MUTUAL_CHECK(take_key(out, what, at.places(), shown->purpose));
  auto& what_is_signed = out.what;
  what_is_signed.name = shown->name;
  what_is_signed.purpose = shown->purpose;
  what_is_signed.like = before;
  what_is_signed.names = before.names();
  what_is_signed.lifetime = life_of(before);
  what_is_signed.why = "renewed by the certificate " + shown->serial;
  what_is_signed.replaces = [shown = *shown, before](inventory& in) { return replaced_by_renewal(in, shown, before); };
  return out;
}

result<agreed> agree_after_end(pki& at, const x509::request& request, std::chrono::seconds grace) {
  MUTUAL_TRY(const auto asked, x509::checked_request(request));
  EVP_PKEY* key = request.key();
  std::optional<record> newest;
  std::optional<x509::certificate> before;
  MUTUAL_CHECK(at.records().each_named(request.common_name(), [&](const record& one) {
    if (!is_leaf(one) || (newest && one.not_after < newest->not_after)) return;
    auto read = x509::certificate::from_der(one.der);
    if (!read || EVP_PKEY_eq(X509_get0_pubkey(read->get()), key) != 1) return;
    newest = one;
    before = *std::move(read);
  }));
  if (!newest) {
    return error(errc::bad_usage, "no certificate of that common name was issued for the key that signed the request");
  }
  MUTUAL_CHECK(check_usable(*newest));
  MUTUAL_CHECK(check_same_names(request, asked, *before));
  const auto since = now() - newest->not_after;
  if (since < std::chrono::seconds(0)) {
    MUTUAL_TRY(const bool is_lost, may_be_lost(at, *newest, *before));
    if (is_lost) return given(*newest, *before);
    return error(
        errc::bad_usage,
        fmt::format("the certificate {} of that key is good until {}: present it in the TLS handshake to renew "
                    "it before that; a request alone renews only one that has ended, and no later than {} "
                    "after the end of the last that was given for more than a request",
                    newest->serial, to_text(newest->not_after), to_words(grace)));
  }
  // Else whoever has recorded one request would renew for ever, and nobody would know whether the key is there yet.
  MUTUAL_TRY(const auto proved, proved_until(at.records().on(), *newest));
  if (now() - proved > grace) {
    return error(errc::bad_usage,
                 fmt::format("the last certificate that was given for more than a request ended {} ago, which is too "
                             "long: it is renewed up to {} after its end, and one that was renewed so renews itself "
                             "only while it is good, shown in TLS; enrol anew, by a token",
                             to_words(now() - proved), to_words(grace)));
  }
  agreed out;
  auto& what_is_signed = out.what;
  what_is_signed.name = newest->name;
  what_is_signed.purpose = newest->purpose;
  what_is_signed.like = *before;
  what_is_signed.names = before->names();
  what_is_signed.lifetime = life_of(*before);
  what_is_signed.key = key;
  what_is_signed.why = fmt::format("renewed {} after the end of {}", to_words(since), newest->serial);
  // Who was revoked meanwhile, or whose name is somebody else's by now, is not renewed.
  what_is_signed.replaces = [newest = *newest, before = *before, used = digest_of(request),
                             proved](inventory& in) -> result<std::string> {
    MUTUAL_TRY(const auto current, in.find(newest.name));
    if (!current || current->serial != newest.serial) {
      return error(errc::already_exists,
                   fmt::format("{} stands for another certificate by now", text::quoted(newest.name)));
    }
    MUTUAL_CHECK(check_usable(*current));
    MUTUAL_CHECK(check_not_compromised(in, before));
    MUTUAL_CHECK(note_late_renewal(in.on(), used, newest.serial, proved));
    return current->serial;
  };
  return out;
}

result<enrolled> enroll_by_token(pki& at, const token_facts& token, const enrolment& what) {
  return done(at, agree_by_token(at, token, what));
}

result<enrolled> renew_by_certificate(pki& at, const std::string& current_sha256, const enrolment& what) {
  return done(at, agree_by_certificate(at, current_sha256, what));
}

result<enrolled> renew_after_end(pki& at, const x509::request& request, std::chrono::seconds grace) {
  return done(at, agree_after_end(at, request, grace));
}

}  // namespace mutual::authority
