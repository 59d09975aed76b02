#include "app/state.hpp"
#include "app/workers.hpp"

#include <mutual/problem.hpp>
#include <mutual/test_client.hpp>

#include <boost/json/parse.hpp>

#include <condition_variable>
#include <coroutine>
#include <exception>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace mutual {

// Runs what is posted, and what is due, in the thread that waits for a task.
struct test_client::loop {
  using clock = std::chrono::steady_clock;

  explicit loop(worker_pool& workers) {
    home.workers = &workers;
    home.post = [this](std::function<void()> work) {
      const std::lock_guard lock(mutex);
      posted.push_back(std::move(work));
      wake.notify_one();
    };
    home.after = [this](std::chrono::nanoseconds span, std::function<void()> work) {
      timers.emplace(clock::now() + span, std::move(work));
    };
  }

  // The next thing to do; waits for it.
  std::function<void()> take() {
    std::unique_lock lock(mutex);
    const auto any_posted = [this] { return !posted.empty(); };
    if (timers.empty()) {
      wake.wait(lock, any_posted);
    } else if (!wake.wait_until(lock, timers.begin()->first, any_posted)) {
      return std::move(timers.extract(timers.begin()).mapped());
    }
    auto first = std::move(posted.front());
    posted.erase(posted.begin());
    return first;
  }

  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::function<void()>> posted;
  std::multimap<clock::time_point, std::function<void()>> timers;
  home_thread home;
};

namespace {

// The coroutine at the bottom: nobody awaits it, so it is started by hand.
struct root {
  struct promise_type {
    root get_return_object() { return root{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  explicit root(std::coroutine_handle<promise_type> started) : coroutine(started) {}
  root(root&& other) noexcept : coroutine(std::exchange(other.coroutine, nullptr)) {}
  root& operator=(root&&) = delete;
  ~root() {
    if (coroutine) coroutine.destroy();
  }
  std::coroutine_handle<promise_type> coroutine;
};

root await_all(const app& service, request& outgoing, test_response& out) {
  task<response> work = service.handle(outgoing, &out.notes);
  response answer = co_await work;
  out.status = answer.status;
  out.headers = std::move(answer.headers);
  out.body = answer.source ? std::string() : std::move(answer.body);
  if (!answer.source || outgoing.method == "HEAD") co_return;
  try {
    while (true) {
      task<std::optional<std::string>> next_piece = answer.source();
      std::optional<std::string> piece = co_await next_piece;
      if (!piece) break;
      out.body += *piece;
    }
  } catch (...) {
    out.cut_off = true;
  }
}

test_response told(const problem& what) {
  response answer = what.to_response();
  test_response out;
  out.status = answer.status;
  out.headers = std::move(answer.headers);
  out.body = std::move(answer.body);
  return out;
}

request made(std::string_view method, std::string_view target) {
  request out;
  out.method = method;
  out.target = target;
  return out;
}

request made(std::string_view method, std::string_view target, std::string body, std::string_view type) {
  request out = made(method, target);
  out.body = std::move(body);
  if (!type.empty()) out.headers.set("Content-Type", type);
  return out;
}

std::shared_ptr<connection_info> loopback() {
  auto out = std::make_shared<connection_info>();
  out->remote_address = "127.0.0.1";
  out->remote_port = 49152;
  return out;
}

}  // namespace

boost::json::value test_response::json() const {
  boost::system::error_code failure;
  boost::json::value out = boost::json::parse(body, failure);
  if (failure) throw std::runtime_error("the body is not JSON: " + body);
  return out;
}

test_client::test_client(app& service) : app_(service), connection_(loopback()) {
  app_.freeze();
  loop_ = std::make_unique<loop>(*app_.state().workers);
}
test_client::~test_client() = default;

test_client& test_client::as(const peer& who) {
  auto info = loopback();
  info->secure = true;
  info->tls_version = "TLSv1.3";
  info->who = std::make_shared<const peer>(who);
  connection_ = std::move(info);
  return *this;
}

test_client& test_client::as_stranger() {
  connection_ = loopback();
  return *this;
}

test_response test_client::get(std::string_view target) { return send(made("GET", target)); }
test_response test_client::head(std::string_view target) { return send(made("HEAD", target)); }
test_response test_client::del(std::string_view target) { return send(made("DELETE", target)); }
test_response test_client::options(std::string_view target) { return send(made("OPTIONS", target)); }

test_response test_client::post(std::string_view target, std::string body, std::string_view type) {
  return send(made("POST", target, std::move(body), type));
}
test_response test_client::put(std::string_view target, std::string body, std::string_view type) {
  return send(made("PUT", target, std::move(body), type));
}
test_response test_client::patch(std::string_view target, std::string body, std::string_view type) {
  return send(made("PATCH", target, std::move(body), type));
}

test_response test_client::send(request outgoing) {
  if (!outgoing.connection) outgoing.connection = connection_;
  const admission may = app_.admit(outgoing);
  if (may.wants_body && outgoing.body.size() > may.body_limit.value_or(serve_limits{}.body_bytes)) {
    return told(problem::too_large("the body is larger than this path takes"));
  }
  test_response out;
  {
    const home_scope here(loop_->home);
    const root work = await_all(app_, outgoing, out);
    work.coroutine.resume();
    while (!work.coroutine.done()) loop_->take()();
  }
  if (outgoing.method == "HEAD") out.body.clear();
  return out;
}

}  // namespace mutual
