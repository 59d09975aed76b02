#include "client/revocation_feed.hpp"

#include "base/clock.hpp"
#include "base/considerate.hpp"
#include "base/give_back.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "client/blocking.hpp"
#include "client/connection.hpp"
#include "client/event_reader.hpp"
#include "client/fetch_at.hpp"
#include "client/watch.hpp"
#include "http/abandonable.hpp"
#include "net/resolve_aside.hpp"
#include "x509/digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace mutual::client {
namespace {

constexpr auto changes_at = "/changes";
constexpr auto lists_at = "/crl/all.pem";

error unexpected(const url& where, const response& head) {
  return {errc::protocol, fmt::format("{} answers {} {}: it should be a mutual ca serve, and let this server in",
                                      text::printable(where.to_string()), head.status, status_phrase(head.status))};
}

url at(url base, const char* target) {
  base.target = target;
  return base;
}

// Several machines may answer to one name, each with lists of its own, and the one that announces need not be the one
// that is asked.
error not_as_announced(const url& where) {
  return {errc::protocol,
          fmt::format("the lists that {} gives are not those that it has announced: if several machines answer to that "
                      "name, they do not agree yet",
                      text::printable(where.authority()))};
}

}  // namespace

std::chrono::milliseconds with_jitter(std::chrono::milliseconds wait) {
  const auto bytes = random_bytes(2);
  const auto chance = static_cast<unsigned char>(bytes[0]) * 256 + static_cast<unsigned char>(bytes[1]);
  return wait / 2 + wait * chance / 2 / 65535;
}

revocation_feed::~revocation_feed() {
  if (!thread_.joinable()) return;
  loop_.post([this] {
    if (running_ != nullptr) running_->give_up();
  });
  thread_.join();
}

result<std::string> revocation_feed::fetch_now(std::function<bool()> given_up) {
  return run_to_end(loop_, fetch_in_time(std::move(given_up)));
}

void revocation_feed::start() {
  wait_ = how_.first_wait;
  thread_ = std::thread([this] {
    loop_.spawn(run());
    loop_.run();
  });
}

task<> revocation_feed::run() {
  http::abandonable work(follow());
  running_ = &work;
  co_await work;
  running_ = nullptr;
  loop_.stop();
}

task<> revocation_feed::follow() {
  for (;;) {
    // Nobody waits for this task: what it lets through (no memory for a large list) would end the program.
    try {
      auto listening = listen();
      auto ended = co_await std::move(listening);
      if (!ended) tell_lost(ended.error());
    } catch (const std::exception& thrown) {
      tell_lost(error(errc::internal, thrown.what()));
    }
    co_await loop_.sleep(with_jitter(wait_));
    wait_ = std::min(wait_ * 2, how_.longest_wait);
  }
}

// Once for each cause, and again when it has come back in between.
void revocation_feed::tell_lost(const error& why) {
  if (told_ == why.message()) return;
  told_ = why.message();
  how_.log.warn(fmt::format("the change feed of {} is lost, and the revocation lists stay as they are: {}",
                            text::printable(how_.where.authority()), text::printable(told_, 1024)));
}

task<result<>> revocation_feed::listen() {
  auto with = how_.connect_with();
  if (!with) co_return std::move(with).error();
  with->timeouts.idle = how_.silence;
  auto looking = look_up();
  auto addresses = co_await std::move(looking);
  if (!addresses) co_return std::move(addresses).error();
  connection to(loop_, *std::move(with));
  auto opening = to.open_at(at(how_.where, changes_at), *std::move(addresses));
  auto opened = co_await std::move(opening);
  if (!opened) co_return std::move(opened).error();
  request asked;
  asked.target = changes_at;
  asked.headers.set("Accept", "text/event-stream");
  auto sending = to.send(asked);
  auto sent = co_await std::move(sending);
  if (!sent) co_return std::move(sent).error();
  auto receiving = to.receive_head();
  auto head = co_await std::move(receiving);
  if (!head) co_return std::move(head).error();
  if (head->status != 200) co_return unexpected(how_.where, *head);
  event_reader reader;
  for (;;) {
    auto reading = to.receive_piece();
    auto piece = co_await std::move(reading);
    if (!piece) co_return std::move(piece).error();
    if (!*piece) co_return error(errc::closed, "the authority has ended the stream");
    auto events = reader.take(**piece);
    if (!events) co_return std::move(events).error();
    if (events->empty()) continue;
    // Each says what is current; only the last counts.
    auto taking = take_up(events->back().id);
    auto taken = co_await std::move(taking);
    if (!taken) co_return std::move(taken).error();
    if (!std::exchange(told_, {}).empty()) {
      how_.log.info(fmt::format("the change feed of {} is followed again", text::printable(how_.where.authority())));
    }
    wait_ = how_.first_wait;
  }
}

task<result<>> revocation_feed::take_up(std::string id) {
  if (!id.empty() && id == held_) co_return result<>();
  std::function<bool()> never;
  auto fetching = fetch_in_time(std::move(never));
  auto pem = co_await std::move(fetching);
  if (!pem) co_return std::move(pem).error();
  co_return hand_over(std::move(id), *std::move(pem));
}

// What is not believed is told by whoever does not; what is held stays, and the next change is looked at anew.
result<> revocation_feed::hand_over(std::string id, std::string pem) {
  const considerate_scope here;  // requests are answered on the same cores
  const bool as_announced = x509::sha256_hex(pem) == id;
  if (as_announced && how_.take(pem)) held_ = std::move(id);
  give_back(std::move(pem));
  if (!as_announced) return not_as_announced(how_.where);
  return {};
}

// Each wait of a connection has its limit, but whoever sends a byte now and then could go on for ever.
task<result<std::string>> revocation_feed::fetch_in_time(std::function<bool()> given_up) {
  std::optional<result<std::string>> got;
  http::abandonable work(fetch_into(got));
  const auto end = net::loop::clock::now() + how_.longest_fetch;
  const watch limit(loop_, work, [given_up = std::move(given_up), end] {
    return net::loop::clock::now() >= end || (given_up && given_up());
  });
  co_await work;
  if (got) co_return *std::move(got);
  co_return error(errc::timed_out, fmt::format("the revocation lists of {} have not come whole within {}",
                                               text::printable(how_.where.authority()),
                                               to_words(std::chrono::ceil<std::chrono::seconds>(how_.longest_fetch))));
}

task<result<std::vector<net::endpoint>>> revocation_feed::look_up() {
  net::host_port name;
  name.host = how_.where.host;
  name.port = how_.where.port;
  return net::resolve_aside(loop_, std::move(name));
}

task<> revocation_feed::fetch_into(std::optional<result<std::string>>& got) {
  auto fetching = fetch_lists();
  auto fetched = co_await std::move(fetching);
  got.emplace(std::move(fetched));
}

task<result<std::string>> revocation_feed::fetch_lists() {
  auto with = how_.connect_with();
  if (!with) co_return std::move(with).error();
  with->limits.body_bytes = how_.most_bytes;
  request asked;
  auto looking = look_up();
  auto addresses = co_await std::move(looking);
  if (!addresses) co_return std::move(addresses).error();
  auto fetching = fetch_at(loop_, at(how_.where, lists_at), *std::move(addresses), *std::move(with), std::move(asked));
  auto got = co_await std::move(fetching);
  if (!got.answer) {
    if (got.failure) co_return *std::move(got.failure);
    co_return error(errc::closed, "the authority has not answered");
  }
  if (got.answer->status != 200) co_return unexpected(how_.where, *got.answer);
  co_return std::move(got.answer->body);
}

}  // namespace mutual::client
