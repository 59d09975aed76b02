#include "ca_service/keeper.hpp"

#include "base/text.hpp"
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

constexpr std::chrono::milliseconds look_every{100};
// Whoever revokes makes the list himself, as a rule, and should have the time to.
constexpr std::chrono::milliseconds patience{400};
// What time alone makes due is looked for this often.
constexpr std::chrono::seconds time_passes{30};
constexpr std::chrono::hours responders_every{1};
constexpr std::chrono::hours list_age{24};
constexpr std::chrono::seconds first_wait{30}, longest_wait{3600};
constexpr std::chrono::seconds count_every{60};
// Of the lists and responders, in the metrics: there is one for each CA that was ever replaced and has not ended.
constexpr std::size_t most_told = 32;
constexpr auto who = "ca serve";

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

std::vector<responder_state> states_of(const ocsp_desk::responders& all, const x509::certificate& intermediate) {
  std::vector<responder_state> out;
  for (const auto& one : all) {
    const auto* part = one.issuer == intermediate ? "intermediate" : one.issuer.is_self_issued() ? "root" : "retired";
    if (out.size() < most_told) out.push_back({{part, one.issuer.subject_key_id()}, one.signs.leaf().not_after()});
  }
  return out;
}

}  // namespace

keeper::keeper(desk& authority, ocsp_desk& answers, change_feed& feed, counters& counts, logger log)
    : authority_(authority), answers_(answers), feed_(feed), counts_(counts), log_(log), complaint_(std::move(log)) {}

result<> keeper::prepare() {
  return authority_.with(who, [&](authority::pki& opened) -> result<> {
    MUTUAL_TRY(const bool there, opened.has_lists());
    if (!there) MUTUAL_CHECK(make_lists(opened, "the first"));
    MUTUAL_CHECK(feed_.look());
    // An old CA that cannot sign is told by the first look, too.
    if (const auto looked = look_at_responders(opened); !looked && !has_own_responder()) return looked;
    // What is wrong beyond that is no reason not to serve, and is told by the first look.
    (void)look_at_all(opened);
    publish();
    return {};
  });
}

void keeper::start() {
  thread_ = std::thread([this] {
    std::unique_lock lock(guard_);
    while (!wake_.wait_for(lock, look_every, [this] { return stopping_; })) {
      lock.unlock();
      look();
      lock.lock();
    }
  });
}

