#pragma once
// change_feed: tells servers that the revocation lists have changed.

#include "authority/layout.hpp"
#include "base/snapshot.hpp"

#include <mutual/app.hpp>
#include <mutual/result.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
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

  explicit change_feed(authority::layout places) : places_(std::move(places)) {}

  /// Looks whether the lists have changed on the disk. An error if they cannot be read: then nothing has changed.
  result<> look();

  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  /// Null before there are lists.
  std::shared_ptr<const state> current() const { return current_.get(); }
  std::size_t subscribers() const { return subscribers_.load(); }

  std::atomic<std::size_t>& counted() { return subscribers_; }

 private:
  authority::layout places_;
  std::string stamp_;
  snapshot<state> current_;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::size_t> subscribers_{0};
};

/// Adds /changes: server-sent events for every client that has proved who it is. The feed must outlive the app.
void add_change_route(app& to, change_feed& feed);

}  // namespace mutual::ca_service
