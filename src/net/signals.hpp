#pragma once
// signal_gate: signals as something to read, while it stands.

#include "base/descriptor.hpp"

#include <initializer_list>
#include <optional>
#include <signal.h>

namespace mutual::net {

/// Takes signals out of the ordinary way for the thread that makes it and the threads that this starts afterwards, and
/// gives them to whoever asks. Puts everything back when it is destroyed. Make it before any thread is started.
class signal_gate {
 public:
  explicit signal_gate(std::initializer_list<int> numbers);
  ~signal_gate();
  signal_gate(const signal_gate&) = delete;
  signal_gate& operator=(const signal_gate&) = delete;

  /// Waits for one of the signals, or for open(): nothing then.
  std::optional<int> wait();

  /// Whether one of them has come that wait() has not given yet.
  bool has_come(int number) const;

  /// Ends a wait(), now or later; from any thread.
  void open();

 private:
  sigset_t before_{};
  descriptor signals_;
  descriptor opened_;
};

}  // namespace mutual::net
