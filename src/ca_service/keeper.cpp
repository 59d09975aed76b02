#include "ca_service/keeper.hpp"

#include "tls/file_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

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
constexpr auto who = "ca serve";

bool is_old(const authority::list_facts& newest) {
  const auto life = newest.next_update - newest.this_update;
  if (life <= std::chrono::seconds(0)) return false;  // the CA has ended: no list of it is good any more
  return now() >= newest.this_update + std::min<std::chrono::seconds>(list_age, life / 2);
}

}  // namespace

keeper::keeper(desk& authority, ocsp_desk& answers, change_feed& feed, counters& counts, logger log)
    : authority_(authority), answers_(answers), feed_(feed), counts_(counts), log_(log), complaint_(std::move(log)) {}

result<> keeper::prepare() {
  return authority_.with(who, [&](authority::pki& opened) -> result<> {
    MUTUAL_TRY(const bool there, opened.has_lists());
    if (!there) MUTUAL_CHECK(make_lists(opened, "the first"));
    MUTUAL_CHECK(feed_.look());
    return look_at_responders(opened);
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
  const auto done = authority_.with(who, [&](authority::pki& opened) -> result<> {
    auto lists = look_at_lists(opened);
    auto responders = look_at_responders(opened);
    return lists ? responders : lists;
  });
  if (done) {
    complaint_.over();
  } else {
    complaint_.tell("the authority's lists and responders cannot be kept fresh: " + done.error().message());
  }
}

result<> keeper::look_at_lists(authority::pki& opened) {
  MUTUAL_TRY(const auto history, opened.records().how_far());
  const auto present = clock::now();
  auto stamp = tls::stamp_of({authority_.places().revocation_lists()});
  const bool same = history.act == seen_act_ && stamp == lists_stamp_;
  if (same && !uncovered_since_ && present - looked_ < time_passes) return {};
  looked_ = present;
  if (stamp != lists_stamp_) MUTUAL_CHECK(read_own_list(std::move(stamp)));
  MUTUAL_TRY(const auto own, opened.records().list_numbered(own_issuer_, own_number_));
  MUTUAL_TRY(const auto last, opened.records().last_revocation());
  seen_act_ = history.act;
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
  own_issuer_ = issuer.front().subject();
  own_number_ = 0;
  const auto lists = x509::load_crls(places.revocation_lists());
  if (!lists && lists.error().code() != errc::not_found) return lists.error();
  for (const auto& one : lists ? *lists : std::vector<x509::crl>()) {
    if (!one.is_signed_by(issuer.front())) continue;
    const auto digits = one.number();
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), own_number_, 16);
  }
  lists_stamp_ = std::move(stamp);
  return {};
}

// Each attempt uses a number up and leaves an act that nobody can take out: what fails is not tried over and over.
result<> keeper::make_lists(authority::pki& opened, const std::string& why) {
  const auto present = clock::now();
  if (present < not_before_) return *failure_;
  const auto made = opened.make_lists({false, authority::default_list_lifetime, why, {}});
  if (!made) {
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
  return tls::stamp_of(
      {places.intermediate_certificate(), places.root_certificate(), places.root_key(), places.retired()});
}

result<> keeper::look_at_responders(authority::pki& opened) {
  auto stamp = authorities_stamp();
  const auto present = clock::now();
  if (stamp == stamp_ && present - responders_made_ < responders_every) return {};
  MUTUAL_TRY(auto ready, opened.ready_responders());
  answers_.sign_with(std::make_shared<const ocsp_desk::responders>(std::move(ready)));
  stamp_ = std::move(stamp);
  responders_made_ = present;
  return {};
}

}  // namespace mutual::ca_service
