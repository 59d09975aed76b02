#include "tls/record_watch.hpp"

#include <cstdint>

namespace mutual::tls {
namespace {

// What a record counts as, beside its bytes: 512 small ones, or 64 without plaintext, are a whole share.
constexpr std::uint32_t record_counts = net::socket::share_of_a_turn / 512;
constexpr std::uint32_t empty_record_counts = net::socket::share_of_a_turn / 64;

void message(int written, int, int type, const void*, std::size_t, SSL* ssl, void* watch) noexcept {
  static_cast<record_watch*>(watch)->see(written, type, ssl);
}

}  // namespace

void record_watch::attach(SSL* ssl) {
  SSL_set_msg_callback_arg(ssl, this);
  if (SSL_is_server(ssl) != 0) SSL_set_msg_callback(ssl, message);
}

void record_watch::see(int written, int type, SSL* ssl) noexcept {
  if (!counts_ || written != 0 || type != SSL3_RT_HEADER) return;
  // The first may be the one that brings something. What was before the second has not.
  socket_.charge(in_a_row_ == 0 ? record_counts : empty_record_counts);
  if (in_a_row_ > 0) {
    const auto now = std::chrono::steady_clock::now();
    if (in_a_row_ == 1 || now - began_ > in_time) in_a_row_ = 1, began_ = now;
  }
  ++in_a_row_;
  // As after a close_notify, nothing that comes is looked at any more: there may be hundreds in what was read already.
  if (too_many()) SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
}

}  // namespace mutual::tls
