#include "app/file_answer.hpp"

#include "base/random.hpp"
#include "http/byte_range.hpp"
#include "http/date.hpp"
#include "http/filling_source.hpp"

#include <mutual/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <vector>

namespace mutual {
namespace {

// A small body goes out with its head in one write; a larger one in pieces.
constexpr std::size_t whole_bytes = std::size_t{16} * 1024;

// What is sent: words of our own and bytes of the file, in turn, and words at the end.
struct section {
  std::string words;
  http::byte_span bytes;
};
struct body_plan {
  std::vector<section> sections;
  std::string end;

  std::uint64_t length() const {
    std::uint64_t sum = end.size();
    for (const auto& each : sections) sum += each.words.size() + each.bytes.length;
    return sum;
  }
};

// To ask the system after a file's state costs a twentieth of what it costs to send what is read at a time. That it did
// not change is asked after so many bytes, and before the last of them go out: nobody gets the whole of a body whose
// file was changed meanwhile.
constexpr std::size_t checked_bytes = std::size_t{512} * 1024;

// Goes through a plan from its front to its end.
class plan_reader {
 public:
  plan_reader(std::shared_ptr<const served_file> file, body_plan plan)
      : file_(std::move(file)), plan_(std::move(plan)) {}

  task<std::size_t> fill(std::span<char> room) {
    for (; at_ < plan_.sections.size(); ++at_) {
      section& here = plan_.sections[at_];
      if (!here.words.empty()) co_return take(here.words, room);
      if (here.bytes.length == 0) continue;
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(here.bytes.length, room.size()));
      auto reading = file_->read_soon(here.bytes.first, room.first(size));
      const auto got = co_await reading;
      here.bytes.first += got;
      here.bytes.length -= got;
      unchecked_ += got;
      if (here.bytes.length == 0 || unchecked_ >= checked_bytes) {
        file_->check_unchanged();
        unchecked_ = 0;
      }
      co_return got;
    }
    co_return take(plan_.end, room);
  }

 private:
  static std::size_t take(std::string& words, std::span<char> room) {
    const auto size = std::min(words.size(), room.size());
    std::copy_n(words.begin(), size, room.begin());
    words.erase(0, size);
    return size;
  }

  std::shared_ptr<const served_file> file_;
  body_plan plan_;
  std::size_t at_ = 0;
  std::size_t unchecked_ = 0;
};

// multipart/byteranges (RFC 9110 section 14.6).
body_plan plan_of_parts(const std::vector<http::byte_span>& spans, std::uint64_t size, std::string_view type,
                        std::string_view boundary) {
  body_plan plan;
  for (const auto& span : spans) {
    plan.sections.push_back(
        {fmt::format("{}--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n", plan.sections.empty() ? "" : "\r\n",
                     boundary, type, http::content_range(span, size)),
         span});
  }
  plan.end = fmt::format("\r\n--{}--\r\n", boundary);
  return plan;
}

http::range_request range_of(const request& asked, const http::validators& state, std::uint64_t size) {
  if (asked.method != "GET") return {};  // no other method has a meaning with it (RFC 9110 section 14.2)
  const auto values = asked.headers.get_all("Range");
  if (values.size() != 1 || !http::range_counts(asked, state)) return {};
  return http::read_range(values.front(), size);
}

body_plan plan_for(response& made, const http::range_request& range, std::uint64_t size, std::string_view type) {
  if (range.what == http::range_request::meaning::none) return {{{{}, {0, size}}}, {}};
  made.status = 206;
  if (range.spans.size() == 1) {
    made.headers.set("Content-Range", http::content_range(range.spans.front(), size));
    return {{{{}, range.spans.front()}}, {}};
  }
  const auto boundary = random_hex(16);
  made.headers.set("Content-Type", "multipart/byteranges; boundary=" + boundary);
  return plan_of_parts(range.spans, size, type, boundary);
}

// The whole body in one string; false if it would have to wait for a disk, and must not.
bool fill(std::string& body, const body_plan& plan, const served_file& file, disk how) {
  for (const auto& each : plan.sections) {
    body += each.words;
    const auto length = static_cast<std::size_t>(each.bytes.length);
    if (how == disk::may_wait) {
      file.read(each.bytes.first, length, body);
    } else if (!file.read_at_once(each.bytes.first, length, body)) {
      return false;
    }
  }
  body += plan.end;
  return true;
}

bool fill_unless_it_changes(std::string& body, const body_plan& plan, const served_file& file, disk how) {
  try {
    return fill(body, plan, file, how);
  } catch (const std::runtime_error&) {
    throw problem::unavailable("the file is being changed").header("Retry-After", "1");
  }
}

void tell_state(fields& headers, const http::validators& state) {
  headers.set("ETag", state.etag);
  headers.set("Last-Modified", http::to_http_date(state.modified));
}

}  // namespace

std::optional<response> file_answer(const request& asked, const std::shared_ptr<const served_file>& file,
                                    std::string_view content_type, disk how, std::string_view coding) {
  const auto state = file->validators();
  const auto judged = http::judge_preconditions(asked, state);
  if (judged == http::precondition::failed) {
    throw problem(412, "the file is not in the state that the request asks for").header("ETag", state.etag);
  }
  response made(judged == http::precondition::not_modified ? 304 : 200);
  tell_state(made.headers, state);
  if (!coding.empty()) made.headers.set("Content-Encoding", coding);
  made.headers.set("Content-Type", content_type);
  if (judged == http::precondition::not_modified) {
    // Not sent: it tells middleware what the 200 would be.
    made.length = static_cast<std::size_t>(file->size());
    return made;
  }
  made.headers.set("Accept-Ranges", "bytes");
  made.headers.set("X-Content-Type-Options", "nosniff");

  auto range = range_of(asked, state, file->size());
  if (range.spans.size() > 1 && !coding.empty()) range = {};
  if (range.what == http::range_request::meaning::unsatisfiable) {
    throw problem(416, fmt::format("the file has {} bytes, and none of those that are asked for", file->size()))
        .header("Content-Range", fmt::format("bytes */{}", file->size()));
  }
  auto plan = plan_for(made, range, file->size(), content_type);
  const auto length = static_cast<std::size_t>(plan.length());
  if (length <= whole_bytes && asked.method != "HEAD") {
    if (!fill_unless_it_changes(made.body, plan, *file, how)) return std::nullopt;
    return made;
  }
  made.length = length;
  if (asked.method == "HEAD") return made;
  const auto reader = std::make_shared<plan_reader>(file, std::move(plan));
  made.source = http::filling_source{[reader](std::span<char> room) { return reader->fill(room); }};
  return made;
}

}  // namespace mutual
