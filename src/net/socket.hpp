#pragma once
// socket: a connected or listening socket that is read, written and waited for without holding a thread.

#include "base/descriptor.hpp"
#include "net/deadline.hpp"
#include "net/loop.hpp"
#include "net/wait.hpp"

#include <boost/intrusive/list_hook.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <sys/types.h>
#include <utility>

namespace mutual::net {

class end_watch;

/// Owns a non-blocking socket on one loop. It is read and written through this, which keeps in mind what the kernel has
/// told about it: a wait begins with no system call, and ends no later than the deadline. One wait at a time. Its
/// address is stable: it does not move. For the loop's thread alone.
class socket : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  socket(loop& on, descriptor handle);
  ~socket();
  socket(const socket&) = delete;
  socket& operator=(const socket&) = delete;

  int fd() const { return handle_.get(); }
  loop& owner() { return loop_; }

  /// recv(2): how many bytes came, 0 for the end, -1 with errno. EAGAIN also when it has had its share of this turn of
  /// the loop: a wait lets the others have theirs.
  ssize_t receive(std::span<char> into);
  /// send(2) without a signal, of one piece or of two in a row; -1 with errno as above.
  ssize_t send(std::string_view bytes);
  ssize_t send(std::string_view first, std::string_view second);
  /// accept(2): the next connection and where it comes from; an empty one with errno if there is none.
  descriptor accept(sockaddr_storage& from, socklen_t& size);

  /// False if receive() would surely find nothing.
  bool may_receive() const { return readable_; }

  /// For `neither` a wait is ended by others alone (wake(), nudge(), cancel()), or by the deadline.
  enum class direction { read, write, neither };

  /// What one connection may move before the others on its thread have their turn, in bytes. A fast sender's socket is
  /// never empty.
  static constexpr std::uint32_t share_of_a_turn = 256 * 1024;
  /// Whether it has moved that much since its last wait.
  bool has_had_its_share() const { return moved_ >= share_of_a_turn; }
  /// Whether a wait for that would end at the next turn, and is for the others on its thread alone.
  bool only_yields(direction which) const { return has_had_its_share() && registered_ && is_ready_for(which); }
  /// Counts that much against its share, for what costs more than its bytes tell.
  void charge(std::uint32_t bytes) { moved_ += bytes; }
  /// Makes the next wait for something to read end at the next turn: something was read off the socket already, of
  /// which the kernel tells no news, and its share of this turn is over.
  void take_up_again() { takes_up_again_ = true; }

  class awaiter;
  /// Waits until the socket can be read (or has ended), or until the deadline.
  awaiter readable();
  /// Waits until the socket can be written, or until the deadline.
  awaiter writable();
  awaiter wait(direction which);

  /// Waits may last until then; a wait under way is bound by it too.
  void set_deadline(std::chrono::milliseconds from_now) {
    deadline_passed_ = came_in_time_ = false;
    deadline_.set(from_now);
  }
  void clear_deadline() {
    deadline_passed_ = came_in_time_ = false;
    deadline_.clear();
  }

  /// Whether it has its turns after everybody else on its loop, in the time that they leave, or for as long as they
  /// have just taken; as at first, it does not. For those who have not shown yet who they are: however many they are,
  /// they never hold the others up for longer than that.
  void stand_behind(bool behind) { behind_ = behind; }

  /// Ends the wait under way as if it had been for this: whoever waits has something else to do.
  void wake() { end_wait(); }

  /// Ends the wait under way, and every later one at once, with `cancelled`.
  void cancel();
  bool cancelled() const { return cancelled_; }

  /// Ends the wait under way, if there is one, as if the socket were ready.
  void nudge() { end_wait(); }

  /// Closes it at once; no wait may be under way.
  void close();

 private:
  friend class loop;
  friend class end_watch;
  void begin_wait(awaiter& waiting);
  void notice(std::uint32_t events);
  void end_wait();
  void resume();
  void expire();
  bool register_once();
  bool is_ready_for(direction which) const {
    if (which == direction::neither) return false;
    return which == direction::read ? readable_ || takes_up_again_ : writable_;
  }

  loop& loop_;
  descriptor handle_;
  awaiter* waiting_ = nullptr;
  end_watch* watch_ = nullptr;
  std::uint32_t moved_ = 0;  // in this turn of the loop: bytes, and what calls cost beside them
  // What is known. True may be wrong, and is found out by trying; false is right until the kernel says otherwise.
  bool readable_ = true;
  bool writable_ = true;
  bool ended_ = false;  // the other end has closed its side: an end is there to be read, whatever a read gives
  bool takes_up_again_ = false;
  bool registered_ = false;
  bool cancelled_ = false;
  bool deadline_passed_ = false;
  bool came_in_time_ = false;  // what the wait under way was for, though its turn comes after the deadline
  bool behind_ = false;
  deadline deadline_;
};

class socket::awaiter {
 public:
  awaiter(socket& owner, direction which) : owner_(owner), direction_(which) {}
  bool await_ready() const noexcept { return owner_.cancelled_ || owner_.deadline_passed_; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    owner_.begin_wait(*this);
  }
  wait_status await_resume() const noexcept {
    if (owner_.cancelled_) return wait_status::cancelled;
    const bool in_time = !owner_.deadline_passed_ || std::exchange(owner_.came_in_time_, false);
    return in_time ? wait_status::ready : wait_status::timed_out;
  }

 private:
  friend class socket;
  socket& owner_;
  direction direction_;
  std::coroutine_handle<> waiter_;
};

inline socket::awaiter socket::readable() { return {*this, direction::read}; }
inline socket::awaiter socket::writable() { return {*this, direction::write}; }
inline socket::awaiter socket::wait(direction which) { return {*this, which}; }

}  // namespace mutual::net
