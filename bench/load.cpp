// The load generator: certified clients, one thread, every operation counted and checked.
//
// Speaks with whoever started it by lines, so that what is measured is the load and nothing before or after it:
//   it prints "ready"      when its connections and sessions are there,
//   waits for a line,      loads,
//   prints a line of JSON  {"operations":1000,"seconds":1.234} and, in `idle`, holds its connections
//   until a further line.
// Any failure ends it with a sentence on standard error and exit code 1: a figure counts only if all went well.

#include "base/descriptor.hpp"
#include "load_client.hpp"
#include "load_options.hpp"
#include "load_visit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <iostream>
#include <string>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <thread>
#include <utility>
#include <vector>

namespace mutual::bench {
namespace {

using clock = std::chrono::steady_clock;

class load {
 public:
  load(const load_client& who, const load_options& how) : who_(who), how_(how), events_(::epoll_create1(0)) {}

  /// Brings the visits to where the load begins: sessions for `resumed`, connections for `keepalive`.
  bool prepare() {
    const bool connected = how_.mode == load_mode::resumed || how_.mode == load_mode::keepalive;
    const auto visits = how_.mode == load_mode::idle ? how_.count : how_.connections;
    for (std::size_t at = 0; at < visits; ++at) visits_.emplace_back(who_);
    if (!connected) return true;
    for (auto& one : visits_) {
      if (!begin(one, false)) return false;
    }
    if (!until_answered(visits_.size(), [](visit&) { return true; })) return false;
    if (how_.mode == load_mode::resumed) {
      for (auto& one : visits_) one.close();
    }
    return true;
  }

  bool run() {
    started_ = clock::now();
    answered_ = begun_ = 0;
    for (std::size_t at = 0; at < how_.connections && begun_ < how_.count; ++at) {
      if (!next(visits_[at])) return false;
    }
    return until_answered(how_.count, [this](visit& one) { return went_well(one) && (over() || next(one)); });
  }

  std::size_t answered() const { return answered_; }
  std::chrono::duration<double> took() const { return clock::now() - started_; }
  const std::string& why() const { return why_; }

 private:
  bool over() const { return begun_ >= how_.count || took() > how_.limit; }

  bool begin(visit& one, bool resume) {
    if (!one.open(resume)) return fail(one.why());
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLOUT | EPOLLET;
    wanted.data.ptr = &one;
    if (::epoll_ctl(events_.get(), EPOLL_CTL_ADD, one.fd(), &wanted) != 0) return fail("epoll_ctl failed");
    ++waiting_;
    return true;
  }

  // Starts the next operation when `one` has done its own: on it, or in `idle`, where it stays, on another.
  bool next(visit& one) {
    const auto at = begun_++;
    if (how_.mode == load_mode::idle) return begin(visits_[at], false);
    if (how_.mode == load_mode::keepalive) {
      ++waiting_;
      one.ask_again();
      return on(one);
    }
    return begin(one, how_.mode == load_mode::resumed);
  }

  bool went_well(visit& one) {
    if (how_.mode == load_mode::full || how_.mode == load_mode::resumed) {
      if (one.resumed() != (how_.mode == load_mode::resumed)) {
        return fail(one.resumed() ? "a session was resumed unasked" : "a session was not resumed");
      }
      one.close();
    }
    return true;
  }

  bool on(visit& one) {
    switch (one.step()) {
      case visit::outcome::waiting:
        return true;
      case visit::outcome::answered:
        ready_.push_back(&one);
        return true;
      case visit::outcome::failed:
        return fail(one.why());
    }
    return false;
  }

  // Serves the sockets until `wanted` answers have come or nobody waits any more; `then` is called after each.
  template <class Then>
  bool until_answered(std::size_t wanted, Then then) {
    std::array<epoll_event, 256> arrived{};
    for (;;) {
      while (!ready_.empty()) {
        visit& one = *ready_.front();
        ready_.pop_front();
        ++answered_;
        --waiting_;
        if (!then(one)) return false;
      }
      if (answered_ >= wanted || waiting_ == 0) return true;
      const int count = ::epoll_wait(events_.get(), arrived.data(), static_cast<int>(arrived.size()), 10'000);
      if (count == 0) return fail("the server has said nothing for ten seconds");
      if (count < 0 && errno != EINTR) return fail("epoll_wait failed");
      for (int at = 0; at < count; ++at) {
        if (!on(*static_cast<visit*>(arrived[static_cast<std::size_t>(at)].data.ptr))) return false;
      }
    }
  }

  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }

  const load_client& who_;
  const load_options& how_;
  descriptor events_;
  std::deque<visit> visits_;
  std::deque<visit*> ready_;
  std::size_t begun_ = 0;
  std::size_t answered_ = 0;
  std::size_t waiting_ = 0;
  clock::time_point started_;
  std::string why_;
};

// Waits for each socket's turn and keeps to a timetable: what a request takes is counted from when it was due, so that
// a server that falls behind is not asked less.
class paced_load {
 public:
  paced_load(const load_client& who, const load_options& how) : who_(who), how_(how) {}

  bool prepare() {
    for (std::size_t at = 0; at < how_.connections; ++at) visits_.emplace_back(who_);
    for (auto& one : visits_) {
      if (!one.open(false)) return fail(one.why());
      while (!is_done(one, why_)) {
        if (!why_.empty()) return false;
      }
      free_.push_back(&one);
    }
    return true;
  }

