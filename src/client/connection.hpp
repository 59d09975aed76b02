#pragma once
// connection: one connection to a server, over TLS or plain, for one request after another.

#include "client/handshake_report.hpp"
#include "client/options.hpp"
#include "client/url.hpp"
#include "http/response_parser.hpp"
#include "net/address.hpp"
#include "net/loop.hpp"
#include "tls/stream.hpp"

#include <mutual/peer.hpp>
#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/result.hpp>
#include <mutual/task.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::client {

/// Speaks HTTP/1.1 to one server. Belongs to its loop's thread and does not move. Each request is sent, then its answer
/// received whole; errors are sentences for people, and what they mean for certificates is in the report.
class connection {
 public:
  connection(net::loop& on, options how);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Finds the host, connects and shakes hands. Blocks while the system resolves the host's name.
  task<result<>> open(url where);
  /// The same with the host's addresses at hand; does not block.
  task<result<>> open_at(url where, std::vector<net::endpoint> addresses);

  /// Sends a request; its Host field is set if it has none. The body is the request's, or comes from `body`, chunked
  /// unless its `length` is given. Stops early, without an error, if the server answers before it has everything: the
  /// answer says why. The request and the source live until it is done.
  task<result<>> send(const request& what, body_source* body = nullptr, std::optional<std::uint64_t> length = {});

  /// The status and fields of the answer to the request that was sent; its body follows by receive_piece().
  task<result<response>> receive_head();

  /// The next piece of the answer's body, never an empty one, or nothing at its end. Asked for, it reads no more than
  /// one piece (64 KB): who does not ask, slows the server.
  task<result<std::optional<std::string>>> receive_piece();

  /// The fields after a chunked body; whole when receive_piece() has given nothing.
  const fields& trailers() const { return parser_.trailers(); }

  /// Whether another request can be sent: the last answer has been received whole, and neither side wants to close. The
  /// server may close all the same while nothing is under way; then the next request fails with errc::closed and
  /// `closed_while_idle()`.
  bool reusable() const;

  /// Whether the failure was that the server had closed the connection before it read anything of the request, on a
  /// connection that had served others: a request that may be sent twice can be tried on a new one.
  bool closed_while_idle() const { return closed_while_idle_; }

  /// Says goodbye (close_notify) and closes.
  void close();

  /// What the handshake has brought to light so far; refusals that come later are in it too.
  const handshake_report& report() const { return report_; }

  /// Who the server has proved to be; null on plain HTTP and if any server is accepted and this one was judged bad.
  const std::shared_ptr<const peer>& server() const { return server_; }

 private:
  enum class phase : std::uint8_t { closed, idle, waiting, reading };

  task<result<>> shake_hands();
  task<result<>> await_welcome();
  task<bool> write(std::string_view bytes);
  task<bool> send_source(body_source& body, bool chunked);
  task<result<>> read_more(std::chrono::milliseconds limit);
  bool answer_has_begun();
  void feed(std::string_view bytes);
  error broken(tls::io_status status);
  error unreadable();
  void update_report();

  net::loop& loop_;
  options how_;
  url where_;
  tls::server_facts facts_;  // Before the stream, whose SSL writes into it.
  std::optional<tls::stream> stream_;
  http::response_parser parser_;
  handshake_report report_;
  std::shared_ptr<const peer> server_;
  std::string early_;        // What came before anything was asked.
  std::string first_bytes_;  // Of the answer, to recognise what is not HTTP.
  unsigned answers_ = 0;
  phase phase_ = phase::closed;
  http::parse_state state_ = http::parse_state::need_more;
  bool head_done_ = false;
  bool request_is_whole_ = false;
  bool surplus_ = false;  // The server sent more than it was asked for.
  bool closed_while_idle_ = false;
};

}  // namespace mutual::client
