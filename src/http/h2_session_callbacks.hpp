#pragma once
// What nghttp2 calls while it reads and writes for an h2_session.

#include "http/h2_session.hpp"

#include <cstddef>
#include <cstdint>
#include <nghttp2/nghttp2.h>
#include <optional>

namespace mutual::http {

/// C code is no place for an exception to pass through: running out of memory here ends the program.
struct h2_session::callbacks {
  /// All of them, made once.
  static const nghttp2_session_callbacks* all();

  static bool is_over(const h2_session& session, std::int32_t id);
  static std::optional<h2_nuisance> unheard(const h2_session& session, const nghttp2_frame_hd& head);
  static int begin_frame(nghttp2_session* session, const nghttp2_frame_hd* head, void* self) noexcept;
  static int begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* self) noexcept;
  static int header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t flags,
                    void* self) noexcept;
  static int invalid_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                            std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                            std::uint8_t flags, void* self) noexcept;
  static int data_chunk(nghttp2_session* session, std::uint8_t flags, std::int32_t id, const std::uint8_t* data,
                        std::size_t size, void* self) noexcept;
  static int frame_received(nghttp2_session* session, const nghttp2_frame* frame, void* self) noexcept;
  static int invalid_frame(nghttp2_session* session, const nghttp2_frame* frame, int code, void* self) noexcept;
  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* self) noexcept;
  static int frame_not_sent(nghttp2_session* session, const nghttp2_frame* frame, int code, void* self) noexcept;
  static int stream_closed(nghttp2_session* session, std::int32_t id, std::uint32_t code, void* self) noexcept;
  static ssize_t frame_size(nghttp2_session* session, std::uint8_t type, std::int32_t id, std::int32_t session_room,
                            std::int32_t stream_room, std::uint32_t largest, void* self) noexcept;
  static ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* into, std::size_t size,
                           std::uint32_t* flags, nghttp2_data_source* source, void* self) noexcept;
  static int send_body(nghttp2_session* session, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size,
                       nghttp2_data_source* source, void* self) noexcept;
};

}  // namespace mutual::http
