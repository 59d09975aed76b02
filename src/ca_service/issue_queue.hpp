#pragma once
// issue_queue: certificates that are asked for while others are made durable become durable together.

#include "authority/mint.hpp"
#include "base/log.hpp"
#include "ca_service/desk.hpp"
#include "ca_service/patient_complaint.hpp"

#include <mutual/result.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace mutual::ca_service {

/// Makes batches of whatever waits, one after another, each in one change of the inventory. Safe to use from any
/// thread.
class issue_queue {
 public:
  struct bounds {
    std::size_t waiting = 256;  ///< Certificates that wait, beside those that are being made durable.
    std::size_t batch = 64;     ///< Certificates of one change.
    /// How long files may be on their way to the disk. Their certificates are on it.
    std::chrono::milliseconds loose{1000};
  };

  /// How often the issuing key could not be used is counted in `key_failures`, if that is given.
  issue_queue(desk& authority, bounds most, logger log, std::atomic<std::uint64_t>* key_failures = nullptr);
  ~issue_queue() { stop(); }
  issue_queue(const issue_queue&) = delete;
  issue_queue& operator=(const issue_queue&) = delete;

  /// Signs what was decided, in the caller's thread, and returns when it is in the inventory, on the disk; acts are
  /// noted as `who`'s. An error (limit_exceeded) if too many wait, and then nothing has been done.
  result<authority::issued_certificate> issue(authority::certified what, const std::string& who);

  /// Refuses what comes, finishes what is there. Called again, it does nothing.
  void stop();

 private:
  struct job {
    authority::draft draft;
    bool is_done = false;  // guarded by guard_
    std::condition_variable done;
  };

  result<> sign(authority::draft& one);
  result<> wait_for(const std::shared_ptr<job>& mine);
  void work();
  void make_durable(const std::vector<std::shared_ptr<job>>& batch);
  void tidy();
  void put_on_disk(const std::vector<authority::given_out>& which);
  bool is_loose(const std::string& serial);

  desk& authority_;
  const bounds most_;
  authority::mint mint_;
  patient_complaint complaint_;

  std::mutex guard_;
  std::condition_variable wake_, tidy_wake_;
  std::deque<std::shared_ptr<job>> waiting_;  // guarded by guard_, as the next
  std::vector<authority::given_out> loose_;   // files that nobody has begun to put on the disk
  std::set<std::string> loose_serials_;       // of these, and of those that are being put there
  bool stopping_ = false, is_worked_ = true;  // the second is false when no batch comes any more
  std::thread worker_, tidier_;
};

}  // namespace mutual::ca_service
