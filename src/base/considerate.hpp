#pragma once
// Long work on a thread whose core others serve on.

namespace mutual {

/// While it lives, long work on this thread (the reading of a revocation list above all) rests for a moment after each
/// millisecond, so that whoever serves on the same core goes on at once. Kernels may let a thread that computes finish
/// its turn first, until their next tick: some milliseconds, for which whoever asks would wait. The work takes a tenth
/// longer; its share of a busy core is what it would be.
class considerate_scope {
 public:
  considerate_scope();
  ~considerate_scope();
  considerate_scope(const considerate_scope&) = delete;
  considerate_scope& operator=(const considerate_scope&) = delete;

 private:
  bool outermost_;
};

/// Called by what may be long work, between two pieces of it that take much less than a millisecond each. Costs a look
/// at the clock within such a scope, and next to nothing elsewhere.
void let_others_go_on() noexcept;

}  // namespace mutual
