#include "app/decode.hpp"
#include "app/encoded_body.hpp"
#include "base/text.hpp"

#include <mutual/compression.hpp>
#include <mutual/offload.hpp>

namespace mutual {
namespace {

// What takes a worker less time than being handed over.
constexpr std::size_t small_body = std::size_t{4} * 1024;

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

task<std::string> decoded_body(http::coding how, std::string_view body, std::size_t most) {
  std::string out;
  auto outcome = decoded::broken;
  auto work = [&] { outcome = decode(how, body, most, out); };
  if (body.size() <= small_body && most <= 16 * small_body) {
    work();
  } else {
    co_await offload(work);
  }
  if (outcome == decoded::too_large) {
    throw problem::too_large("the body is larger than " + std::to_string(most) + " bytes when it is decompressed");
  }
  if (outcome == decoded::broken) {
    throw problem::bad_request("the body is not " + std::string(http::to_string(how)) +
                               " from its first byte to its last");
  }
  co_return out;
}

task<response> run_decompress(std::size_t most, request& incoming, next inner) {
  if (!incoming.body.empty() && !is_identity(incoming)) {
    const auto how = coding_of(incoming);
    task<std::string> work = decoded_body(how, incoming.body, most);
    std::string body = co_await work;
    incoming.body = std::move(body);
    incoming.headers.remove("Content-Encoding");
    incoming.headers.remove("Content-Length");
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

middleware decompress(std::size_t most_bytes) {
  return [most_bytes](request& incoming, next inner) { return run_decompress(most_bytes, incoming, inner); };
}

}  // namespace mutual
