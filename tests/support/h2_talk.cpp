#include "support/h2_talk.hpp"

#include "http/h2_response.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace mutual::test {
namespace {

std::shared_ptr<const connection_info> secure_info() {
  auto made = std::make_shared<connection_info>();
  made->secure = true;
  return made;
}

constexpr std::size_t at_a_time = std::size_t{16} * 1024;

}  // namespace

h2_talk::h2_talk(http::server_options with) : options(std::move(with)), session(options, secure_info()) {
  if (nghttp2_hd_inflate_new(&inflater_) != 0) throw std::bad_alloc();
}

h2_talk::~h2_talk() { nghttp2_hd_inflate_del(inflater_); }

void h2_talk::begin() {
  send(h2_preface());
  send(h2_frame(settings_frame, ack, 0));
}

void h2_talk::send(std::string_view bytes) {
  session.feed(bytes, now);
  read();
}

void h2_talk::read() {
  for (;;) {
    handle();
    std::string out;
    if (!session.collect(out, at_a_time, now)) break;
    pending_ += out;
    for (const auto& one : take_frames(pending_)) {
      frames.push_back(one);
      hear(one);
    }
  }
}

void h2_talk::handle() {
  while (const auto event = session.next_event()) {
    // What waits to be answered is as if a handler worked on it.
    const bool worked_on = std::find(waiting.begin(), waiting.end(), event->stream) != waiting.end();
    if (event->what == http::h2_event::kind::closed && !worked_on) session.release(*event->stream);
    if (event->what != http::h2_event::kind::request) continue;
    auto& asked = *event->stream;
    if (const auto& failure = asked.asked.failure()) {
      reply(*this, asked, response(failure->status, failure->detail));
      continue;
    }
    ++requests;
    if (!answer) {
      reply(*this, asked, response(200, "ok"));
    } else if (!answer(asked)) {
      waiting.push_back(&asked);
    }
  }
}

void h2_talk::hear(const frame& one) {
  auto& said = answers[one.stream];
  if (one.type == reset_frame) {
    said.reset = true;
    said.code = one.number();
  }
  if (one.type == goaway_frame) goaway_ = one.number(4);
  if (one.type == data_frame) said.body += one.payload;
  if ((one.type == data_frame || one.type == headers_frame) && (one.flags & end_stream) != 0) said.ended = true;
  if (one.type != headers_frame) return;
  const auto* at = reinterpret_cast<const std::uint8_t*>(one.payload.data());
  auto left = one.payload.size();
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const auto taken = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, at, left, 1);
    if (taken < 0) throw std::runtime_error("the server's header cannot be read");
    at += taken;
    left -= static_cast<std::size_t>(taken);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      const std::string name(reinterpret_cast<const char*>(field.name), field.namelen);
      const std::string value(reinterpret_cast<const char*>(field.value), field.valuelen);
      if (name == ":status" && said.status != 0) said.interim.push_back(said.status);
      if (name == ":status") said.status = std::stoi(value);
      said.fields[name] = value;
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
      nghttp2_hd_inflate_end_headers(inflater_);
      return;
    }
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && left == 0) return;
  }
}

void reply(h2_talk& in, http::h2_stream& to, const response& with) {
  const auto head = http::make_h2_head(with, to.asked.message().method == "HEAD", "today");
  in.session.respond(to, *head, with.body);
}

}  // namespace mutual::test
