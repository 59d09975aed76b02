#include "app/origin.hpp"
#include "base/characters.hpp"
#include "base/random.hpp"

#include <mutual/middleware.hpp>

#include <algorithm>

namespace mutual {
namespace {

// Coroutines are functions of their own here: a coroutine lambda's captures would have to outlive each call.
task<response> run_before(const std::function<std::optional<response>(request&)>& look, request& incoming, next inner) {
  std::optional<response> early = look(incoming);
  if (early) co_return std::move(*early);
  task<response> work = inner(incoming);
  response answer = co_await work;
  co_return answer;
}

task<response> run_after(const std::function<void(const request&, response&)>& change, request& incoming, next inner) {
  task<response> work = inner(incoming);
  response answer = co_await work;
  change(incoming, answer);
  co_return answer;
}

bool is_request_id(std::string_view text) {
  const auto allowed = [](char c) { return text::is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed);
}

task<response> run_request_id(request& incoming, next inner) {
  const auto sent = incoming.headers.get("X-Request-Id");
  const std::string id = sent && is_request_id(*sent) ? std::string(*sent) : random_hex(16);
  incoming.headers.set("X-Request-Id", id);
  task<response> work = inner(incoming);
  response answer = co_await work;
  answer.headers.set("X-Request-Id", id);
  co_return answer;
}

void set_if_absent(fields& headers, std::string_view name, std::string_view value) {
  if (!headers.contains(name)) headers.set(name, value);
}

}  // namespace

middleware before(std::function<std::optional<response>(request&)> look) {
  return [look = std::move(look)](request& incoming, next inner) { return run_before(look, incoming, inner); };
}

middleware after(std::function<void(const request&, response&)> change) {
  return [change = std::move(change)](request& incoming, next inner) { return run_after(change, incoming, inner); };
}

middleware on_status(int status, std::function<void(const request&, response&)> change) {
  return after([status, change = std::move(change)](const request& incoming, response& answer) {
    if (answer.status == status) change(incoming, answer);
  });
}

middleware same_origin() {
  return before([](request& incoming) -> std::optional<response> {
    if (is_of_this_origin(incoming)) return std::nullopt;
    return of_another_origin().to_response();
  });
}

middleware request_id() { return run_request_id; }

middleware security_headers() {
  return after([](const request& incoming, response& answer) {
    set_if_absent(answer.headers, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    set_if_absent(answer.headers, "X-Content-Type-Options", "nosniff");
    set_if_absent(answer.headers, "Referrer-Policy", "no-referrer");
    set_if_absent(answer.headers, "Cache-Control", "no-store");
    if (incoming.connection && incoming.connection->secure) {
      set_if_absent(answer.headers, "Strict-Transport-Security", "max-age=31536000");
    }
  });
}

}  // namespace mutual
