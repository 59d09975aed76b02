#include "client/ocsp_messenger.hpp"

#include "base/text.hpp"
#include "client/fetch_at.hpp"
#include "client/watch.hpp"
#include "http/abandonable.hpp"
#include "net/resolve_aside.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace mutual::client {
namespace {

error stopping() { return {errc::closed, "the service is stopping"}; }

bool is_answer(const response& got) {
  const auto type = text::lower(got.headers.get("Content-Type").value_or(""));
  return got.status == 200 && type.substr(0, type.find(';')) == "application/ocsp-response";
}

}  // namespace

ocsp_messenger::ocsp_messenger(messenger_limits within) : within_(within), thread_([this] { loop_.run(); }) {}

ocsp_messenger::~ocsp_messenger() { stop(); }

void ocsp_messenger::carry(tls::ocsp_question_to what) {
  {
    const std::scoped_lock lock(guard_);
    if (!stopped_) {
      loop_.post([this, what = std::move(what)] { take(what); });
      return;
    }
  }
  what.heard(stopping());
}

void ocsp_messenger::stop() {
  {
    const std::scoped_lock lock(guard_);
    if (std::exchange(stopped_, true)) return;
    loop_.post([this] { give_up_all(); });
  }
  thread_.join();
}

void ocsp_messenger::give_up_all() {
  leaving_ = true;
  for (auto left = std::exchange(waiting_, {}); !left.empty(); left.pop_front()) left.front().what.heard(stopping());
  while (!under_way_.empty()) under_way_.front()->give_up();  // takes itself off the list
  leave();
}

void ocsp_messenger::leave() {
  if (leaving_ && under_way_.empty()) loop_.stop();
}

void ocsp_messenger::take(tls::ocsp_question_to what) {
  auto where = parse_url(what.url);
  if (!where) return what.heard(std::move(where).error());
  // An answer over TLS would need somebody to say whether that certificate is revoked.
  if (where->secure) return what.heard(error(errc::bad_usage, "OCSP responders are asked over http:// alone"));
  if (waiting_.size() >= within_.most_waiting) {
    return what.heard(error(errc::limit_exceeded, "too many questions wait for OCSP responders"));
  }
  waiting_.push_back({std::move(what), *std::move(where), clock::now() + within_.patience});
  begin_next();
}

void ocsp_messenger::begin_next() {
  const auto may_go = [this](const errand& one) {
    const auto found = to_each_.find(one.where.authority());
    return found == to_each_.end() || found->second < within_.most_for_each;
  };
  while (under_way_.size() < within_.most_under_way) {
    const auto next = std::find_if(waiting_.begin(), waiting_.end(), may_go);
    if (next == waiting_.end()) return;
    auto one = std::move(*next);
    waiting_.erase(next);
    loop_.spawn(run(std::move(one)));
  }
}

task<> ocsp_messenger::run(errand one) {
  std::optional<result<std::string>> got;
  const auto host = one.where.authority();
  {
    http::abandonable work(fetch_into(one, got));
    const auto place = under_way_.insert(under_way_.end(), &work);
    ++to_each_[host];
    const watch limit(loop_, work, [end = one.end] { return clock::now() >= end; });
    co_await work;
    under_way_.erase(place);
    if (--to_each_[host] == 0) to_each_.erase(host);
  }
  if (!got && leaving_) got.emplace(stopping());
  if (!got)
    got.emplace(error(errc::timed_out, fmt::format("no answer has come whole within {} ms", within_.patience.count())));
  one.what.heard(*std::move(got));
  begin_next();
  leave();
}

// Nobody waits for this task: what it lets through would end the program.
task<> ocsp_messenger::fetch_into(const errand& one, std::optional<result<std::string>>& got) {
  try {
    auto fetching = fetch(one);
    auto fetched = co_await std::move(fetching);
    got.emplace(std::move(fetched));
  } catch (const std::exception& thrown) {
    got.emplace(error(errc::internal, thrown.what()));
  }
}

task<result<std::string>> ocsp_messenger::fetch(const errand& one) {
  if (clock::now() >= one.end) co_return error(errc::timed_out, "too many questions came before it");
  auto der = one.what.question();
  if (!der) co_return std::move(der).error();
  net::host_port name;
  name.host = one.where.host;
  name.port = one.where.port;
  auto looking = net::resolve_aside(loop_, std::move(name));
  auto addresses = co_await std::move(looking);
  if (!addresses) co_return std::move(addresses).error();
  options with;
  with.limits.body_bytes = within_.most_bytes;
  with.timeouts.connect = with.timeouts.head = with.timeouts.idle = with.timeouts.write = within_.patience;
  request asked;
  asked.method = "POST";
  asked.headers.set("Content-Type", "application/ocsp-request");
  asked.headers.set("Accept", "application/ocsp-response");
  asked.headers.set("Connection", "close");
  asked.body = *std::move(der);
  auto fetching = fetch_at(loop_, one.where, *std::move(addresses), std::move(with), std::move(asked));
  auto answered = co_await std::move(fetching);
  if (answered.failure) co_return *std::move(answered.failure);
  if (!answered.answer) co_return error(errc::closed, "the responder has not answered");
  if (is_answer(*answered.answer)) co_return std::move(answered.answer->body);
  co_return error(errc::protocol,
                  fmt::format("what answers there is no OCSP responder (HTTP status {})", answered.answer->status));
}

}  // namespace mutual::client
