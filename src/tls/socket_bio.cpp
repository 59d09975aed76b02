#include "tls/socket_bio.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <string_view>

namespace mutual::tls {
namespace {

socket_bio_state& state_of(BIO* bio) { return *static_cast<socket_bio_state*>(BIO_get_data(bio)); }

bool try_again(int code) { return code == EAGAIN || code == EWOULDBLOCK || code == EINTR; }

// From 3.2 on, OpenSSL asks for the five bytes of a record's head alone, whatever it is told about reading ahead.
constexpr std::size_t small_read = 1024;
constexpr std::size_t read_ahead_bytes = std::size_t{16} * 1024 + 512;

// As receive(), but takes what else has come along with the few bytes that are asked for.
ssize_t read_ahead(socket_bio_state& state, std::span<char> room) {
  const auto scratch = state.socket->owner().scratch().first(read_ahead_bytes);
  const auto got = state.socket->receive(scratch);
  if (got <= 0) return got;
  const auto whole = scratch.first(static_cast<std::size_t>(got));
  const auto now = std::min(whole.size(), room.size());
  std::copy_n(whole.begin(), now, room.begin());
  if (now < whole.size()) state.early.assign(whole.data() + now, whole.size() - now);
  return static_cast<ssize_t>(now);
}

// OpenSSL's C code calls these: nothing may be thrown through it.
int read_socket(BIO* bio, char* into, int size) noexcept {
  BIO_clear_retry_flags(bio);
  auto& state = state_of(bio);
  const std::span<char> room(into, static_cast<std::size_t>(size));
  if (const auto taken = take_early(state, into, room.size()); taken > 0) return static_cast<int>(taken);
  if (!state.socket->may_receive()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const auto got = room.size() < small_read ? read_ahead(state, room) : state.socket->receive(room);
  if (got > 0) return static_cast<int>(got);
  if (got == 0) {
    state.ended = true;
    return 0;
  }
  if (try_again(errno)) BIO_set_retry_read(bio);
  return -1;
}

// Sends what is held and then `from` in one go, so that small records share a segment. Gives how much went out of
// `from`; -1 with errno if nothing did.
ssize_t send_with_held(socket_bio_state& state, std::string_view from) {
  const auto sent = state.socket->send(state.held, from);
  if (sent < 0) return sent;
  const auto total = static_cast<std::size_t>(sent);
  const auto of_held = std::min(total, state.held.size());
  state.held.erase(0, of_held);
  if (state.held.empty()) std::string().swap(state.held);
  if (total > of_held || from.empty()) return static_cast<ssize_t>(total - of_held);
  errno = EAGAIN;
  return -1;
}

// Sends the batch and the record that closes it, without copying that; what the socket does not take is held.
bool send_closed(socket_bio_state& state, std::string_view record) {
  auto& batch = *state.batch;
  const std::string_view before(batch.room.data(), batch.used);
  const auto code = state.socket->send(before, record);
  if (code < 0 && !try_again(errno)) return false;
  const auto sent = static_cast<std::size_t>(std::max<ssize_t>(code, 0));
  state.held.append(before.substr(std::min(sent, before.size())));
  state.held.append(record.substr(sent - std::min(sent, before.size())));
  batch.used = 0;
  return true;
}

int write_socket(BIO* bio, const char* from, int size) noexcept {
  BIO_clear_retry_flags(bio);
  auto& state = state_of(bio);
  const std::string_view bytes(from, static_cast<std::size_t>(size));
  if (state.batch != nullptr) {
    if (state.batch->closing && state.held.empty()) return send_closed(state, bytes) ? size : -1;
    if (bytes.size() > state.batch->left()) return -1;  // never: whoever seals sees to the room
    std::copy_n(bytes.data(), bytes.size(), state.batch->room.data() + state.batch->used);
    state.batch->used += bytes.size();
    return size;
  }
  if (state.holding) {
    state.held.append(bytes);
    return size;
  }
  const auto sent = state.held.empty() ? state.socket->send(bytes) : send_with_held(state, bytes);
  if (sent >= 0) return static_cast<int>(sent);
  if (try_again(errno)) BIO_set_retry_write(bio);
  return -1;
}

long control(BIO* bio, int command, long, void*) noexcept {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;  // what is held back goes out in its own time
    case BIO_CTRL_EOF:
      return state_of(bio).ended && state_of(bio).tells_end ? 1 : 0;
    default:
      return 0;
  }
}

int create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

struct free_method {
  void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
};
using method_ptr = std::unique_ptr<BIO_METHOD, free_method>;

method_ptr make_method() {
  method_ptr method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mutual socket"));
  BIO_meth_set_read(method.get(), read_socket);
  BIO_meth_set_write(method.get(), write_socket);
  BIO_meth_set_ctrl(method.get(), control);
  BIO_meth_set_create(method.get(), create);
  return method;
}

}  // namespace

x509::bio_ptr make_socket_bio(socket_bio_state& state) {
  static const method_ptr method = make_method();
  x509::bio_ptr bio(BIO_new(method.get()));
  BIO_set_data(bio.get(), &state);
  return bio;
}

bool flush(socket_bio_state& state) {
  if (state.held.empty()) return true;
  if (send_with_held(state, {}) < 0 && !try_again(errno)) {
    std::string().swap(state.held);
    state.gone = true;
  }
  return state.held.empty();
}

bool send_batch(socket_bio_state& state, const record_batch& batch) {
  if (batch.used == 0) return !state.gone;
  const std::string_view bytes(batch.room.data(), batch.used);
  const auto sent = state.held.empty() ? state.socket->send(bytes) : send_with_held(state, bytes);
  if (sent < 0 && !try_again(errno)) return false;
  state.held.append(bytes.substr(static_cast<std::size_t>(std::max<ssize_t>(sent, 0))));
  return true;
}

std::size_t take_early(socket_bio_state& state, char* into, std::size_t size) {
  const auto taken = std::min(size, state.early.size() - state.early_taken);
  if (taken == 0) return 0;
  std::copy_n(state.early.data() + state.early_taken, taken, into);
  state.early_taken += taken;
  if (state.early_taken == state.early.size()) {
    std::string().swap(state.early);
    state.early_taken = 0;
  }
  return taken;
}

}  // namespace mutual::tls
