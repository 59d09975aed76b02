#pragma once
// An HTTP/2 client for tests: nghttp2's, over the TLS client that can be made to do what no honest client does.

#include "support/h2_frames.hpp"
#include "support/tls_client.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nghttp2/nghttp2.h>
#include <optional>
#include <string>
#include <vector>

namespace mutual::test {

struct h2_client_options {
  std::uint32_t window = 65'535;  ///< What each stream has room for at first.
  bool gives_room = true;         ///< As it reads, it makes room for more.
  bool answers_pings = true;
};

/// One connection. Blocks, for ten seconds at most.
class h2_client {
 public:
  h2_client(unsigned short port, client_options how, h2_client_options manners = {});
  ~h2_client();
  h2_client(const h2_client&) = delete;
  h2_client& operator=(const h2_client&) = delete;

  /// Asks for something; the stream's number.
  std::uint32_t ask(const field_list& all, const std::string& body = {});
  std::uint32_t ask(std::string_view path = "/") { return ask(request_fields("GET", path)); }
  /// A request whose body comes later, by send_body().
  std::uint32_t begin(const field_list& all);
  void send_body(std::uint32_t stream, const std::string& piece, bool last, const field_list& trailers = {});
  void reset(std::uint32_t stream, std::uint32_t code = cancel);

  /// Reads until the stream has ended; what has come of it.
  const h2_answer& wait_for(std::uint32_t stream);
  const h2_answer& get(std::string_view path = "/") { return wait_for(ask(path)); }
  /// Reads until that holds, or the connection ends.
  bool read_until(const std::function<bool()>& holds);
  /// What has come so far.
  const h2_answer& answer(std::uint32_t stream) { return answers_[stream]; }

  /// Sends those bytes as they are, after what is due.
  bool write(std::string_view bytes);
  /// Sends what is due.
  bool flush();
  /// Reads once; false at the end.
  bool read_once();
  void read_to_end();

  bool ended() const { return ended_; }
  /// The codes of the GOAWAY frames that have come, and the last streams that they name.
  const std::vector<std::pair<std::uint32_t, std::uint32_t>>& goaways() const { return goaways_; }
  std::uint32_t setting(std::uint16_t id) const;
  nghttp2_session* native() { return session_.get(); }
  tls_connection& under() { return connection_; }

 private:
  friend struct h2_client_callbacks;
  struct deleter {
    void operator()(nghttp2_session* which) const { nghttp2_session_del(which); }
  };
  struct upload {
    std::string left;
    bool last = false;
    field_list trailers;
  };

  tls_connection connection_;
  h2_client_options manners_;
  std::unique_ptr<nghttp2_session, deleter> session_;
  std::map<std::uint32_t, h2_answer> answers_;
  std::map<std::uint32_t, upload> uploads_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> goaways_;
  bool ended_ = false;
};

}  // namespace mutual::test
