#include "support/h2_client.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace mutual::test {
namespace {

std::vector<nghttp2_nv> values_of(const field_list& all) {
  std::vector<nghttp2_nv> made;
  for (const auto& [name, value] : all) {
    nghttp2_nv one{};
    one.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
    one.namelen = name.size();
    one.value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
    one.valuelen = value.size();
    made.push_back(one);
  }
  return made;
}

client_options with_h2(client_options how) {
  how.alpn = "h2";
  return how;
}

}  // namespace

struct h2_client_callbacks {
  static h2_client& of(void* self) { return *static_cast<h2_client*>(self); }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                    const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self) {
    auto& answer = of(self).answers_[static_cast<std::uint32_t>(frame->hd.stream_id)];
    const std::string called(reinterpret_cast<const char*>(name), name_size);
    const std::string text(reinterpret_cast<const char*>(value), value_size);
    if (called == ":status") {
      if (answer.status != 0) answer.interim.push_back(answer.status);
      answer.status = std::stoi(text);
    } else {
      answer.fields[called] = text;
    }
    return 0;
  }

  static int data(nghttp2_session* native, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size,
                  void* self) {
    auto& client = of(self);
    client.answers_[static_cast<std::uint32_t>(id)].body.append(reinterpret_cast<const char*>(bytes), size);
    if (client.manners_.gives_room) nghttp2_session_consume(native, id, size);
    return 0;
  }

  static int received(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    auto& client = of(self);
    auto& answer = client.answers_[static_cast<std::uint32_t>(frame->hd.stream_id)];
    const bool may_end = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (may_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) answer.ended = true;
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
      answer.reset = true;
      answer.code = frame->rst_stream.error_code;
    }
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      client.goaways_.emplace_back(frame->goaway.error_code, static_cast<std::uint32_t>(frame->goaway.last_stream_id));
    }
    return 0;
  }

  static ssize_t upload(nghttp2_session* native, std::int32_t id, std::uint8_t* into, std::size_t size,
                        std::uint32_t* flags, nghttp2_data_source*, void* self) {
    auto& all = of(self).uploads_[static_cast<std::uint32_t>(id)];
    const auto now = std::min(size, all.left.size());
    if (now == 0 && !all.last) return NGHTTP2_ERR_DEFERRED;
    std::memcpy(into, all.left.data(), now);
    all.left.erase(0, now);
    if (!all.left.empty() || !all.last) return static_cast<ssize_t>(now);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!all.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const auto values = values_of(all.trailers);
      nghttp2_submit_trailer(native, id, values.data(), values.size());
    }
    return static_cast<ssize_t>(now);
  }
};

h2_client::h2_client(unsigned short port, client_options how, h2_client_options manners)
    : connection_(port, with_h2(std::move(how))), manners_(manners) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* options = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&options) != 0) throw std::bad_alloc();
  nghttp2_session_callbacks_set_on_header_callback(callbacks, h2_client_callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, h2_client_callbacks::data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, h2_client_callbacks::received);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_no_auto_ping_ack(options, manners.answers_pings ? 0 : 1);
  nghttp2_session* made = nullptr;
  nghttp2_session_client_new2(&made, callbacks, this, options);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_option_del(options);
  session_.reset(made);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, manners.window},
                                             {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings, 2);
  flush();
}

h2_client::~h2_client() = default;

bool h2_client::flush() {
  for (;;) {
    const std::uint8_t* data = nullptr;
    const auto size = nghttp2_session_mem_send(session_.get(), &data);
    if (size <= 0) return size == 0;
    if (!connection_.write({reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)})) return false;
  }
}

bool h2_client::write(std::string_view bytes) {
  flush();
  return connection_.write(bytes);
}

std::uint32_t h2_client::ask(const field_list& all, const std::string& body) {
  const auto values = values_of(all);
  nghttp2_data_provider from{};
  from.read_callback = h2_client_callbacks::upload;
  const auto id = static_cast<std::uint32_t>(nghttp2_session_get_next_stream_id(session_.get()));
  uploads_[id].left = body;
  uploads_[id].last = true;
  nghttp2_submit_request(session_.get(), nullptr, values.data(), values.size(), body.empty() ? nullptr : &from,
                         nullptr);
  flush();
  return id;
}

std::uint32_t h2_client::begin(const field_list& all) {
  const auto values = values_of(all);
  nghttp2_data_provider from{};
  from.read_callback = h2_client_callbacks::upload;
  const auto id = nghttp2_submit_request(session_.get(), nullptr, values.data(), values.size(), &from, nullptr);
  flush();
  return static_cast<std::uint32_t>(id);
}

void h2_client::send_body(std::uint32_t stream, const std::string& piece, bool last, const field_list& trailers) {
  auto& to = uploads_[stream];
  to.left += piece;
  to.last = last;
  to.trailers = trailers;
  nghttp2_session_resume_data(session_.get(), static_cast<std::int32_t>(stream));
  flush();
}

void h2_client::reset(std::uint32_t stream, std::uint32_t code) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, static_cast<std::int32_t>(stream), code);
  flush();
}

bool h2_client::read_once() {
  const auto bytes = connection_.read_some();
  ended_ = ended_ || bytes.empty();
  if (ended_) return false;
  nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  flush();
  return true;
}

bool h2_client::read_until(const std::function<bool()>& holds) {
  while (!holds()) {
    if (!read_once()) return holds();
  }
  return true;
}

const h2_answer& h2_client::wait_for(std::uint32_t stream) {
  auto& answer = answers_[stream];
  read_until([&] { return answer.ended || answer.reset; });
  return answer;
}

void h2_client::read_to_end() {
  while (read_once()) {
  }
}

std::uint32_t h2_client::setting(std::uint16_t id) const {
  return nghttp2_session_get_remote_settings(session_.get(), static_cast<nghttp2_settings_id>(id));
}

}  // namespace mutual::test
