// Keeping revocation lists fresh: which are due, and making them.

#include "authority/old_issuers.hpp"
#include "authority/retired.hpp"
#include "base/text.hpp"
#include "ca_service/health.hpp"
#include "ca_service/keeper.hpp"
#include "tls/file_watch.hpp"
#include "x509/list_files.hpp"
#include "x509/profile.hpp"

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace mutual::ca_service {
namespace {

using clock = std::chrono::steady_clock;

// Whoever revokes makes the list himself, as a rule, and should have the time to.
constexpr std::chrono::milliseconds patience{400};
constexpr std::chrono::hours list_age{24};
constexpr std::chrono::seconds first_wait{30}, longest_wait{60}, look_at_keys_again{5};
constexpr std::chrono::hours early_root_again{1};

bool is_old(const authority::list_facts& newest) {
  // Else lists would be made on and on in the last minutes of a CA, of which each has lived through half of its time.
  const auto made = newest.this_update + x509::backdate;
  const auto life = newest.next_update - made;
  if (life <= std::chrono::seconds(0)) return false;  // the CA has ended: no list of it is good any more
  return now() >= made + std::min<std::chrono::seconds>(list_age, life / 2);
}

std::string key_of(const x509::lookup_list& one) {
  const std::unique_ptr<AUTHORITY_KEYID, x509::freed_by<AUTHORITY_KEYID_free>> id(
      static_cast<AUTHORITY_KEYID*>(X509_CRL_get_ext_d2i(one.get(), NID_authority_key_identifier, nullptr, nullptr)));
  if (!id || id->keyid == nullptr) return {};
  return text::hex({reinterpret_cast<const char*>(ASN1_STRING_get0_data(id->keyid)),
                    static_cast<std::size_t>(ASN1_STRING_length(id->keyid))});
}

list_state state_of(const x509::lookup_list& one, const x509::certificate& intermediate,
                    const x509::certificate& root) {
  list_state out;
  out.ca.part = one.is_signed_by(intermediate) ? "intermediate" : one.is_signed_by(root) ? "root" : "retired";
  out.ca.key = key_of(one);
  const auto digits = one.number();
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), out.number, 16);
  out.this_update = one.this_update();
  out.next_update = one.next_update().value_or(out.this_update);
  out.revoked = one.size();
  return out;
}

}  // namespace

result<> keeper::look_at_lists(authority::pki& opened) {
  const auto present = clock::now();
  const bool same = next_.acts == seen_act_ && lists_stamp() == lists_stamp_;
  if (same && !uncovered_since_ && present - looked_ < time_passes) return {};
  looked_ = present;
  MUTUAL_TRY(const auto due, what_is_due(opened));
  seen_act_ = next_.acts;
  if (due == lists_due::uncovered || due == lists_due::uncovered_of_old) {
    if (!uncovered_since_) uncovered_since_ = present;
    if (present - *uncovered_since_ < patience) return {};
    // Whoever asks meanwhile hears of it, however long it takes.
    show();
  } else {
    uncovered_since_.reset();
    if (due == lists_due::none) return {};
  }
  MUTUAL_CHECK(make_lists(opened, due));
  uncovered_since_.reset();
  return {};
}

result<keeper::lists_due> keeper::what_is_due(authority::pki& opened) {
  if (auto stamp = lists_stamp(); stamp != lists_stamp_) {
    MUTUAL_TRY(const auto roots, opened.records().of_profile(x509::profile::root));
    MUTUAL_CHECK(read_own_list(std::move(stamp), roots));
  }
  MUTUAL_CHECK(look_at_authorities(opened));
  const auto own_issuer = issuing_->subject();
  MUTUAL_TRY(const auto own, opened.records().list_numbered(own_issuer, number_of(own_issuer)));
  // A CA that was replaced answers for whom it has certified, and its key may be damaged or away when ours is not.
  const auto list_of = [this](const std::string& issuer) -> result<std::uint64_t> { return number_of(issuer); };
  MUTUAL_TRY(behind_, authority::old_issuers_behind(opened.records(), *issuing_, list_of));
  MUTUAL_TRY(const auto last, opened.records().last_revocation());
  // What failed for those before is tried for this one at once.
  if (last != last_revocation_) not_before_ = {}, failed_wait_ = {};
  last_revocation_ = last;
  if (!own || own->covers < last) return lists_due::uncovered;
  if (!behind_.empty()) return lists_due::uncovered_of_old;
  if (is_of_the_future(own->this_update, now()) || is_root_list_due()) return lists_due::early;
  return is_old(*own) ? lists_due::old : lists_due::none;
}