void keeper::stop() {
  {
    const std::scoped_lock lock(guard_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void keeper::look() {
  // First, and whatever becomes of the rest: it asks nobody but the disk.
  if (const auto looked = feed_.look(); !looked) complaint_.tell(looked.error().message());
  next_.inventory_answers = false;
  const auto done = authority_.with(who, [&](authority::pki& opened) { return look_at_all(opened); });
  publish();
  if (done) {
    complaint_.over();
  } else {
    complaint_.tell("the authority's lists and responders cannot be kept fresh: " + done.error().message());
  }
}

// What is wrong with one is no reason to leave the others; the first that fails is told.
result<> keeper::look_at_all(authority::pki& opened) {
  MUTUAL_TRY(const auto history, opened.records().how_far());
  next_.inventory_answers = true;
  next_.acts = history.act;
  auto outcome = look_at_key();
  for (const auto look : {&keeper::look_at_responders, &keeper::look_at_counts}) {
    if (auto found = (this->*look)(opened); outcome) outcome = std::move(found);
  }
  auto lists = look_at_lists(opened, history.act);
  return lists ? outcome : lists;
}

void keeper::publish() {
  next_.looked = clock::now();
  seen_.set(std::make_shared<const standing>(next_));
}

result<> keeper::look_at_key() {
  const auto& places = authority_.places();
  auto stamp = tls::stamp_of({places.intermediate_certificate(), places.intermediate_key()});
  const auto present = clock::now();
  if (stamp == key_stamp_ && present - key_tried_ < time_passes && next_.can_sign) return {};
  key_stamp_ = std::move(stamp);
  key_tried_ = present;
  const auto loaded = authority::load_issuer(places);
  next_.can_sign = bool(loaded);
  if (!loaded) return loaded.error();
  return {};
}

result<> keeper::look_at_counts(authority::pki& opened) {
  const auto present = clock::now();
  if (counted_ != clock::time_point() && present - counted_ < count_every) return {};
  counted_ = present;
  MUTUAL_TRY(next_.counted, authority::count(opened.records()));
  return {};
}

result<> keeper::look_at_lists(authority::pki& opened, std::int64_t act) {
  const auto present = clock::now();
  auto stamp = lists_stamp();
  const bool same = act == seen_act_ && stamp == lists_stamp_;
  if (same && !uncovered_since_ && present - looked_ < time_passes) return {};
  looked_ = present;
  if (stamp != lists_stamp_) MUTUAL_CHECK(read_own_list(std::move(stamp)));
  MUTUAL_TRY(const auto own, opened.records().list_numbered(own_issuer_, own_number_));
  MUTUAL_TRY(const auto last, opened.records().last_revocation());
  seen_act_ = act;
  if (own && own->covers >= last) {
    uncovered_since_.reset();
    return is_old(*own) ? make_lists(opened, "the one before grows old") : result<>();
  }
  if (!uncovered_since_) uncovered_since_ = present;
  if (present - *uncovered_since_ < patience) return {};
  MUTUAL_CHECK(make_lists(opened, "a revocation was on no list"));
  uncovered_since_.reset();
  return {};
}

// The number says, by the inventory, which revocations the folder's list has.
result<> keeper::read_own_list(std::string stamp) {
  const auto& places = authority_.places();
  MUTUAL_TRY(const auto issuer, x509::load_certificates(places.intermediate_certificate()));
  MUTUAL_TRY(const auto root, x509::load_certificates(places.root_certificate()));
  own_issuer_ = issuer.front().subject();
  own_number_ = 0;
  next_.lists.clear();
  const auto lists = x509::load_lookup_lists(places.revocation_lists());
  if (!lists && lists.error().code() != errc::not_found) return lists.error();
  for (const auto& one : lists ? *lists : std::vector<x509::lookup_list>()) {
    auto state = state_of(one, issuer.front(), root.front());
    if (state.ca.part == "intermediate") own_number_ = state.number;
    const bool is_known = std::any_of(next_.lists.begin(), next_.lists.end(),
                                      [&](const list_state& before) { return before.ca == state.ca; });
    if (!is_known && next_.lists.size() < most_told) next_.lists.push_back(std::move(state));
  }
  lists_stamp_ = std::move(stamp);
  return {};
}

// Each attempt uses a number up and leaves an act that nobody can take out: what fails is not tried over and over.
result<> keeper::make_lists(authority::pki& opened, const std::string& why) {
  const auto present = clock::now();
  if (present < not_before_) return *failure_;
  const auto stamp = lists_stamp();
  const auto made = opened.make_lists({false, authority::default_list_lifetime, why, {}});
  if (!made) {
    ++counts_.lists_failed;
    // Servers have them but for that of one CA: the next revocation does not wait for it.
    if (lists_stamp() != stamp) return made.error();
    failed_wait_ = std::clamp<std::chrono::seconds>(2 * failed_wait_, first_wait, longest_wait);
    not_before_ = present + failed_wait_;
    failure_ = made.error();
    return made.error();
  }
  failed_wait_ = std::chrono::seconds(0);
  ++counts_.lists_made;
  for (const auto& one : *made) {
    log_.info(fmt::format("revocation list {} of {} made ({})", one.number, one.issuer, why));
  }
  return {};
}

std::string keeper::authorities_stamp() const {
  const auto& places = authority_.places();
  return tls::stamp_of({places.intermediate_certificate(), places.intermediate_key(), places.root_certificate(),
                        places.root_key(), places.retired()});
}

std::string keeper::lists_stamp() const { return tls::stamp_of({authority_.places().revocation_lists()}); }

result<> keeper::look_at_responders(authority::pki& opened) {
  auto stamp = authorities_stamp();
  const auto present = clock::now();
  const auto every = responders_state_ ? std::chrono::seconds(responders_every) : time_passes;
  if (stamp == stamp_ && present - responders_made_ < every) return responders_state_;
  stamp_ = std::move(stamp);
  responders_made_ = present;
  responders_state_ = take_responders(opened);
  return responders_state_;
}

// Whoever can sign does; what is wrong with the others is the error.
result<> keeper::take_responders(authority::pki& opened) {
  MUTUAL_TRY(const auto issuer, x509::load_certificates(authority_.places().intermediate_certificate()));
  result<> failed;
  MUTUAL_TRY(auto ready, opened.ready_responders(&failed));
  next_.responders = states_of(ready, issuer.front());
  answers_.sign_with(std::make_shared<const ocsp_desk::responders>(std::move(ready)));
  return failed;
}

bool keeper::has_own_responder() const {
  return std::any_of(next_.responders.begin(), next_.responders.end(),
                     [](const responder_state& one) { return one.ca.part == "intermediate"; });
}

}  // namespace mutual::ca_service
