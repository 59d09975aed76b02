#pragma once
// How a wait for a socket or a timer ended.

namespace mutual::net {

enum class wait_status {
  ready,      ///< What was waited for is there: try again.
  timed_out,  ///< The deadline passed first.
  cancelled,  ///< Somebody on our side ended the wait: we are closing.
};

}  // namespace mutual::net