// A root's list that a clock has made that was ahead; its key may not be at hand, and each attempt uses numbers up.
bool keeper::is_root_list_due() const {
  const bool is_early = std::any_of(next_.lists.begin(), next_.lists.end(), [](const list_state& one) {
    return one.ca.part == "root" && is_of_the_future(one.this_update, now());
  });
  return is_early && (!early_root_tried_ || clock::now() - *early_root_tried_ >= early_root_again);
}

// The number says, by the inventory, which revocations the folder's list has.
result<> keeper::read_own_list(std::string stamp, const std::vector<authority::record>& roots) {
  const auto& places = authority_.places();
  MUTUAL_TRY(const auto issuer, x509::load_certificates(places.intermediate_certificate()));
  MUTUAL_TRY(const auto root, x509::load_certificates(places.root_certificate()));
  issuing_ = issuer.front();
  numbers_.clear();
  next_.lists.clear();
  root_lists_.clear();
  const auto lists = x509::load_lookup_lists(places.revocation_lists());
  if (!lists && lists.error().code() != errc::not_found) return lists.error();
  for (const auto& one : lists ? *lists : std::vector<x509::lookup_list>()) {
    auto state = state_of(one, issuer.front(), root.front());
    // What only has the name of ours is no list of it.
    const auto called = one.issuer();
    if (called != issuer.front().subject() || state.ca.part == "intermediate") numbers_.emplace(called, state.number);
    const bool is_of_root = std::any_of(roots.begin(), roots.end(),
                                        [&](const authority::record& ca) { return ca.subject == one.issuer(); });
    if (is_of_root) root_lists_.push_back(one);
    const bool is_known = std::any_of(next_.lists.begin(), next_.lists.end(),
                                      [&](const list_state& before) { return before.ca == state.ca; });
    if (!is_known && next_.lists.size() < most_told) next_.lists.push_back(std::move(state));
  }
  lists_stamp_ = std::move(stamp);
  return {};
}

std::uint64_t keeper::number_of(const std::string& issuer) const {
  const auto found = numbers_.find(issuer);
  return found == numbers_.end() ? 0 : found->second;
}

// An error if none of those that are behind can sign: another attempt would use numbers of all CAs up for nothing.
result<> keeper::check_old_can_sign(authority::pki& opened) const {
  MUTUAL_TRY(const auto retired, authority::load_retired(authority_.places(), opened.records()));
  result<> why;
  for (const auto& one : retired.issuers) {
    const auto serial = one.who.leaf().serial();
    if (std::find(behind_.begin(), behind_.end(), serial) == behind_.end()) continue;
    if (one.key_state) return {};
    why = one.key_state.error().in(
        fmt::format("revocations are on no list (if its key is lost, revoke the CA: mutual revoke {})", serial));
  }
  return why;
}

// The root's key may have been away when a CA was revoked: then its list does not say it yet, and whatever that CA has
// issued is let in. One that has ended lets nobody in.
result<> keeper::look_at_authorities(authority::pki& opened) {
  MUTUAL_TRY(const auto authorities, opened.records().of_profile(x509::profile::intermediate));
  next_.unlisted.clear();
  for (const auto& one : authorities) {
    if (!one.revoked || one.not_after <= now() || one.der.empty()) continue;
    MUTUAL_TRY(const auto certificate, x509::certificate::from_der(one.der));
    const auto* serial = X509_get0_serialNumber(certificate.get());
    const bool is_listed = std::any_of(root_lists_.begin(), root_lists_.end(), [&](const x509::lookup_list& list) {
      return list.issuer() == one.issuer && list.revokes(serial);
    });
    if (!is_listed && next_.unlisted.size() < most_told) next_.unlisted.push_back(one.serial);
  }
  return {};
}

