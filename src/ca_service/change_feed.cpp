#include "ca_service/change_feed.hpp"

#include "base/file.hpp"
#include "base/give_back.hpp"
#include "tls/file_watch.hpp"
#include "x509/digest.hpp"
#include "x509/list_files.hpp"

#include <mutual/events.hpp>
#include <mutual/offload.hpp>
#include <mutual/policy.hpp>
#include <mutual/problem.hpp>

#include <utility>

namespace mutual::ca_service {
namespace {

// A subscriber takes a look at one number this often; a second is what a revocation may take in all.
constexpr std::chrono::milliseconds look_every{50};
// Whoever hears nothing for longer takes the authority for gone.
constexpr std::chrono::seconds heartbeat{5};

task<> tell_changes(change_feed& feed, event_stream& out) {
  std::uint64_t told = 0;
  for (;;) {
    if (feed.generation() != told) {
      const auto now_current = feed.current();
      told = now_current->generation;
      event news("/crl/all.pem");
      news.name("lists").id(now_current->id);
      task<> sending = out.send(std::move(news));
      co_await sending;
    }
    co_await sleep(look_every);
  }
}

}  // namespace

result<> change_feed::look() {
  const auto file = places_.revocation_lists();
  auto stamp = tls::stamp_of({file});
  if (stamp == stamp_) return {};
  MUTUAL_TRY(auto pem, file::read(file, x509::largest_lists));
  auto id = x509::sha256_hex(pem);
  give_back(std::move(pem));
  if (id.empty()) return error(errc::internal, "no SHA-256 digest could be made of the revocation lists");
  stamp_ = std::move(stamp);
  auto next = std::make_shared<state>();
  next->id = std::move(id);
  if (const auto before = current(); before && before->id == next->id) return {};
  next->generation = generation_.load() + 1;
  const auto generation = next->generation;
  current_.set(std::move(next));
  generation_.store(generation, std::memory_order_release);
  return {};
}

change_feed::seat::~seat() {
  const std::scoped_lock lock(in_.guard_);
  --in_.subscribers_;
  const auto found = in_.by_peer_.find(peer_);
  if (--found->second == 0) in_.by_peer_.erase(found);
}

std::shared_ptr<change_feed::seat> change_feed::take_seat(const std::string& peer) {
  const std::scoped_lock lock(guard_);
  const auto found = by_peer_.find(peer);
  if (subscribers_ >= most_.in_all || (found != by_peer_.end() && found->second >= most_.of_one)) {
    ++refused_;
    return nullptr;
  }
  auto& of_this_one = by_peer_[peer];
  auto taken = std::make_shared<seat>(*this, peer);
  ++of_this_one;
  ++subscribers_;
  return taken;
}

void add_change_route(app& to, change_feed& feed) {
  to.get("/changes", [&feed](const peer& who) {
      auto seat = feed.take_seat(who.sha256());
      if (seat == nullptr) {
        throw problem::unavailable(
            "as many follow the changes as can be served, in all or by this certificate: follow one for each server")
            .header("Retry-After", "30");
      }
      // It is free again when the stream has gone.
      return events([&feed, seat = std::move(seat)](event_stream& out) { return tell_changes(feed, out); }, heartbeat);
    }).require(policy::any_peer());
}

}  // namespace mutual::ca_service
