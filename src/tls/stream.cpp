#include "tls/stream.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace mutual::tls {
namespace {

// More than any alert or last answer needs on its way; whoever goes on sending beyond it is not listening.
constexpr std::size_t linger_bytes = std::size_t{4} * 1024 * 1024;

// A ClientHello, also with a hybrid key share (RFC 8446 section 4.1.2), or the head of somebody's HTTP request.
constexpr std::size_t longest_look = std::size_t{4} * 1024;

// A record with its head and whatever any cipher adds (RFC 5246 section 6.2.3; TLS 1.3 allows less).
constexpr std::size_t largest_record = SSL3_RT_HEADER_LENGTH + SSL3_RT_MAX_PLAIN_LENGTH + 2048;

// What little is held, a ticket above all, shares the segment of what is written next.
constexpr std::size_t little = 4096;

bool try_again(int code) { return code == EAGAIN || code == EWOULDBLOCK || code == EINTR; }

// The error queue is the thread's, shared by all its connections: what another left there must not be read as ours.
// To look whether there is anything is much cheaper than to clear it.
void forget_errors_of_others() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

io_status as_io(net::wait_status status) {
  switch (status) {
    case net::wait_status::ready:
      return io_status::ok;
    case net::wait_status::timed_out:
      return io_status::timed_out;
    case net::wait_status::cancelled:
      return io_status::cancelled;
  }
  return io_status::cancelled;
}

}  // namespace

stream::stream(net::loop& on, descriptor handle, ssl_ptr ssl) : socket_(on, std::move(handle)) {
  bio_state_.socket = &socket_;
  if (ssl) start_tls(std::move(ssl));
}

void stream::start_tls(ssl_ptr ssl) {
  ssl_ = std::move(ssl);
  BIO* bio = make_socket_bio(bio_state_).release();
  SSL_set_bio(ssl_.get(), bio, bio);
  watch_.attach(ssl_.get());
}

io stream::outcome(int code) {
  switch (SSL_get_error(ssl_.get(), code)) {
    case SSL_ERROR_WANT_READ:
      wanted_ = net::socket::direction::read;
      return {io_status::would_block};
    case SSL_ERROR_WANT_WRITE:
      wanted_ = net::socket::direction::write;
      return {io_status::would_block};
    case SSL_ERROR_ZERO_RETURN:
      return {io_status::ended};
    case SSL_ERROR_SYSCALL:
      return {io_status::cut_off};
    default:
      break;
  }
  failure_code_ = ERR_peek_last_error();
  if (ERR_GET_LIB(failure_code_) == ERR_LIB_SSL &&
      ERR_GET_REASON(failure_code_) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    return {io_status::cut_off};
  }
  return {io_status::failed};
}

io stream::plain_outcome(ssize_t count, bool reading) {
  if (count > 0) return {io_status::ok, static_cast<std::size_t>(count)};
  if (count == 0 && reading) return {io_status::ended};
  if (count < 0 && try_again(errno)) {
    wanted_ = reading ? net::socket::direction::read : net::socket::direction::write;
    return {io_status::would_block};
  }
  return {io_status::cut_off};
}

task<io_status> stream::handshake() {
  for (;;) {
    forget_errors_of_others();
    const int code = SSL_do_handshake(ssl_.get());
    if (code == 1) {
      bio_state_.holding = false;
      // Many clients never say goodbye; that is no reason to forget who they are (RFC 5246 section 7.2.1).
      bio_state_.tells_end = SSL_is_server(ssl_.get()) == 0;
      watch_.begin();
      // Under TLS 1.2 the client waits for our Finished; under 1.3 only the ticket is left, and nobody waits for that.
      if (SSL_version(ssl_.get()) < TLS1_3_VERSION) (void)flush(bio_state_);
      co_return io_status::ok;
    }
    const io result = outcome(code);
    if (result.status != io_status::would_block) {
      bio_state_.holding = false;
      (void)flush(bio_state_);  // an alert
      co_return result.status;
    }
    // Once the client has our first flight, what we write goes out before we wait, in one segment.
    bio_state_.holding = SSL_is_server(ssl_.get()) == 1;
    const auto woken = co_await wait();
    if (woken != net::wait_status::ready) co_return as_io(woken);
  }
}

net::socket::awaiter stream::wait() {
  if (!flush(bio_state_)) return socket_.writable();
  return socket_.wait(wanted_);
}

io stream::try_look(char& first) {
  if (bio_state_.early.empty()) {
    const auto scratch = socket_.owner().scratch().first(longest_look);
    const auto got = plain_outcome(socket_.receive(scratch), true);
    if (got.status != io_status::ok) return got;
    bio_state_.early.assign(scratch.data(), got.bytes);
  }
  first = bio_state_.early[bio_state_.early_taken];
  return {io_status::ok, 1};
}

void stream::keep_buffers(bool keep) {
  if (!ssl_) return;
  if (keep) {
    SSL_clear_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
  } else {
    SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_free_buffers(
        ssl_.get());  // does nothing if they hold something: then the mode gives them back when they do not
  }
}

