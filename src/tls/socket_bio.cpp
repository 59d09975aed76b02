#include "tls/socket_bio.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace mutual::tls {
namespace {

socket_bio_state& state_of(BIO* bio) { return *static_cast<socket_bio_state*>(BIO_get_data(bio)); }

bool try_again(int code) { return code == EAGAIN || code == EWOULDBLOCK || code == EINTR; }

int read_socket(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  auto& state = state_of(bio);
  const auto got = ::recv(state.fd, into, static_cast<std::size_t>(size), 0);
  if (got > 0) return static_cast<int>(got);
  if (got == 0) {
    state.ended = true;
    return 0;
  }
  if (try_again(errno)) {
    BIO_set_retry_read(bio);
  } else {
    state.failed_with = errno;
  }
  return -1;
}

int write_socket(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  auto& state = state_of(bio);
  const auto sent = ::send(state.fd, from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<int>(sent);
  if (try_again(errno)) {
    BIO_set_retry_write(bio);
  } else {
    state.failed_with = errno;
  }
  return -1;
}

long control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;  // nothing is held back
    case BIO_CTRL_EOF:
      return state_of(bio).ended ? 1 : 0;
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

}  // namespace mutual::tls
