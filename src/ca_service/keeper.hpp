#pragma once
// keeper: what the service does by itself, whether or not anybody asks.

#include "base/log.hpp"
#include "base/snapshot.hpp"
#include "ca_service/change_feed.hpp"
#include "ca_service/counters.hpp"
#include "ca_service/desk.hpp"
#include "ca_service/ocsp_desk.hpp"
#include "ca_service/patient_complaint.hpp"
#include "ca_service/published_lists.hpp"
#include "ca_service/standing.hpp"

#include <mutual/result.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace mutual::ca_service {

/// Keeps revocation lists and OCSP responders fresh, in two threads of its own from start() to stop():
///
///   - a revocation that is not on this folder's list yet, whoever noted it and on whichever machine, gets there;
///   - lists are made anew each day, or at half of their life;
///   - responders are made anew before they end, when the authority's own certificates change, and when one was
///   revoked;
///   - how far the inventory has come is remembered in the folder, whoever has done it and on whichever machine.
///
/// The second thread does nothing but tell who follows the change feed when the lists in the folder have changed:
/// nobody who makes lists, or holds the folder, delays that.
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
  /// Has it tell when the certificate in that file ends, which the service presents. Before prepare() only.
  void presents(std::filesystem::path certificate) { presented_ = std::move(certificate); }
  void start();
  void stop();

  /// What was found by the last look; from any thread. Never null.
  std::shared_ptr<const standing> seen() const { return seen_.get(); }

 private:
  enum class lists_due { none, first, old, early, uncovered, uncovered_of_old };

  void until_stopped(std::chrono::milliseconds every, void (keeper::*what)());
  void tell();
  void look();
  result<> look_at_all(authority::pki& opened);
  result<> look_at_lists(authority::pki& opened);
  result<> look_at_key();
  result<> look_at_counts(authority::pki& opened);
  void look_at_ends();
  result<> look_at_issuing(authority::pki& opened);
  void look_at_limits();
  result<> look_at_issuer(authority::pki& opened);
  result<> look_at_presented(authority::pki& opened);
  result<> look_at_responders(authority::pki& opened);
  result<> remember(authority::pki& opened);
  result<lists_due> what_is_due(authority::pki& opened);
  bool is_root_list_due() const;
  result<> look_at_files(authority::pki& opened);
  std::vector<published_list> list_files();
  result<> put_files_right(authority::pki& opened);
  std::string files_stamp() const;
  result<> check_old_can_sign(authority::pki& opened) const;
  result<> make_lists(authority::pki& opened, lists_due why);
  result<std::vector<authority::made_list>> make_lists_if_still_due(authority::pki& opened, lists_due why);
  static const char* words_of(lists_due why);
  std::uint64_t number_of(const std::string& issuer) const;  // of its list in the folder; 0 for none
  result<> read_own_list(std::string stamp, const std::vector<authority::record>& roots);
  result<> look_at_authorities(authority::pki& opened);
  result<bool> drop_revoked_responders(authority::pki& opened);
  result<> take_responders(authority::pki& opened);
  result<> sign_with(ocsp_desk::responders all);
  bool has_own_responder() const;
  bool has_ended_responder() const;
  std::string authorities_stamp() const;
  std::string lists_stamp() const;
  void publish();
  void show();

  // What time alone makes due is looked for this often.
  static constexpr std::chrono::seconds time_passes{30};

  desk& authority_;
  ocsp_desk& answers_;
  change_feed& feed_;
  counters& counts_;
  logger log_;
  patient_complaint complaint_, feed_complaint_, limits_complaint_, issuer_complaint_, presented_complaint_;

  std::int64_t seen_act_ = -1, responders_act_ = -1, remembered_act_ = -1;
  std::int64_t last_revocation_ = -1;
  std::chrono::steady_clock::time_point remembered_{};
  std::chrono::steady_clock::time_point looked_{};
  std::optional<std::chrono::steady_clock::time_point> uncovered_since_;
  std::string lists_stamp_;                       // of the lists in the folder when they were last read
  std::map<std::string, std::uint64_t> numbers_;  // of each CA's list, by its name
  std::vector<std::string> behind_;               // serials of old CAs that have revoked since their lists
  std::optional<x509::certificate> issuing_;
  std::vector<x509::lookup_list> root_lists_;           // of all roots, as servers have them
  std::chrono::steady_clock::time_point not_before_{};  // for the next attempt at lists, after one that failed
  std::chrono::seconds failed_wait_{};
  std::optional<std::chrono::steady_clock::time_point> early_root_tried_;
  std::optional<error> failure_;
  std::string stamp_;
  std::chrono::steady_clock::time_point responders_made_{};
  result<> responders_state_;
  std::shared_ptr<const ocsp_desk::responders> signing_ = std::make_shared<const ocsp_desk::responders>();
  std::vector<std::filesystem::path> list_files_;  // in which lists are given out, each by itself
  std::string files_stamp_;
  std::chrono::steady_clock::time_point files_tried_{};
  result<> files_state_;
  std::filesystem::path presented_;
  std::string ends_stamp_;
  std::string key_stamp_;
  std::chrono::steady_clock::time_point key_tried_{}, counted_{};
  std::uint64_t key_failures_ = 0;  // that are known of
  result<> key_state_;
  std::string limits_stamp_, issuer_stamp_, presented_stamp_;
  std::chrono::steady_clock::time_point limits_tried_{};
  std::int64_t issuer_act_ = -1, presented_act_ = -1;
  result<> limits_state_;
  standing next_;  // what becomes of seen_ when a look is over
  snapshot<standing> seen_{std::make_shared<const standing>()};

  std::mutex guard_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by guard_
  std::thread looks_, tells_;
};

}  // namespace mutual::ca_service