std::size_t stream::take_raw(std::span<char> into) {
  if (const auto taken = take_early(bio_state_, into.data(), into.size()); taken > 0) return taken;
  const auto got = socket_.receive(into);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

io stream::try_read(std::span<char> into) {
  if (!ssl_) {
    if (const auto taken = take_early(bio_state_, into.data(), into.size()); taken > 0) return {io_status::ok, taken};
    return plain_outcome(socket_.receive(into), true);
  }
  if (socket_.has_had_its_share()) {
    // What TLS has read ahead can be hundreds of records: it waits as what is still in the socket does.
    if (has_pending()) socket_.take_up_again();
    wanted_ = net::socket::direction::read;
    return {io_status::would_block};
  }
  forget_errors_of_others();
  std::size_t count = 0;
  // What TLS answers within a read, to a key update for one, is held if the socket does not take it: else it would be a
  // write under way, before which nothing else can be written.
  const auto held = bio_state_.held.size();
  bio_state_.holding = true;
  const int code = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
  bio_state_.holding = false;
  if (bio_state_.held.size() > held) (void)flush(bio_state_);
  if (watch_.too_many()) return give_up();
  if (code != 1) return outcome(code);
  watch_.plaintext_came();
  return {io_status::ok, count};
}

// As OpenSSL does at a failure of its own, except for the alert: there is no way to have it sent.
io stream::give_up() {
  failure_code_ = 0;
  if (SSL_SESSION* session = SSL_get_session(ssl_.get()); session != nullptr) {
    SSL_CTX_remove_session(SSL_get_SSL_CTX(ssl_.get()), session);
  }
  return {io_status::failed};
}

// Each system call costs more than sealing a record: several are collected first.
io stream::try_write_records(std::string_view bytes) {
  if ((bytes.empty() || bio_state_.held.size() > little) && !flush(bio_state_)) {
    wanted_ = net::socket::direction::write;
    return {io_status::would_block};
  }
  if (bio_state_.gone) return {io_status::cut_off};
  if (bytes.empty()) return {};
  record_batch batch{socket_.owner().sealed()};
  std::size_t taken = 0;
  io result;
  bio_state_.batch = &batch;
  while (taken < bytes.size() && batch.left() >= largest_record && result.status == io_status::ok) {
    forget_errors_of_others();
    std::size_t count = 0;
    const auto next = bytes.substr(taken, SSL3_RT_MAX_PLAIN_LENGTH);
    batch.closing = taken + next.size() == bytes.size() || batch.left() < 2 * largest_record;
    const int code = SSL_write_ex(ssl_.get(), next.data(), next.size(), &count);
    if (code != 1) result = outcome(code);
    taken += count;
  }
  bio_state_.batch = nullptr;
  if (!send_batch(bio_state_, batch)) return {io_status::cut_off};
  return taken > 0 ? io{io_status::ok, taken} : result;
}

io stream::try_write(std::string_view bytes) {
  if (!ssl_) return plain_outcome(socket_.send(bytes), false);
  // What is held goes before it, together with others.
  if (bytes.empty() || bytes.size() > SSL3_RT_MAX_PLAIN_LENGTH || bio_state_.held.size() > little) {
    return try_write_records(bytes);
  }
  forget_errors_of_others();
  std::size_t count = 0;
  int code = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
  if (code != 1 && holds_refused_ && SSL_get_error(ssl_.get(), code) == SSL_ERROR_WANT_WRITE) {
    bio_state_.holding = true;
    code = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    bio_state_.holding = false;
  }
  return code == 1 ? io{io_status::ok, count} : outcome(code);
}

task<io> stream::read(std::span<char> into) {
  for (;;) {
    const io result = try_read(into);
    if (result.status != io_status::would_block) co_return result;
    const auto woken = co_await wait();
    if (woken != net::wait_status::ready) co_return io{as_io(woken), 0};
  }
}

task<io_status> stream::write(std::string_view bytes) {
  while (!bytes.empty() || has_unsent()) {
    const io result = try_write(bytes);
    if (result.status == io_status::ok) {
      bytes.remove_prefix(result.bytes);
    } else if (result.status != io_status::would_block) {
      co_return result.status;
    } else {
      const auto woken = co_await wait();
      if (woken != net::wait_status::ready) co_return as_io(woken);
    }
  }
  co_return io_status::ok;
}

std::string stream::failure_text() const {
  if (flooded()) {
    return fmt::format(
        "more than {} TLS records came within a second without a byte for the application in them (key updates, empty "
        "records, "
        "warnings, renegotiations)",
        record_watch::most_in_a_row);
  }
  const char* text = failure_code_ == 0 ? nullptr : ERR_reason_error_string(failure_code_);
  return text == nullptr ? "unknown error" : text;
}

bool stream::say_goodbye() {
  if (!ssl_ || SSL_in_init(ssl_.get()) != 0) return true;
  forget_errors_of_others();
  const int code = SSL_shutdown(ssl_.get());
  return code >= 0 || SSL_get_error(ssl_.get(), code) != SSL_ERROR_WANT_WRITE;
}

task<> stream::linger(std::chrono::milliseconds limit) {
  socket_.set_deadline(limit);
  while (!flush(bio_state_) || !say_goodbye()) {
    const auto woken = co_await socket_.writable();
    if (woken != net::wait_status::ready) co_return;
  }
  if (::shutdown(socket_.fd(), SHUT_WR) != 0) co_return;
  socket_.set_deadline(limit);
  std::array<char, 4096> discarded{};
  for (std::size_t total = 0; total < linger_bytes;) {
    const auto got = socket_.receive(discarded);
    if (got > 0) {
      total += static_cast<std::size_t>(got);
    } else if (got == 0 || !try_again(errno)) {
      co_return;
    } else {
      const auto woken = co_await socket_.readable();
      if (woken != net::wait_status::ready) co_return;
    }
  }
}

}  // namespace mutual::tls
