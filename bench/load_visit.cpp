#include "load_visit.hpp"

#include "base/text.hpp"

#include <openssl/err.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace mutual::bench {
namespace {

std::optional<std::size_t> content_length(std::string_view head) {
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const auto line = head.substr(0, end);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && text::iequals(line.substr(0, colon), "content-length")) {
      if (const auto read = text::to_number(text::trim(line.substr(colon + 1)))) return *read;
    }
    if (end == std::string_view::npos) break;
    head.remove_prefix(end + 2);
  }
  return std::nullopt;
}

}  // namespace

bool visit::open(bool resume) {
  socket_.reset(who_.open_socket());
  if (!socket_) {
    why_ = std::string("cannot connect: ") + std::strerror(errno);
    return false;
  }
  const auto before = std::move(session_);
  ssl_ = who_.connect_over(socket_.get(), resume ? before.get() : nullptr, session_);
  // TLS 1.2 goes on with the session it has, and hands out no other.
  if (resume && before && SSL_SESSION_up_ref(before.get()) == 1) session_.reset(before.get());
  phase_ = phase::handshake;
  unsent_ = who_.request();
  filled_ = 0;
  in_body_ = false;
  if (!ssl_) why_ = "cannot set up TLS: " + x509::openssl_errors();
  return ssl_ != nullptr;
}

visit::outcome visit::step() {
  ERR_clear_error();
  if (phase_ == phase::handshake) {
    if (const int code = SSL_do_handshake(ssl_.get()); code != 1) return later(code);
    phase_ = phase::write;
  }
  if (phase_ == phase::write) {
    std::size_t sent = 0;
    if (const int code = SSL_write_ex(ssl_.get(), unsent_.data(), unsent_.size(), &sent); code != 1) return later(code);
    phase_ = phase::read;
  }
  return read_answer();
}

visit::outcome visit::read_answer() {
  for (;;) {
    const std::size_t kept = in_body_ ? 0 : filled_;
    std::size_t got = 0;
    const int code = SSL_read_ex(ssl_.get(), buffer_.data() + kept, buffer_.size() - kept, &got);
    if (code != 1) return later(code);
    if (!in_body_) {
      filled_ += got;
      const auto state = read_head({buffer_.data(), filled_});
      if (state != outcome::answered) {
        if (state == outcome::failed) return state;
        continue;
      }
    } else {
      if (got > body_left_) return fail("the answer is longer than it says");
      body_left_ -= got;
    }
    if (body_left_ == 0) return outcome::answered;
  }
}

// Finds where the body begins; `answered` if the head is whole.
visit::outcome visit::read_head(std::string_view answer) {
  const auto end = answer.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return answer.size() < buffer_.size() ? outcome::waiting
                                          : fail("an answer's head is longer than servers here give");
  }
  if (!answer.starts_with("HTTP/1.1 200 ")) return fail("not a 200: " + text::printable(answer, 80));
  const auto length = content_length(answer.substr(0, end));
  const auto here = answer.size() - end - 4;
  if (!length || here > *length) return fail("an answer without a length, or longer than it says");
  body_left_ = *length - here;
  in_body_ = true;
  return outcome::answered;
}

void visit::ask_again() {
  phase_ = phase::write;
  unsent_ = who_.request();
  filled_ = 0;
  in_body_ = false;
}

void visit::close() {
  ERR_clear_error();
  if (ssl_) (void)SSL_shutdown(ssl_.get());
  ssl_.reset();
  socket_.reset();
}

visit::outcome visit::later(int code) {
  switch (SSL_get_error(ssl_.get(), code)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return outcome::waiting;
    default:
      return fail("the connection failed: " + x509::openssl_errors());
  }
}

visit::outcome visit::fail(std::string why) {
  why_ = std::move(why);
  return outcome::failed;
}

}  // namespace mutual::bench
