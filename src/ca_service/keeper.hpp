#pragma once
// keeper: what the service does by itself, whether or not anybody asks.

#include "base/log.hpp"
#include "base/snapshot.hpp"
#include "ca_service/change_feed.hpp"
#include "ca_service/counters.hpp"
#include "ca_service/desk.hpp"
#include "ca_service/ocsp_desk.hpp"
#include "ca_service/patient_complaint.hpp"
#include "ca_service/standing.hpp"

#include <mutual/result.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace mutual::ca_service {

/// Keeps revocation lists and OCSP responders fresh, in a thread of its own from start() to stop():
///
///   - a revocation that is not on this folder's list yet, whoever noted it and on whichever machine, gets there;
///   - lists are made anew each day, or at half of their life;
///   - who follows the change feed is told when the lists in the folder have changed;
///   - responders are made anew before they end, and when the authority's own certificates change.
///
/// What it finds on the way is what health and metrics are told from.
class keeper {
 public:
  keeper(desk& authority, ocsp_desk& answers, change_feed& feed, counters& counts, logger log);
  ~keeper() { stop(); }
  keeper(const keeper&) = delete;
  keeper& operator=(const keeper&) = delete;

  /// Makes what is missing for a start, in the caller's thread. An error if the service could not do its work.
  result<> prepare();
  void start();
  void stop();

  /// What was found by the last look; from any thread. Never null.
  std::shared_ptr<const standing> seen() const { return seen_.get(); }

 private:
  void look();
  result<> look_at_all(authority::pki& opened);
  result<> look_at_lists(authority::pki& opened, std::int64_t act);
  result<> look_at_key();
  result<> look_at_counts(authority::pki& opened);
  result<> look_at_responders(authority::pki& opened);
  result<> make_lists(authority::pki& opened, const std::string& why);
  result<> read_own_list(std::string stamp);
  result<> take_responders(authority::pki& opened);
  bool has_own_responder() const;
  std::string authorities_stamp() const;
  std::string lists_stamp() const;
  void publish();

  desk& authority_;
  ocsp_desk& answers_;
  change_feed& feed_;
  counters& counts_;
  logger log_;
  patient_complaint complaint_;

  std::int64_t seen_act_ = -1;
  std::chrono::steady_clock::time_point looked_{};
  std::optional<std::chrono::steady_clock::time_point> uncovered_since_;
  std::string lists_stamp_;       // of the lists in the folder when they were last read
  std::uint64_t own_number_ = 0;  // of the intermediate's; 0 for none
  std::string own_issuer_;
  std::chrono::steady_clock::time_point not_before_{};  // for the next attempt at lists, after one that failed
  std::chrono::seconds failed_wait_{};
  std::optional<error> failure_;
  std::string stamp_;
  std::chrono::steady_clock::time_point responders_made_{};
  result<> responders_state_;
  std::string key_stamp_;
  std::chrono::steady_clock::time_point key_tried_{}, counted_{};
  standing next_;  // what becomes of seen_ when a look is over
  snapshot<standing> seen_{std::make_shared<const standing>()};

  std::mutex guard_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by guard_
  std::thread thread_;
};

}  // namespace mutual::ca_service
