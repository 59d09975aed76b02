#pragma once
// change_feed: tells servers that the revocation lists have changed.

#include "authority/layout.hpp"
#include "base/snapshot.hpp"

#include <mutual/app.hpp>
#include <mutual/result.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace mutual::ca_service {

/// What is current. Safe to use from any thread; look() is for one at a time.
class change_feed {
 public:
  /// What a subscriber is told: an event "lists" whose id is the SHA-256 of all lists (/crl/all.pem).
  struct state {
    std::uint64_t generation = 0;
    std::string id;
  };

  /// How many may follow. The service has 10,000 connections for all that it does.
  struct limits {
    std::size_t in_all = 5'000;
    std::size_t of_one = 100;  ///< With the same certificate: nobody can take all the places.
  };
  /// A place among those who follow, for as long as it lives. The feed must outlive it.
  class seat {
   public:
    seat(change_feed& in, std::string peer) : in_(in), peer_(std::move(peer)) {}
    ~seat();
    seat(const seat&) = delete;
    seat& operator=(const seat&) = delete;

   private:
    change_feed& in_;
    std::string peer_;
  };

  explicit change_feed(authority::layout places) : change_feed(std::move(places), limits()) {}
  change_feed(authority::layout places, limits most) : places_(std::move(places)), most_(most) {}

  /// Looks whether the lists have changed on the disk. An error if they cannot be read: then nothing has changed.
  result<> look();

  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  /// Null before there are lists.
  std::shared_ptr<const state> current() const { return current_.get(); }
  std::size_t subscribers() const { return subscribers_.load(); }
  std::size_t most_subscribers() const { return most_.in_all; }
  /// How often there was no place.
  std::uint64_t refused() const { return refused_.load(); }

  /// A place for the one whose certificate has that fingerprint; null if there is none left.
  std::shared_ptr<seat> take_seat(const std::string& peer);

 private:
  authority::layout places_;
  std::string stamp_;
  snapshot<state> current_;
  std::atomic<std::uint64_t> generation_{0};
  limits most_;
  std::mutex guard_;
  std::map<std::string, std::size_t> by_peer_;  // guarded by guard_
  std::atomic<std::size_t> subscribers_{0};     // changed under guard_
  std::atomic<std::uint64_t> refused_{0};
};

/// Adds /changes: server-sent events for every client that has proved who it is, or 503 if there is no place left. The
/// feed must outlive the app.
void add_change_route(app& to, change_feed& feed);

}  // namespace mutual::ca_service
