#pragma once
// tunnel: what is left of a connection when HTTP has stepped aside.

#include <mutual/task.hpp>

#include <functional>
#include <string>

namespace mutual {

/// The bytes of a connection, or of a stream of HTTP/2, that a handler has taken over by its response's `takeover`. It
/// is read and written from within that one task, one at a time; only `nudge` may be called meanwhile, on the same
/// thread.
struct tunnel {
  enum class news {
    bytes,    ///< Some have come.
    nothing,  ///< None have for ten seconds, or somebody has nudged.
    ended     ///< None will come any more, or the connection was closed on our side.
  };
  struct arrival {
    news what = news::nothing;
    std::string bytes;
  };

  std::function<task<arrival>()> read;
  /// Whether the network has taken all of it; if not, the client has gone, or does not read.
  std::function<task<bool>(std::string)> write;
  /// Lets the others on the thread have their turn, if much has been done in a row (32 calls, or a millisecond): for
  /// between the parts of work that one read has brought. False if the connection was cut on our side meanwhile.
  std::function<task<bool>()> pause;
  /// Makes a read under way, or the next one, end with `nothing`.
  std::function<void()> nudge;
  /// The server is stopping: come to an end.
  std::function<bool()> stopping;
};

/// What becomes of a connection that HTTP leaves. The connection, or the stream, is closed when it has ended.
using takeover = std::function<task<>(tunnel&)>;

}  // namespace mutual
