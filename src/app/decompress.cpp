#include "app/decode.hpp"
#include "app/decode_budget.hpp"
#include "app/encoded_body.hpp"
#include "base/text.hpp"

#include <mutual/compression.hpp>
#include <mutual/offload.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace mutual {
namespace {

// What takes a worker less time than being handed over.
constexpr std::size_t small_body = std::size_t{4} * 1024;

// What the decoders of one connection may hold, beside twice the largest body: four windows of zstd's, or two of br's.
constexpr std::size_t for_decoders = std::size_t{32} << 20U;

bool is_identity(const request& incoming) {
  const auto values = incoming.headers.get_all("Content-Encoding");
  return values.empty() || (values.size() == 1 && text::iequals(values.front(), "identity"));
}

// One coding, once: each more of them multiplies what a few bytes can become.
http::coding coding_of(const request& incoming) {
  const auto values = incoming.headers.get_all("Content-Encoding");
  const auto which = values.size() == 1 ? http::read_coding(values.front()) : std::nullopt;
  if (!which || *which == http::coding::identity) throw unknown_coding("gzip, br, zstd");
  return *which;
}

bool is_known_coding(const request& incoming) {
  const auto values = incoming.headers.get_all("Content-Encoding");
  return values.size() == 1 && http::read_coding(values.front()).has_value();
}

// What a body may become: so much in all, and no more than so many times what has come of it, once it is worth a word.
struct growth {
  std::size_t most;
  std::size_t most_times;

  std::size_t allowed(std::size_t came) const {
    constexpr std::size_t always = std::size_t{1} << 20U;
    const bool countless = most_times != 0 && came > most / most_times;
    return countless ? most : std::min(most, std::max(always, came * most_times));
  }
};

std::string too_large(const growth& may, std::size_t allowed) {
  if (allowed == may.most) {
    return "the body is larger than " + std::to_string(may.most) + " bytes when it is decompressed";
  }
  return "the body grows to more than " + std::to_string(may.most_times) +
         " times what was sent when it is decompressed";
}

std::string broken(http::coding how) {
  return "the body is not " + std::string(http::to_string(how)) + " from its first byte to its last";
}

constexpr std::string_view no_room =
    "too many bodies are being decompressed for this connection; try again when others are done";

task<std::string> decoded_body(http::coding how, std::string_view body, growth may, decode_budget::share& held) {
  std::string out;
  auto outcome = decoded::broken;
  const auto most = may.allowed(body.size());
  const auto may_hold = [&held](std::size_t bytes) { return held.hold(bytes); };
  auto work = [&] { outcome = decode(how, body, most, out, may_hold); };
  if (body.size() <= small_body && most <= 16 * small_body) {
    work();
  } else {
    co_await offload(work);
  }
  if (outcome == decoded::too_large) throw problem::too_large(too_large(may, most));
  if (outcome == decoded::broken) throw problem::bad_request(broken(how));
  if (outcome == decoded::no_room) throw problem::unavailable(std::string(no_room)).header("Retry-After", "1");
  (void)held.hold(out.capacity());  // the decoder has gone
  co_return out;
}

// A request's source whose pieces come decoded. It asks for the next only when all that was in the last is taken.
class decoded_source {
 public:
  decoded_source(body_source inner, http::coding how, growth may, std::shared_ptr<decode_budget> budget)
      : inner_(std::move(inner)), how_(how), decoder_(how), may_(may), held_(std::move(budget)) {}

  task<std::optional<std::string>> next() {
    if (failure_) throw *failure_;  // what is broken once never looks whole
    for (;;) {
      if (over_) co_return std::nullopt;
      if (reached_ == decoder::state::broken) fail(400, broken(how_));
      if (is_hungry()) {
        room_.reset();  // whoever waits for its client holds no more than it must
        std::optional<std::string> piece = co_await inner_();
        take(std::move(piece));
        continue;
      }
      std::string out = co_await decode_soon();
      check(out.size());
      if (!out.empty()) co_return std::optional<std::string>(std::move(out));
    }
  }

 private:
  bool is_hungry() const { return reached_ == decoder::state::hungry || reached_ == decoder::state::ended; }

  void take(std::optional<std::string> piece) {
    if (!piece) {
      over_ = true;
      if (came_ > 0 && reached_ != decoder::state::ended) fail(400, broken(how_));
      return;
    }
    piece_ = *std::move(piece);
    left_ = piece_;
    came_ += piece_.size();
    if (!left_.empty()) reached_ = decoder::state::full;
  }

  // Until there is no more room, or nothing left: thousands of frames in a row may be empty.
  std::size_t fill_room() {
    std::size_t made = 0;
    do {
      std::size_t more = 0;
      reached_ = decoder_.go_on(left_, std::span(room_.get() + made, room_bytes - made), more);
      made += more;
    } while (reached_ == decoder::state::full && made < room_bytes);
    return made;
  }