  bool run() {
    const auto apart = std::chrono::nanoseconds(1'000'000'000 / how_.rate);
    started_ = clock::now();
    for (std::size_t begun = 0; took_.size() < how_.count;) {
      if (busy_.empty()) rest_until(started_ + apart * static_cast<long>(begun));
      for (; begun < how_.count && clock::now() >= started_ + apart * static_cast<long>(begun); ++begun) {
        due_.push_back(started_ + apart * static_cast<long>(begun));
      }
      for (; !due_.empty() && !free_.empty(); due_.pop_front(), free_.pop_front()) {
        if (!begin(*free_.front())) return false;
        busy_.emplace_back(free_.front(), due_.front());
      }
      if (!look_at_all()) return false;
      if (clock::now() - started_ > how_.limit) return fail("the server does not keep up");
    }
    return true;
  }

  double seconds() const { return std::chrono::duration<double>(clock::now() - started_).count(); }
  std::size_t answered() const { return took_.size(); }
  const std::string& why() const { return why_; }

  // Those that took more than five milliseconds, as JSON: when each was due, in seconds from the beginning, and what it
  // took, in microseconds.
  const std::vector<std::string>& late() const { return late_; }

  // Microseconds within which that part of the requests was answered.
  double within(double part) {
    std::sort(took_.begin(), took_.end());
    return took_[std::min(took_.size() - 1, static_cast<std::size_t>(part * static_cast<double>(took_.size())))];
  }

 private:
  bool begin(visit& one) {
    if (how_.mode == load_mode::paced) {
      one.ask_again();
      return true;
    }
    one.close();
    return one.open(false) || fail(one.why());
  }

  static bool is_done(visit& one, std::string& why) {
    const auto state = one.step();
    if (state == visit::outcome::failed) why = one.why();
    return state == visit::outcome::answered;
  }

  // What else is on this core (a crowd, in bench/crowd) has it while there is nothing to do, and not a moment longer.
  static void rest_until(clock::time_point due) {
    constexpr auto to_wake_up = std::chrono::microseconds(100);
    if (due - clock::now() > to_wake_up) std::this_thread::sleep_until(due - to_wake_up);
  }

  // It looks, rather than be woken: the core is its own while an answer is due.
  bool look_at_all() {
    for (std::size_t at = 0; at < busy_.size();) {
      auto& [one, due] = busy_[at];
      if (!is_done(*one, why_)) {
        if (!why_.empty()) return false;
        ++at;
        continue;
      }
      took_.push_back(std::chrono::duration<double, std::micro>(clock::now() - due).count());
      if (took_.back() > 5000) {
        const std::chrono::duration<double> due_at = due - started_;
        late_.push_back(fmt::format("[{:.3f},{:.0f}]", due_at.count(), took_.back()));
      }
      free_.push_back(one);
      busy_.erase(busy_.begin() + static_cast<long>(at));
    }
    return true;
  }

  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }

  const load_client& who_;
  const load_options& how_;
  std::deque<visit> visits_;
  std::deque<visit*> free_;
  std::deque<clock::time_point> due_;
  std::vector<std::pair<visit*, clock::time_point>> busy_;
  std::vector<double> took_;
  std::vector<std::string> late_;
  clock::time_point started_;
  std::string why_;
};

int complain(std::string_view what) {
  fmt::print(stderr, "bench_load: {}\n", what);
  return 1;
}

void wait_for_line() {
  std::string line;
  std::getline(std::cin, line);
}

// As many descriptors as are allowed: `idle` needs one a connection.
void raise_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &files);
}

int run_paced(const load_client& who, const load_options& how) {
  paced_load work(who, how);
  if (!work.prepare()) return complain(work.why());
  fmt::print("ready\n");
  (void)std::fflush(stdout);
  wait_for_line();
  if (!work.run()) return complain(work.why());
  fmt::print("{{\"operations\":{},\"seconds\":{:.6f},\"p50\":{:.1f},\"p99\":{:.1f},\"worst\":{:.1f},\"late\":[{}]}}\n",
             work.answered(), work.seconds(), work.within(0.5), work.within(0.99), work.within(1),
             fmt::join(work.late(), ","));
  (void)std::fflush(stdout);
  wait_for_line();
  return 0;
}

int run(int count, char** words) {
  const auto options = read_options(count, words);
  if (!options) return complain(options.error().message());
  const auto who = load_client::make(*options);
  if (!who) return complain(who.error().message());
  raise_limit();
  (void)std::signal(SIGPIPE, SIG_IGN);

  if (options->mode == load_mode::paced || options->mode == load_mode::arrivals) return run_paced(*who, *options);
  load work(*who, *options);
  if (!work.prepare()) return complain(work.why());
  fmt::print("ready\n");
  (void)std::fflush(stdout);
  wait_for_line();
  if (!work.run()) return complain(work.why());
  fmt::print("{{\"operations\":{},\"seconds\":{:.6f}}}\n", work.answered(), work.took().count());
  (void)std::fflush(stdout);
  wait_for_line();
  return 0;
}

}  // namespace
}  // namespace mutual::bench

int main(int count, char** words) { return mutual::bench::run(count, words); }