// Each attempt uses a number up and leaves an act that nobody can take out: what fails is not tried over and over.
result<> keeper::make_lists(authority::pki& opened, lists_due why) {
  const auto present = clock::now();
  if (present < not_before_) return *failure_;
  if (const auto can = why == lists_due::uncovered_of_old ? check_old_can_sign(opened) : result<>(); !can) {
    not_before_ = present + look_at_keys_again;
    failure_ = can.error();
    return *failure_;
  }
  const auto stamp = lists_stamp();
  const auto made = make_lists_if_still_due(opened, why);
  if (why == lists_due::early) early_root_tried_ = clock::now();
  if (!made) {
    ++counts_.lists_failed;
    // Servers have them but for that of one CA: the next revocation does not wait for it.
    if (lists_stamp() != stamp) return made.error();
    failed_wait_ = std::clamp<std::chrono::seconds>(2 * failed_wait_, first_wait, longest_wait);
    not_before_ = clock::now() + failed_wait_;
    failure_ = made.error();
    return made.error();
  }
  failed_wait_ = std::chrono::seconds(0);
  if (!made->empty()) ++counts_.lists_made;
  for (const auto& one : *made) {
    log_.info(fmt::format("revocation list {} of {} made ({})", one.number, one.issuer, words_of(why)));
  }
  return {};
}

// Whoever has had the folder while we waited for it was making them, as a rule: `mutual revoke` does.
result<std::vector<authority::made_list>> keeper::make_lists_if_still_due(authority::pki& opened, lists_due why) {
  const authority::list_options how{false, authority::default_list_lifetime, words_of(why), {}};
  authority::opened_roots keys(how.root);
  MUTUAL_CHECK(opened.ask_for_roots(keys));
  MUTUAL_TRY(const auto turn, opened.take_turn());
  if (why != lists_due::first) {
    MUTUAL_TRY(const auto still, what_is_due(opened));
    if (still == lists_due::none) return std::vector<authority::made_list>();
  }
  return opened.make_lists_in_turn(how, keys);
}

std::string keeper::files_stamp() const {
  const auto& places = authority_.places();
  auto all = list_files_;
  for (const auto& one :
       {places.revocation_lists(), places.intermediate_certificate(), places.root_certificate(), places.retired()}) {
    all.push_back(one);
  }
  return tls::stamp_of(all);
}

// What is given out for each CA by itself: others read that, and nobody else looks whether it is there.
result<> keeper::look_at_files(authority::pki& opened) {
  const auto present = clock::now();
  const bool is_to_try = !files_state_ && present - files_tried_ >= time_passes;
  if (!is_to_try && files_stamp() == files_stamp_) return files_state_;
  files_tried_ = present;
  const auto all = list_files();
  files_stamp_ = files_stamp();
  files_state_ = outdated(authority_.places(), all).empty() ? result<>() : put_files_right(opened);
  if (files_state_) next_.unpublished.clear();
  return files_state_;
}

std::vector<published_list> keeper::list_files() {
  auto all = published_lists(authority_.places());
  list_files_.clear();
  for (const auto& one : all) list_files_.push_back(one.file);
  return all;
}

// Looked at once more, since whoever had the folder may have been making lists, or have replaced the CA itself.
result<> keeper::put_files_right(authority::pki& opened) {
  MUTUAL_TRY(const auto turn, opened.take_turn());
  const auto& places = authority_.places();
  result<> outcome;
  next_.unpublished.clear();
  for (const auto& one : outdated(places, list_files())) {
    // A root's may have been made where its key is, and say of whom nobody here knows it; a damaged one says nothing.
    auto done = one.part == "root" ? opened.take_over_root_list({one.ca, "root", {}}) : result<>();
    if (done || done.error().code() == errc::bad_input) done = publish_again(places, one);
    if (done) {
      log_.warn(fmt::format("{} was missing, damaged or an older list, and has that of crl.pem again",
                            text::printable(one.file.string(), 4096)));
    } else {
      if (next_.unpublished.size() < most_told) next_.unpublished.push_back(one.part);
      outcome = std::move(done);
    }
  }
  // What was written is looked at once more: somebody else may have been there before its stamp could be taken.
  return outcome;
}

const char* keeper::words_of(lists_due why) {
  switch (why) {
    case lists_due::old:
      return "the one before grows old";
    case lists_due::early:
      return "the one before has not begun";
    case lists_due::uncovered:
    case lists_due::uncovered_of_old:
      return "a revocation was on no list";
    case lists_due::none:
    case lists_due::first:
      break;
  }
  return "the first";
}

std::string keeper::lists_stamp() const { return tls::stamp_of({authority_.places().revocation_lists()}); }

}  // namespace mutual::ca_service
