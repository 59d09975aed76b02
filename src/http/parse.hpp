#pragma once
// What every HTTP/1.1 parser of ours says about the bytes it was given.

#include <cstddef>
#include <string>

namespace mutual::http {

/// Why a message was refused.
struct parse_failure {
  int status = 400;    ///< The status to answer with: 400, 413, 414, 417, 431, 501 or 505 (502 for a response).
  std::string detail;  ///< One sentence for the person at the other end.
};

enum class parse_state {
  need_more,  ///< All bytes are consumed and the message is not whole.
  head_done,  ///< The head is whole; said once a message. Feed again at once, also when no bytes are left.
  done,       ///< The message is whole.
  failed,     ///< The message is refused; nothing that follows on the connection can be trusted.
};

/// What came of feeding a parser.
struct parse_step {
  std::size_t consumed;  ///< How many of the bytes belong to this message; of no meaning after a failure.
  parse_state state;
};

}  // namespace mutual::http
