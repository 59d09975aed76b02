#include "ca_service/change_feed.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "tls/file_watch.hpp"
#include "x509/list_files.hpp"

#include <mutual/events.hpp>
#include <mutual/offload.hpp>
#include <mutual/policy.hpp>

#include <openssl/evp.h>

#include <array>

namespace mutual::ca_service {
namespace {

// A subscriber takes a look at one number this often; a second is what a revocation may take in all.
constexpr std::chrono::milliseconds look_every{50};
// Whoever hears nothing for longer takes the authority for gone.
constexpr std::chrono::seconds heartbeat{5};

class counted_in {
 public:
  explicit counted_in(std::atomic<std::size_t>& count) : count_(count) { ++count_; }
  ~counted_in() { --count_; }
  counted_in(const counted_in&) = delete;
  counted_in& operator=(const counted_in&) = delete;

 private:
  std::atomic<std::size_t>& count_;
};

task<> tell_changes(change_feed& feed, event_stream& out) {
  const counted_in while_it_lasts(feed.counted());
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
  MUTUAL_TRY(const auto pem, file::read(file, x509::largest_lists));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(pem.data(), pem.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return error(errc::internal, "no SHA-256 digest could be made of the revocation lists");
  }
  stamp_ = std::move(stamp);
  auto next = std::make_shared<state>();
  next->id = text::hex({reinterpret_cast<const char*>(digest.data()), size});
  if (const auto before = current(); before && before->id == next->id) return {};
  next->generation = generation_.load() + 1;
  const auto generation = next->generation;
  current_.set(std::move(next));
  generation_.store(generation, std::memory_order_release);
  return {};
}

void add_change_route(app& to, change_feed& feed) {
  to.get("/changes", [&feed] {
      return events([&feed](event_stream& out) { return tell_changes(feed, out); }, heartbeat);
    }).require(policy::any_peer());
}

}  // namespace mutual::ca_service
