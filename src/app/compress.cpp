#include "app/encode_budget.hpp"
#include "app/encoder.hpp"
#include "app/workers.hpp"
#include "base/text.hpp"
#include "http/content_coding.hpp"

#include <mutual/compression.hpp>
#include <mutual/offload.hpp>
#include <mutual/problem.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mutual {
namespace {

using http::coding;

// What takes a worker less time than being handed over.
constexpr std::size_t small_piece = std::size_t{16} * 1024;

bool is_compressible(std::string_view type) {
  static constexpr std::array<std::string_view, 12> known = {"application/javascript",
                                                             "application/json",
                                                             "application/manifest+json",
                                                             "application/toml",
                                                             "application/wasm",
                                                             "application/xml",
                                                             "application/x-pem-file",
                                                             "application/yaml",
                                                             "application/x-ndjson",
                                                             "font/otf",
                                                             "font/ttf",
                                                             "image/bmp"};
  type = text::trim(type.substr(0, type.find(';')));
  const auto lower = text::lower(type);
  return lower.starts_with("text/") || lower.ends_with("+json") || lower.ends_with("+xml") ||
         std::find(known.begin(), known.end(), lower) != known.end();
}

bool has_a_body(int status) { return status >= 200 && status != 204 && status != 205 && status != 304; }

// Whether the bytes may be others than the handler's.
bool may_be_encoded(const response& answer) {
  return has_a_body(answer.status) && answer.status != 206 && !answer.headers.contains("Content-Range") &&
         !answer.headers.contains("Content-Encoding") && !answer.headers.has_token("Cache-Control", "no-transform");
}

// The size of what is sent, if it is known.
std::optional<std::size_t> size_of(const response& answer) {
  if (answer.source || (answer.body.empty() && answer.length)) return answer.length;
  return answer.body.size();
}

bool is_of_such_a_type(const response& answer) {
  return is_compressible(answer.headers.get("Content-Type").value_or(""));
}

bool is_worth_it(const response& answer, std::size_t least_bytes) {
  const auto size = size_of(answer);
  return (!size || *size >= least_bytes) && is_of_such_a_type(answer);
}

void add_vary(fields& headers) {
  if (headers.has_token("Vary", "Accept-Encoding") || headers.has_token("Vary", "*")) return;
  headers.add("Vary", "Accept-Encoding");
}

// The bytes are others, so a strong tag would lie (RFC 9110 section 8.8.3).
void weaken_tag(fields& headers) {
  const auto tag = headers.get("ETag");
  if (tag && tag->starts_with('"')) headers.set("ETag", "W/" + std::string(*tag));
}

// Whether the 200 of a file of which this is a part might have come encoded. Several parts do not tell their type.
bool may_be_of_an_encoded(const response& part) {
  return !part.headers.contains("Content-Encoding") && !part.headers.has_token("Cache-Control", "no-transform") &&
         (is_of_such_a_type(part) || part.headers.get("Content-Type").value_or("").starts_with("multipart/byteranges"));
}

// Says with a 304 what the 200 would (RFC 9110 section 15.4.5), as a cache takes it over. A file's has the type and the
// length that the 200 would have; of another's without a type it is not known, and taken to be encoded. What comes
// encoded keeps its own tag, with 200 and with 304.
void mark_unmodified(response& answer, coding chosen, bool must, std::size_t least_bytes) {
  const bool says_its_type = answer.headers.contains("Content-Type");
  if (answer.headers.contains("Content-Encoding") || !says_its_type) {
    add_vary(answer.headers);
    if (chosen != coding::identity && !answer.headers.contains("Content-Encoding")) weaken_tag(answer.headers);
    return;
  }
  if (answer.headers.has_token("Cache-Control", "no-transform") || (!must && !is_worth_it(answer, least_bytes))) return;
  add_vary(answer.headers);
  if (chosen != coding::identity) weaken_tag(answer.headers);
}

task<std::string> encode_soon(encoder& with, std::string_view piece, encoder::then what) {
  std::string out;
  auto work = [&] { with.encode(piece, what, out); };
  bool by_a_worker = piece.size() > small_piece;
  try {
    if (by_a_worker) co_await offload(work);
  } catch (const problem&) {
    by_a_worker = false;  // they have too much to do: an answer that is half sent cannot be refused any more
  }
  if (!by_a_worker) work();
  co_return out;
}

// A source whose pieces come encoded, each with all that it holds, so that what is live stays live.
class encoded_source {
 public:
  encoded_source(body_source inner, coding how, std::unique_ptr<encode_budget::share> held)
      : inner_(std::move(inner)), held_(std::move(held)), encoder_(std::in_place, how) {}

