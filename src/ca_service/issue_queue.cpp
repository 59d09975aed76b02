#include "ca_service/issue_queue.hpp"

#include <algorithm>
#include <utility>

namespace mutual::ca_service {
namespace {

bool is_ours(errc code) { return code == errc::io || code == errc::internal || code == errc::timed_out; }

}  // namespace

issue_queue::issue_queue(desk& authority, bounds most, logger log, std::atomic<std::uint64_t>* key_failures)
    : authority_(authority),
      most_(most),
      mint_(authority.places(), key_failures),
      complaint_(std::move(log)),
      worker_([this] { work(); }),
      tidier_([this] { tidy(); }) {}

void issue_queue::stop() {
  {
    const std::scoped_lock lock(guard_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (worker_.joinable()) worker_.join();
  {
    const std::scoped_lock lock(guard_);
    is_worked_ = false;
  }
  tidy_wake_.notify_all();
  if (tidier_.joinable()) tidier_.join();
}

result<authority::issued_certificate> issue_queue::issue(authority::certified what, const std::string& who) {
  const auto mine = std::make_shared<job>();
  mine->draft.what = std::move(what);
  mine->draft.who = who;
  MUTUAL_CHECK(sign(mine->draft));
  MUTUAL_CHECK(wait_for(mine));
  return *std::move(mine->draft.outcome);
}

// Here, beside others, by what the authority's files said last: the turn finds out whether they still do, and signs
// anew if not. What cannot be done outside of the turn, since somebody is just changing the files, is done within it.
result<> issue_queue::sign(authority::draft& one) {
  const auto done_by = [&](std::shared_ptr<const authority::die> by) -> result<> {
    auto made = mint_.sign(*by, one.what);
    if (!made) return made.error();
    one.by = std::move(by);
    one.leaf = *std::move(made);
    return {};
  };
  if (auto latest = mint_.latest(); latest && done_by(std::move(latest))) return {};
  // Who is refused is so by what they say now.
  auto now = mint_.current();
  if (!now) return {};
  auto done = done_by(*std::move(now));
  if (!done && is_ours(done.error().code())) return {};
  return done;
}

result<> issue_queue::wait_for(const std::shared_ptr<job>& mine) {
  std::unique_lock lock(guard_);
  if (stopping_) return error(errc::io, "the service is being stopped");
  if (waiting_.size() >= most_.waiting) {
    return error(errc::limit_exceeded, "too many certificates wait for the disk already");
  }
  waiting_.push_back(mine);
  wake_.notify_one();
  mine->done.wait(lock, [&] { return mine->is_done; });
  return {};
}

void issue_queue::work() {
  std::unique_lock lock(guard_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), most_.batch));
    const std::vector<std::shared_ptr<job>> batch(waiting_.begin(), waiting_.begin() + count);
    waiting_.erase(waiting_.begin(), waiting_.begin() + count);
    lock.unlock();
    make_durable(batch);
    lock.lock();
  }
}

void issue_queue::make_durable(const std::vector<std::shared_ptr<job>>& batch) {
  std::vector<authority::draft> drafts;
  drafts.reserve(batch.size());
  for (const auto& one : batch) drafts.push_back(std::move(one->draft));
  std::vector<authority::given_out> loose;
  const auto all = authority_.with("ca serve", [&](authority::pki& opened) -> result<> {
    opened.certify_all(
        drafts, mint_, [this](const std::string& serial) { return is_loose(serial); }, loose);
    // So that the desk does not keep a connection that is broken.
    for (const auto& one : drafts) {
      if (!*one.outcome && is_ours(one.outcome->error().code())) return one.outcome->error();
    }
    return {};
  });
  {
    const std::scoped_lock lock(guard_);
    for (std::size_t at = 0; at < batch.size(); ++at) {
      if (!drafts[at].outcome) drafts[at].outcome = all.error();
      batch[at]->draft = std::move(drafts[at]);
      batch[at]->is_done = true;
    }
    for (auto& one : loose) {
      loose_serials_.insert(one.serial);
      loose_.push_back(std::move(one));
    }
    if (!loose_.empty()) tidy_wake_.notify_one();
  }
  // Not under the lock, at which all of them would wait for each other.
  for (const auto& one : batch) one->done.notify_one();
}

void issue_queue::tidy() {
  std::unique_lock lock(guard_);
  while (true) {
    tidy_wake_.wait(lock, [this] { return !is_worked_ || !loose_.empty(); });
    if (loose_.empty()) return;
    // More come meanwhile, and share the sync.
    tidy_wake_.wait_for(lock, most_.loose, [this] { return stopping_; });
    const auto which = std::exchange(loose_, {});
    lock.unlock();
    put_on_disk(which);
    lock.lock();
    for (const auto& one : which) loose_serials_.erase(one.serial);
  }
}

// Of what fails here the inventory says `recorded`: whoever comes next in this folder does it then.
void issue_queue::put_on_disk(const std::vector<authority::given_out>& which) {
  auto done = authority::pki::sync_files(authority_.places(), which);
  result<> others;
  if (done) {
    done = authority_.with("ca serve", [&](authority::pki& opened) {
      auto noted = opened.finish(which, [this](const std::string& serial) { return is_loose(serial); });
      if (!opened.unfinished()) others = opened.unfinished().error();
      return noted;
    });
  }
  if (done && others) return complaint_.over();
  if (done) return complaint_.tell(others.error().message());
  complaint_.tell("files of certificates that were given out are not on the disk yet: " + done.error().message());
}

bool issue_queue::is_loose(const std::string& serial) {
  const std::scoped_lock lock(guard_);
  return loose_serials_.contains(serial);
}

}  // namespace mutual::ca_service
