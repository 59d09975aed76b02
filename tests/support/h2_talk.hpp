#pragma once
// An HTTP/2 session under test, without a network: what a client sends as frames, and what comes back.

#include "http/h2_session.hpp"
#include "support/h2_frames.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <nghttp2/nghttp2.h>
#include <string>
#include <vector>

namespace mutual::test {

class h2_talk {
 public:
  explicit h2_talk(http::server_options with = {});
  ~h2_talk();
  h2_talk(const h2_talk&) = delete;
  h2_talk& operator=(const h2_talk&) = delete;

  /// Sends the preface and SETTINGS, and acknowledges the server's.
  void begin();
  /// Sends bytes, lets every request be answered, and reads what the server says.
  void send(std::string_view bytes);
  /// Collects what the server has to say.
  void read();
  void pass(std::chrono::milliseconds time) { now += time; }

  /// The code of the GOAWAY that has come, or -1.
  std::int64_t goaway() const { return goaway_; }
  bool over() { return session.over(); }

  http::server_options options;
  http::h2_session session;
  std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
  /// Answers a request; 200 with "ok" if left alone. Those that are not to be answered stay in `waiting`.
  std::function<bool(http::h2_stream&)> answer;
  std::vector<http::h2_stream*> waiting;
  std::map<std::uint32_t, h2_answer> answers;
  std::vector<frame> frames;  ///< All that have come.
  std::size_t requests = 0;   ///< How many have come through as good.

 private:
  void handle();
  void hear(const frame& one);

  nghttp2_hd_inflater* inflater_ = nullptr;
  std::string pending_;
  std::int64_t goaway_ = -1;
};

/// Answers with that.
void reply(h2_talk& in, http::h2_stream& to, const response& with);

}  // namespace mutual::test