  // What one piece gives may be a thousand times as large, and what gives nothing takes its time too: beyond the first
  // of either, a worker does it, and this thread serves others meanwhile.
  task<std::string> decode_soon() {
    if (!room_) room_ = std::make_unique_for_overwrite<char[]>(room_bytes);
    std::size_t made = 0;
    auto work = [&] { made = fill_room(); };
    bool by_a_worker = gave_ > small_body || came_ > small_body;
    while (by_a_worker) {
      bool busy = false;
      try {
        co_await offload(work);
      } catch (const problem&) {
        busy = true;  // the handler has begun, and cannot be refused any more: it waits its turn
      }
      if (!busy) break;
      co_await sleep(std::chrono::milliseconds(20));
    }
    if (!by_a_worker) work();
    co_return std::string(room_.get(), made);
  }

  void check(std::size_t made) {
    gave_ += made;
    // What came before the place that is broken is given first.
    if (reached_ == decoder::state::broken && made == 0) fail(400, broken(how_));
    const auto allowed = may_.allowed(came_);
    if (gave_ > allowed) fail(413, too_large(may_, allowed));
    if (!held_.hold(decoder_.holds() + room_bytes)) fail(503, std::string(no_room));
  }

  [[noreturn]] void fail(int status, const std::string& why) {
    failure_.emplace(status, why);
    throw *failure_;
  }

  static constexpr std::size_t room_bytes = std::size_t{32} * 1024;

  body_source inner_;
  http::coding how_;
  decoder decoder_;
  growth may_;
  decode_budget::share held_;
  std::string piece_;
  std::string_view left_;         // of piece_
  std::unique_ptr<char[]> room_;  // null while a piece is waited for
  decoder::state reached_ = decoder::state::hungry;
  std::size_t came_ = 0;
  std::size_t gave_ = 0;
  bool over_ = false;
  std::optional<body_error> failure_;
};

// Both are of the body as it came.
void forget_coding(fields& headers) {
  headers.remove("Content-Encoding");
  headers.remove("Content-Length");
}

// It counts for as long as the request is there, and its body with it: also while a client takes its time to read the
// answer.
void keep_with(request& of, std::shared_ptr<const decode_budget::share> held) {
  using both = std::pair<std::shared_ptr<const connection_info>, std::shared_ptr<const decode_budget::share>>;
  const auto* const info = of.connection.get();
  auto owner = std::make_shared<const both>(std::move(of.connection), std::move(held));
  of.connection = std::shared_ptr<const connection_info>(std::move(owner), info);
}

task<response> run_decompress(growth may, std::shared_ptr<decode_budgets> budgets, request& incoming, next inner) {
  if (incoming.source && !is_identity(incoming)) {
    const auto how = coding_of(incoming);
    const auto source =
        std::make_shared<decoded_source>(std::move(incoming.source), how, may, budgets->of(incoming.connection));
    incoming.source = [source] { return source->next(); };
    forget_coding(incoming.headers);
  } else if (!incoming.body.empty() && !is_identity(incoming)) {
    const auto how = coding_of(incoming);
    const auto held = std::make_shared<decode_budget::share>(budgets->of(incoming.connection));
    task<std::string> work = decoded_body(how, incoming.body, may, *held);
    std::string body = co_await work;
    keep_with(incoming, held);
    incoming.body = std::move(body);
    forget_coding(incoming.headers);
  } else if (!incoming.source && incoming.body.empty() && is_known_coding(incoming)) {
    forget_coding(incoming.headers);  // of nothing, which some clients say whatever they send
  }
  task<response> work = inner(incoming);
  response answer = co_await work;
  co_return answer;
}

}  // namespace

problem unknown_coding(std::string_view taken) {
  return problem::unsupported_media_type("the body has a Content-Encoding that is not taken here; taken is: " +
                                         std::string(taken))
      .header("Accept-Encoding", taken);
}

std::optional<problem> refuse_encoded(const request& incoming) {
  if (is_identity(incoming)) return std::nullopt;
  return unknown_coding("identity");
}

middleware decompress(std::size_t most_bytes, std::size_t most_times) {
  const growth may{most_bytes, most_times};
  constexpr auto unlimited = std::numeric_limits<std::size_t>::max();
  const auto most_held = most_bytes < (unlimited - for_decoders) / 2 ? 2 * most_bytes + for_decoders : unlimited;
  const auto budgets = std::make_shared<decode_budgets>(most_held);
  return [may, budgets](request& incoming, next inner) { return run_decompress(may, budgets, incoming, inner); };
}

}  // namespace mutual
