#include "app/state.hpp"
#include "app/workers.hpp"
#include "base/text.hpp"
#include "http/field_writer.hpp"
#include "http/request_parser.hpp"
#include "http/response_writer.hpp"

#include <mutual/problem.hpp>
#include <mutual/test_client.hpp>

#include <boost/json/parse.hpp>

#include <algorithm>
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

// The body as the client would get it: what the head that was written allows, and of a source all that it gives.
task<> take_body(response& answer, const http::written_head& head, test_response& out) {
  if (head.body == http::body_kind::none) co_return;
  if (!answer.source) {
    out.body = std::move(answer.body);
    co_return;
  }
  try {
    while (true) {
      task<std::optional<std::string>> next_piece = answer.source();
      std::optional<std::string> piece = co_await next_piece;
      if (!piece) break;
      if (head.body == http::body_kind::length && out.body.size() + piece->size() > *answer.length) {
        out.cut_off = true;
        co_return;
      }
      out.body += *piece;
    }
    out.cut_off = head.body == http::body_kind::length && out.body.size() < *answer.length;
  } catch (...) {
    out.cut_off = true;
  }
}

// Without what the server writes itself, whatever the handler says.
fields end_to_end(const fields& all) {
  fields out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (http::is_hop_by_hop(all[i].name) || text::iequals(all[i].name, "Content-Length")) continue;
    out.add(all[i].name, all[i].value);
  }
  return out;
}

root await_all(app& service, request& outgoing, test_response& out) {
  http::response_terms terms;
  terms.version_minor = outgoing.version_minor;
  terms.to_head = outgoing.method == "HEAD";
  task<response> work = service.handle(outgoing, &out.notes);
  response answer = co_await work;
  std::string written;
  auto head = http::write_response_head(written, answer, terms);
  if (!head) {
    service.state().log.error("an answer could not be sent: " + head.error().message());
    answer = problem::internal("the server could not answer this request").to_response();
    head = http::write_response_head(written, answer, terms);
  }
  out.status = answer.status;
  out.headers = end_to_end(answer.headers);
  task<> rest = take_body(answer, *head, out);
  co_await rest;
}

test_response told(const problem& what, bool to_head) {
  response answer = what.to_response();
  test_response out;
  out.status = answer.status;
  out.headers = std::move(answer.headers);
  if (!to_head) out.body = std::move(answer.body);
  return out;
}

// The request as bytes, whatever is in it: the parser says what the server would have said to them.
std::string head_of(const request& outgoing) {
  std::string out =
      outgoing.method + " " + outgoing.target + " HTTP/1." + std::to_string(outgoing.version_minor) + "\r\n";
  if (!outgoing.headers.contains("Host")) out += "Host: localhost\r\n";
  for (std::size_t i = 0; i < outgoing.headers.size(); ++i) {
    const auto field = outgoing.headers[i];
    if (text::iequals(field.name, "Content-Length") || text::iequals(field.name, "Transfer-Encoding")) continue;
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  if (!outgoing.body.empty()) out += "Content-Length: " + std::to_string(outgoing.body.size()) + "\r\n";
  return out + "\r\n";
}

request made(std::string_view method, std::string_view target, const fields& headers = {}) {
  request out;
  out.headers = headers;
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

// As a server would give it: in pieces, whatever their size.
body_source pieces_of(std::string body) {
  constexpr std::size_t piece = std::size_t{16} * 1024;
  return [body = std::move(body), at = std::size_t{0}]() mutable -> task<std::optional<std::string>> {
    if (at == body.size()) co_return std::nullopt;
    std::string next = body.substr(at, piece);
    at += next.size();
    co_return next;
  };
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

test_response test_client::get(std::string_view target, const fields& headers) {
  return send(made("GET", target, headers));
}
test_response test_client::head(std::string_view target, const fields& headers) {
  return send(made("HEAD", target, headers));
}
test_response test_client::del(std::string_view target, const fields& headers) {
  return send(made("DELETE", target, headers));
}
test_response test_client::options(std::string_view target, const fields& headers) {
  return send(made("OPTIONS", target, headers));
}

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
  http::limits bounds;
  bounds.body_bytes = std::max(bounds.body_bytes, outgoing.body.size());
  http::request_parser parser(bounds);
  const bool to_head = outgoing.method == "HEAD";
  const auto refused = [&] { return told(problem(parser.failure().status, parser.failure().detail), to_head); };
  // On the wire, a line's end within a field would begin another field.
  if (const auto sound = http::check_fields(outgoing.headers); !sound) {
    return told(problem::bad_request(sound.error().message()), to_head);
  }
  const std::string head = head_of(outgoing);
  const auto read = parser.feed(head);
  if (read.state == http::parse_state::failed) return refused();
  if (read.state != http::parse_state::head_done || read.consumed != head.size()) {
    return told(problem::bad_request("the request is not one: a line's end is where none can be"), to_head);
  }
  request& arrived = parser.message();
  arrived.connection = outgoing.connection ? outgoing.connection : connection_;
  arrived.trailers = outgoing.trailers;
  if (parser.has_body()) {
    const admission may = app_.admit(arrived);
    arrived.body_unread = !may.wants_body;
    if (may.wants_body && !parser.limit_body(may.body_limit.value_or(serve_limits{}.body_bytes))) return refused();
    if (may.wants_body && may.streams) {
      arrived.source = pieces_of(std::move(outgoing.body));
    } else if (may.wants_body) {
      arrived.body = std::move(outgoing.body);
    }
  }
  test_response out;
  const home_scope here(loop_->home);
  const root work = await_all(app_, arrived, out);
  work.coroutine.resume();
  while (!work.coroutine.done()) loop_->take()();
  return out;
}

}  // namespace mutual
