#include "app/chain.hpp"
#include "app/encoded_body.hpp"
#include "app/locate.hpp"
#include "app/server_metrics.hpp"
#include "app/state.hpp"

#include <mutual/app.hpp>
#include <mutual/offload.hpp>

#include <exception>
#include <mutex>
#include <stdexcept>

namespace mutual {
namespace {

// One request on its way: it holds what must stay where it is until the answer is there.
class exchange {
 public:
  exchange(const detail::app_state& state, handling& notes) : state_(state), notes_(notes) {}

  // Through the app's middleware.
  task<response> run(request& incoming) {
    if (state_.table->around.empty()) return route(incoming);
    outer_.emplace(detail::chain{state_, notes_, state_.table->around, [this](request& r) { return route(r); }});
    return next(&*outer_, 0)(incoming);
  }

  // Of those that need none of that and nothing to wait for.
  std::optional<response> run_at_once(request& incoming) {
    if (!state_.table->around.empty()) return std::nullopt;
    found_ = locate(*state_.table, incoming, notes_);
    if (found_.answer) return std::move(found_.answer);
    const detail::bound_handler& handler = found_.route->handler;
    if (!found_.route->around.empty() || handler.blocks || handler.later) return std::nullopt;
    if (auto refused = without_its_body(incoming)) return refused;
    try {
      return call_now(incoming);
    } catch (...) {
      return failure_response(state_, incoming, notes_, std::current_exception());
    }
  }

 private:
  // To the route, its policy, and through its groups' middleware.
  task<response> route(request& incoming) {
    found_ = locate(*state_.table, incoming, notes_);
    if (found_.answer) return ready(std::move(*found_.answer));
    if (auto refused = without_its_body(incoming)) return ready(*std::move(refused));
    if (found_.route->around.empty()) return call(incoming);
    inner_.emplace(detail::chain{state_, notes_, found_.route->around, [this](request& r) { return call(r); }});
    return next(&*inner_, 0)(incoming);
  }

  // A middleware may have led the request here after its body was judged by another route's terms. No handler must take
  // a body that was not read for an empty one, or get one that is larger than its route takes.
  std::optional<response> without_its_body(const request& incoming) {
    if (incoming.body_unread) {
      return misled(
          incoming,
          "a middleware led the request to a route, but its body was not read, for at its own target it would "
          "have been refused: give that target a route too");
    }
    if (incoming.source && !found_.route->handler.streams) {
      return misled(incoming,
                    "a middleware led the request to a route that takes its body whole, but at its own target the body "
                    "is read piece by piece: let both handlers take a body_stream, or neither");
    }
    const auto limit = found_.route->body_limit;
    if (!limit || incoming.body.size() <= *limit) return std::nullopt;
    return problem::too_large("the body is larger than the " + std::to_string(*limit) + " bytes that this path takes")
        .to_response();
  }

  response misled(const request& incoming, const char* how) {
    return failure_response(state_, incoming, notes_, std::make_exception_ptr(std::logic_error(how)));
  }

  response call_now(request& incoming) {
    if (const auto refused = refuse_encoded(incoming)) throw *refused;
    detail::call with{incoming, found_.parameters};
    return found_.route->handler.now(with);
  }

  // To the handler.
  task<response> call(request& incoming) {
    std::exception_ptr thrown;
    try {
      const detail::bound_handler& handler = found_.route->handler;
      if (!handler.blocks && !handler.later) co_return call_now(incoming);
      if (const auto refused = refuse_encoded(incoming)) throw *refused;
      detail::call with{incoming, found_.parameters};
      if (handler.blocks) {
        auto run = [&] { return handler.now(with); };
        response given = co_await offload(run);
        co_return given;
      }
      task<response> work = handler.later(with);
      response answer = co_await work;
      co_return answer;
    } catch (...) {
      thrown = std::current_exception();
    }
    co_return failure_response(state_, incoming, notes_, thrown);
  }

  static task<response> ready(response answer) { co_return answer; }

  const detail::app_state& state_;
  handling& notes_;
  located found_;
  std::optional<detail::chain> outer_, inner_;
};

}  // namespace

app::app() : app(std::make_unique<detail::app_state>()) {}
app::app(std::unique_ptr<detail::app_state> state) : routes(state->routes, 0), state_(std::move(state)) {}
app::~app() = default;

app& app::log_to(std::function<void(std::string_view line)> sink) {
  state_->log_is_the_programs = true;
  state_->log = logger([sink = std::move(sink)](log_level, std::string_view line) { sink(line); });
  return *this;
}

app& app::workers(unsigned threads, std::size_t waiting) {
  state_->routes->check_open("the number of workers");
  state_->workers = std::make_unique<worker_pool>(threads == 0 ? 4 : threads, waiting);
  return *this;
}

app& app::on_revoked(std::function<void(const peer& who)> handler) {
  state_->routes->check_open("on_revoked");
  state_->on_revoked.push_back(std::move(handler));
  return *this;
}

void app::stop() {
  const std::scoped_lock lock(state_->stopping);
  state_->stop_asked = true;
  if (state_->stopper) state_->stopper();
}

std::vector<revocation_list> app::revocation_lists() const {
  const std::scoped_lock lock(state_->stopping);
  return state_->running == nullptr ? std::vector<revocation_list>() : lists_of(*state_->running);
}

void app::freeze() {
  if (state_->table) return;
  state_->routes->frozen = true;
  state_->table = make_table(*state_->routes);
}

admission app::admit(const request& head) const {
  handling unused;
  const located found = locate(*state_->table, head, unused);
  admission out;
  out.wants_body = found.route != nullptr;
  if (found.route != nullptr) {
    out.body_limit = found.route->body_limit;
    out.streams = found.route->handler.streams;
  }
  return out;
}

namespace {

// RFC 9110 section 15.4.5: a 304 says nothing of a body that is not sent.
void forget_type_of_304(response& answer) {
  if (answer.status != 304) return;
  answer.headers.remove("Content-Type");
  answer.length.reset();
}

}  // namespace

std::optional<response> app::handle_at_once(request& incoming, handling& notes) const {
  if (!incoming.connection) incoming.connection = std::make_shared<const connection_info>();
  auto answer = exchange(*state_, notes).run_at_once(incoming);
  if (answer) forget_type_of_304(*answer);
  return answer;
}

task<response> app::handle(request& incoming, handling* notes) const {
  handling own;
  exchange way(*state_, notes != nullptr ? *notes : own);
  if (!incoming.connection) incoming.connection = std::make_shared<const connection_info>();
  task<response> work = way.run(incoming);
  response answer = co_await work;
  forget_type_of_304(answer);
  co_return answer;
}

}  // namespace mutual
