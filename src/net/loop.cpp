#include "net/loop.hpp"

#include "net/loop_impl.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mutual::net {
namespace {

constexpr int looks_at_once = 64;

// About one handshake. Those who stand behind have as long as all the others have taken, timers and what was posted
// with them, if that is more: a server that is never idle goes on letting people in.
constexpr auto least_for_those_behind = std::chrono::microseconds(300);

// Enough to make a system call worth its while, and so little that it stays in the nearest caches on its way.
constexpr std::size_t clear_bytes = std::size_t{32} * 1024;

// A coroutine that owns a task and has nobody to report to.
struct detached {
  struct promise_type {
    detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    // Whoever spawns a task catches inside it; what escapes is a mistake that must not be served around.
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

detached run_detached(task<> work) { co_await std::move(work); }

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

loop::impl::impl() : events(::epoll_create1(EPOLL_CLOEXEC)), bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!events || !bell) fail("cannot wait for sockets");
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  if (::epoll_ctl(events.get(), EPOLL_CTL_ADD, bell.get(), &wanted) != 0) fail("cannot wait for sockets");
}

void loop::impl::ring() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(bell.get(), &one, sizeof one);
}

bool loop::impl::has_work() {
  const std::scoped_lock lock(guard);
  return waits > 0 || !timers.empty() || !posted.empty() || !ready.empty() || !behind.empty();
}

// How long epoll may wait, in milliseconds; -1 for ever. Rounded up: nothing is done before its time.
int loop::impl::patience(clock::time_point now) const {
  if (has_posted.load(std::memory_order_acquire) || !ready.empty() || !behind.empty()) return 0;
  if (timers.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers.begin()->first - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

bool loop::impl::collect(int timeout) {
  for (int looks = 0; looks < looks_at_once; ++looks) {
    const int count = ::epoll_wait(events.get(), seen.data(), static_cast<int>(seen.size()), looks == 0 ? timeout : 0);
    for (int at = 0; at < count; ++at) {
      const auto& one = seen[static_cast<std::size_t>(at)];
      if (one.data.ptr != nullptr) {
        static_cast<socket*>(one.data.ptr)->notice(one.events);
        continue;
      }
      std::uint64_t rung = 0;
      [[maybe_unused]] const auto got = ::read(bell.get(), &rung, sizeof rung);
    }
    // There may be more, and among it one who comes before all those.
    if (count < static_cast<int>(seen.size())) return looks > 0 || count > 0;
  }
  return true;
}

void loop::impl::resume_ready() {
  // Those who wait again meanwhile come after those who wait for their first turn.
  line now;
  now.splice(now.end(), ready);
  while (!now.empty()) {
    socket& next = now.front();
    now.pop_front();
    next.resume();
  }
}

// For so long, before there is another look at who comes before them; one at least. Who waits again meanwhile and is
// ready, as a listener is that others wait at, comes to its next turn within the same time.
void loop::impl::resume_those_behind(clock::duration at_least) {
  const auto enough = clock::now() + std::max<clock::duration>(at_least, least_for_those_behind);
  while (!behind.empty()) {
    socket& next = behind.front();
    behind.pop_front();
    next.resume();
    if (clock::now() >= enough) return;
  }
}

void loop::impl::run_posted() {
  if (!has_posted.load(std::memory_order_acquire)) return;
  std::vector<std::function<void()>> now;
  {
    const std::scoped_lock lock(guard);
    now.swap(posted);
    has_posted.store(false, std::memory_order_relaxed);
  }
  for (const auto& work : now) work();
}

void loop::impl::run_due(clock::time_point now) {
  while (!timers.empty() && timers.begin()->first <= now) {
    auto due = timers.extract(timers.begin());
    due.mapped()();
  }
}

void loop::impl::turn() {
  const auto began = clock::now();
  const bool waited_in_vain = !collect(patience(began));
  // While there is always something to do, the clock is read once a turn: what falls due meanwhile is the next turn's.
  const bool crowded = !behind.empty();
  const auto looked = waited_in_vain || crowded ? clock::now() : began;
  resume_ready();
  run_due(looked);
  run_posted();
  if (!behind.empty()) resume_those_behind(crowded ? clock::now() - looked : clock::duration::zero());
}

loop::loop() : impl_(std::make_unique<impl>()) { impl_->deadlines = std::make_unique<deadline_wheel>(*this); }

loop::~loop() = default;

void loop::run() {
  impl_->running_on = std::this_thread::get_id();
  while (!impl_->stopped) impl_->turn();
  impl_->running_on = std::thread::id();
  impl_->stopped = false;
}

void loop::run_until_idle() {
  impl_->running_on = std::this_thread::get_id();
  while (!impl_->stopped && impl_->has_work()) impl_->turn();
  impl_->running_on = std::thread::id();
  impl_->stopped = false;
}

void loop::stop() {
  impl_->stopped = true;
  impl_->ring();
}

void loop::post(std::function<void()> work) {
  {
    const std::scoped_lock lock(impl_->guard);
    impl_->posted.push_back(std::move(work));
    impl_->has_posted.store(true, std::memory_order_release);
  }
  // The loop's own thread looks anyway, before it waits.
  if (impl_->running_on != std::this_thread::get_id()) impl_->ring();
}

void loop::spawn(task<> work) { run_detached(std::move(work)); }

loop::sleep_awaiter loop::sleep(std::chrono::milliseconds duration) { return {*this, duration}; }

void loop::after(std::chrono::nanoseconds duration, std::function<void()> work) {
  impl_->timers.emplace(clock::now() + duration, std::move(work));
}

loop::sleep_awaiter loop::yield() { return {*this, std::chrono::milliseconds(0)}; }

void loop::sleep_awaiter::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = std::make_shared<std::coroutine_handle<>>(waiter);
  auto wake = [kept = waiter_] {
    if (*kept) kept->resume();
  };
  // What is posted comes after the sockets' turn; a timer that is due would come before the next look at them.
  if (duration_ == std::chrono::milliseconds(0)) return owner_.post(std::move(wake));
  owner_.after(duration_, std::move(wake));
}

std::span<char> loop::scratch() { return impl_->scratch; }

std::span<char> loop::clear() {
  if (impl_->clear.empty()) impl_->clear.resize(clear_bytes);
  return impl_->clear;
}

std::span<char> loop::sealed() {
  // With what the largest record may take, whatever it holds (RFC 5246 section 6.2.3), there is room for the last one.
  constexpr std::size_t size = clear_bytes + std::size_t{24} * 1024;
  if (impl_->sealed.empty()) impl_->sealed.resize(size);
  return impl_->sealed;
}

deadline_wheel& loop::deadlines() { return *impl_->deadlines; }

}  // namespace mutual::net
