#pragma once
// desk: one authority for many threads.

#include "authority/pki.hpp"
#include "ca_service/counters.hpp"

#include <mutual/result.hpp>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace mutual::ca_service {

/// Lends each caller an opened authority of its own, and keeps those that are given back. Safe to use from any thread;
/// calls block while they wait for the inventory, and while all that there may be at once are lent.
class desk {
 public:
  /// An error if the authority cannot be opened. How often it cannot be used is counted in `errors`, if that is given.
  static result<std::unique_ptr<desk>> open(std::filesystem::path folder, std::string store,
                                            counters::count* errors = nullptr);

  /// What the work makes of the authority; acts are noted as `who`'s. The authority cannot be used (errc::io) if it
  /// cannot be opened, or if its inventory is older than its folder has seen. The inventory is asked before, so that a
  /// connection that was lost in between is replaced by another before anything is done; what fails later is not tried
  /// again, for it may have been done.
  template <class Work>
  auto with(const std::string& who, Work&& work) -> decltype(work(std::declval<authority::pki&>())) {
    const permit mine(*this);
    auto taken = take(std::chrono::seconds(0));
    if (!taken) return count_error(error(errc::io, taken.error().message()));
    taken->opened->records().act_for(who);
    return done_with(*std::move(taken), work);
  }

  /// The same for work that changes nothing: when the connection was lost meanwhile, it is done once more, with
  /// another.
  template <class Work>
  auto read(Work&& work) -> decltype(work(std::declval<authority::pki&>())) {
    const permit mine(*this);
    auto taken = take(check_every);
    if (!taken) return count_error(error(errc::io, taken.error().message()));
    auto outcome = done_with(*std::move(taken), work);
    if (outcome || outcome.error().code() != errc::io) return outcome;
    auto another = open_one();
    if (!another) return outcome;
    return done_with(*std::move(another), work);
  }

  const authority::layout& places() const { return places_; }

 private:
  // An inventory that is put back from a backup under a running service is noticed this soon by those who read.
  static constexpr std::chrono::seconds check_every{1};
  // A PostgreSQL has only so many connections, and one that waits for the disk gains nothing from more.
  static constexpr unsigned most_lent = 10;

  // The right to have one of those that are lent.
  class permit {
   public:
    explicit permit(desk& of) : of_(of) {
      std::unique_lock lock(of_.guard_);
      of_.returned_.wait(lock, [this] { return of_.lent_ < most_lent; });
      ++of_.lent_;
    }
    ~permit() {
      {
        const std::scoped_lock lock(of_.guard_);
        --of_.lent_;
      }
      of_.returned_.notify_one();
    }
    permit(const permit&) = delete;
    permit& operator=(const permit&) = delete;

   private:
    desk& of_;
  };

  struct one {
    std::unique_ptr<authority::pki> opened;
    std::chrono::steady_clock::time_point checked;
  };

  template <class Work>
  auto done_with(one taken, Work& work) -> decltype(work(std::declval<authority::pki&>())) {
    auto outcome = work(*taken.opened);
    // A connection that may be broken is not kept: the next caller gets another.
    if (outcome || !may_be_broken(outcome.error().code())) {
      give_back(std::move(taken));
    } else {
      (void)count_error(outcome.error());
    }
    return outcome;
  }

  desk(std::filesystem::path folder, std::string store, counters::count* errors)
      : places_(std::move(folder)), store_(std::move(store)), errors_(errors) {}
  // One that was checked no longer ago than that.
  result<one> take(std::chrono::seconds checked_within);
  result<one> open_one() const;
  void give_back(one back);
  error count_error(error why) const {
    if (errors_ != nullptr) ++*errors_;
    return why;
  }
  static bool may_be_broken(errc code) { return code == errc::io || code == errc::internal || code == errc::timed_out; }

  authority::layout places_;
  std::string store_;
  counters::count* errors_;
  std::mutex guard_;
  std::condition_variable returned_;
  unsigned lent_ = 0;  // guarded by guard_, as the next
  std::vector<one> idle_;
};

}  // namespace mutual::ca_service
