#include "ca_service/keeper.hpp"

#include "authority/store.hpp"
#include "base/considerate.hpp"
#include "tls/file_watch.hpp"
#include "x509/bundle.hpp"
#include "x509/trial_signature.hpp"

#include <algorithm>
#include <memory>

namespace mutual::ca_service {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds look_every{100}, tell_every{50};
constexpr std::chrono::seconds responders_every = std::chrono::hours(1);
constexpr std::chrono::seconds remember_every{1};
constexpr std::chrono::seconds count_every{60};
// A token that is asked with a wrong PIN too often locks itself.
constexpr std::chrono::seconds key_after_failure{1}, key_again{5};
constexpr auto who = "ca serve";

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
    : authority_(authority),
      answers_(answers),
      feed_(feed),
      counts_(counts),
      log_(log),
      complaint_(log),
      feed_complaint_(log),
      limits_complaint_(log),
      issuer_complaint_(log),
      presented_complaint_(std::move(log)) {}

result<> keeper::prepare() {
  return authority_.with(who, [&](authority::pki& opened) -> result<> {
    MUTUAL_TRY(const bool there, opened.has_lists());
    if (!there) MUTUAL_CHECK(make_lists(opened, lists_due::first));
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
  looks_ = std::thread([this] { until_stopped(look_every, &keeper::look); });
  tells_ = std::thread([this] { until_stopped(tell_every, &keeper::tell); });
}

void keeper::until_stopped(std::chrono::milliseconds every, void (keeper::*what)()) {
  const considerate_scope here;  // requests are answered on the same cores; what is read rests, what is signed does not
  std::unique_lock lock(guard_);
  while (!wake_.wait_for(lock, every, [this] { return stopping_; })) {
    lock.unlock();
    (this->*what)();
    lock.lock();
  }
}

void keeper::stop() {
  {
    const std::scoped_lock lock(guard_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto* one : {&looks_, &tells_}) {
    if (one->joinable()) one->join();
  }
}

// It asks nobody but the disk, and waits for nobody: whoever makes the lists meanwhile, or holds the folder.
void keeper::tell() {
  if (const auto looked = feed_.look(); !looked) {
    feed_complaint_.tell(looked.error().message());
  } else {
    feed_complaint_.over();
  }
}

void keeper::look() {
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
  look_at_ends();
  auto outcome = look_at_key();
  for (const auto look : {&keeper::look_at_issuing, &keeper::look_at_responders, &keeper::look_at_counts}) {
    if (auto found = (this->*look)(opened); outcome) outcome = std::move(found);
  }
  auto lists = look_at_lists(opened);
  if (auto files = look_at_files(opened); outcome) outcome = std::move(files);
  if (auto remembered = remember(opened); outcome) outcome = std::move(remembered);
  return lists ? outcome : lists;
}

// What others have done is remembered, too: when a backup is put back that lacks it, this folder notices.
result<> keeper::remember(authority::pki& opened) {
  const auto present = clock::now();
  if (next_.acts == remembered_act_ || present - remembered_ < remember_every) return {};
  remembered_ = present;
  MUTUAL_TRY(const auto before, authority::read_mark(authority_.places()));
  // Whoever acts here remembers it himself.
  if (!before || before->seen.act < next_.acts) {
    MUTUAL_TRY(const auto turn, opened.take_turn());
    MUTUAL_CHECK(opened.remember());
  }
  remembered_act_ = next_.acts;
  return {};
}

void keeper::publish() {
  next_.looked = clock::now();
  show();
}

void keeper::show() {
  next_.uncovered_since = uncovered_since_;
  seen_.set(std::make_shared<const standing>(next_));
}

// A key in a token may be found there and sign nothing any more, so it has to sign. One that failed for somebody who
// asked for a certificate is not believed before it has.
result<> keeper::look_at_key() {
  const auto& places = authority_.places();
  auto stamp = tls::stamp_of({places.intermediate_certificate(), places.intermediate_key()});
  const auto failures = counts_.key_failures.load();
  const bool has_failed = failures != key_failures_;
  if (has_failed) next_.can_sign = false;
  const auto present = clock::now();
  const auto every = next_.can_sign ? time_passes : has_failed ? key_after_failure : key_again;
  if (stamp == key_stamp_ && present - key_tried_ < every) return next_.can_sign ? result<>() : key_state_;
  key_stamp_ = std::move(stamp);
  key_tried_ = present;
  key_failures_ = failures;
  const auto loaded = authority::load_issuer(places);
  key_state_ = loaded ? x509::check_signs(loaded->key, loaded->leaf()) : loaded.error();
  next_.can_sign = bool(key_state_);
  return key_state_;
}

// What cannot be read is told by whoever needs it.
void keeper::look_at_ends() {
  const auto& places = authority_.places();
  auto stamp = tls::stamp_of({places.intermediate_certificate(), places.root_certificate(), presented_});
  if (stamp == ends_stamp_) return;
  bool all = true;
  next_.ends.clear();
  const auto add = [&](const char* part, const std::filesystem::path& file) {
    const auto found = x509::load_certificates(file);
    all = all && found;
    if (!found) return;
    const auto& one = found->front();
    next_.ends.push_back({part, one.subject_key_id(), one.not_before(), one.not_after()});
  };
  add("intermediate", places.intermediate_certificate());
  add("root", places.root_certificate());
  if (!presented_.empty()) add("server", presented_);
  ends_stamp_ = all ? std::move(stamp) : std::string();
}

result<> keeper::look_at_counts(authority::pki& opened) {
  const auto present = clock::now();
  if (counted_ != clock::time_point() && present - counted_ < count_every) return {};
  counted_ = present;
  MUTUAL_TRY(next_.counted, authority::count(opened.records()));
  return {};
}

std::string keeper::authorities_stamp() const {
  const auto& places = authority_.places();
  return tls::stamp_of({places.intermediate_certificate(), places.intermediate_key(), places.root_certificate(),
                        places.root_key(), places.retired()});
}

result<> keeper::look_at_responders(authority::pki& opened) {
  MUTUAL_TRY(const bool one_less, drop_revoked_responders(opened));
  auto stamp = authorities_stamp();
  const auto present = clock::now();
  const auto every = !responders_state_ ? time_passes : has_ended_responder() ? 0s : responders_every;
  if (!one_less && stamp == stamp_ && present - responders_made_ < every) return responders_state_;
  stamp_ = std::move(stamp);
  responders_made_ = present;
  responders_state_ = take_responders(opened);
  return responders_state_;
}

// Nobody who is given an answer looks whether its responder was revoked (id-pkix-ocsp-nocheck), so that is for us to
// do: at once, whether or not there can be another.
result<bool> keeper::drop_revoked_responders(authority::pki& opened) {
  if (next_.acts == responders_act_) return false;
  ocsp_desk::responders left;
  for (const auto& one : *signing_) {
    MUTUAL_TRY(const auto known, opened.records().find_serial(one.signs.leaf().serial()));
    if (known && !known->revoked) left.push_back(one);
  }
  const bool one_less = left.size() < signing_->size();
  if (one_less) MUTUAL_CHECK(sign_with(std::move(left)));
  responders_act_ = next_.acts;
  return one_less;
}

// Whoever can sign does; what is wrong with the others is the error.
result<> keeper::take_responders(authority::pki& opened) {
  result<> failed;
  MUTUAL_TRY(auto ready, opened.ready_responders(&failed));
  MUTUAL_CHECK(sign_with(std::move(ready)));
  return failed;
}

result<> keeper::sign_with(ocsp_desk::responders all) {
  signing_ = std::make_shared<const ocsp_desk::responders>(std::move(all));
  answers_.sign_with(signing_);
  MUTUAL_TRY(const auto issuer, x509::load_certificates(authority_.places().intermediate_certificate()));
  next_.responders = states_of(*signing_, issuer.front());
  return {};
}

// By the clock on the wall, which may have gone on while the machine stood still.
bool keeper::has_ended_responder() const {
  const auto present = now();
  return std::any_of(signing_->begin(), signing_->end(), [present](const authority::ocsp_responder& one) {
    const auto& leaf = one.signs.leaf();
    // One of a CA that has not begun cannot begin earlier.
    return leaf.not_after() <= present || (leaf.not_before() > present && one.issuer.not_before() <= present);
  });
}

bool keeper::has_own_responder() const {
  return std::any_of(next_.responders.begin(), next_.responders.end(),
                     [](const responder_state& one) { return one.ca.part == "intermediate"; });
}

}  // namespace mutual::ca_service