  task<std::optional<std::string>> next() {
    if (ended_) co_return std::nullopt;
    const std::optional<std::string> piece = co_await inner_();
    ended_ = !piece;
    const std::string_view bytes = piece ? std::string_view(*piece) : std::string_view();
    if (piece && bytes.empty()) co_return std::string();
    std::string out = co_await encode_soon(*encoder_, bytes, ended_ ? encoder::then::end : encoder::then::flush);
    if (ended_) let_go();
    co_return std::optional<std::string>(std::move(out));
  }

 private:
  // The client may take its time for the last piece, too.
  void let_go() {
    encoder_.reset();
    held_.reset();
  }

  body_source inner_;
  std::unique_ptr<encode_budget::share> held_;  // before the encoder, so that it outlives it
  std::optional<encoder> encoder_;              // nothing after the end
  bool ended_ = false;
};

task<std::optional<std::string>> nothing() { co_return std::nullopt; }

// A body that is there in that coding. One that does not become smaller is left as it is, unless it must not.
task<bool> encode_whole(response& answer, coding how, bool must) {
  std::string out;
  // An encoder lives no longer than a worker needs it: those who wait for one hold none.
  auto work = [&] { encoder(how).encode(answer.body, encoder::then::end, out); };
  bool busy = false;
  if (answer.body.size() <= small_piece) {
    work();
  } else {
    try {
      co_await offload(work);
    } catch (const problem&) {
      // The workers have too much to do. Nothing has been sent: it goes out as it is, and holds up nobody's thread.
      if (must) throw;
      busy = true;
    }
  }
  if (busy || (!must && out.size() >= answer.body.size())) co_return false;
  answer.body = std::move(out);
  co_return true;
}

void encode_source(response& answer, coding how, std::unique_ptr<encode_budget::share> held) {
  const auto source = std::make_shared<encoded_source>(std::move(answer.source), how, std::move(held));
  answer.source = [source] { return source->next(); };
}

// Whether nobody asks for the bytes themselves.
bool is_head_alone(const request& asked, const response& answer) {
  return answer.source ? asked.method == "HEAD" : answer.body.empty() && answer.length.has_value();
}

// Like 406, it comes in plain bytes: something has to say why.
response no_room() {
  return problem::unavailable(
             "too many compressed answers of this connection are under way for one more, and the request takes no "
             "plain bytes: read those to their ends and try again, or take plain bytes too (no identity;q=0)")
      .header("Retry-After", "1")
      .header("Vary", "Accept-Encoding")
      .to_response();
}

task<response> run_compress(std::size_t least_bytes, request& incoming, next inner) {
  const auto accepted = http::accepted_codings::read(incoming.headers.get_all("Accept-Encoding"));
  const auto chosen = accepted.choose(encoder::offered);
  if (!chosen) {
    co_return problem(406, "the request takes no plain bytes, and none of the codings that there are: zstd, br, gzip")
        .header("Vary", "Accept-Encoding")
        .to_response();
  }
  task<response> work = inner(incoming);
  response answer = co_await work;
  const bool must = accepted.weight(coding::identity) == 0;
  if (answer.status == 304) {
    mark_unmodified(answer, *chosen, must, least_bytes);
    co_return answer;
  }
  // What a 200 to this request would say (RFC 9110 section 15.3.7).
  if (answer.status == 206 && may_be_of_an_encoded(answer)) add_vary(answer.headers);
  if (!may_be_encoded(answer) || (!must && !is_worth_it(answer, least_bytes))) co_return answer;
  add_vary(answer.headers);
  if (*chosen == coding::identity) co_return answer;
  auto how = *chosen;
  if (is_head_alone(incoming, answer)) {
    answer.source = nothing;
  } else if (answer.source) {
    // A connection has one thread for as long as it lasts, and so one budget for whatever its answers come by.
    auto& budgets = *home_of_this_thread("compress").encoders;
    auto held = std::make_unique<encode_budget::share>(budgets.of(incoming.connection));
    const auto within = choose_within(accepted, *held);
    // What has been done for a request that does something is not to be asked for again.
    if (!within && incoming.method != "GET") co_return answer;
    if (!within) co_return no_room();
    if (*within == coding::identity) co_return answer;
    how = *within;
    encode_source(answer, how, std::move(held));
  } else {
    task<bool> encoding = encode_whole(answer, how, must);
    const bool encoded = co_await encoding;
    if (!encoded) co_return answer;
  }
  answer.length.reset();  // nobody knows it now
  answer.headers.set("Content-Encoding", http::to_string(how));
  answer.headers.remove("Accept-Ranges");  // a part would be one of other bytes
  weaken_tag(answer.headers);
  co_return answer;
}

}  // namespace

middleware compress(std::size_t least_bytes) {
  return [least_bytes](request& incoming, next inner) { return run_compress(least_bytes, incoming, inner); };
}

}  // namespace mutual
