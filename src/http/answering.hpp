#pragma once
// What answering a request is in any version of HTTP.

#include "http/server_options.hpp"

#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/task.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace mutual::http {

/// The handler's answer, or a 500 if it throws, which the log is told of. All three outlive the task.
task<response> answer_of(const server_options& options, request& asked, answer_notes& notes);

/// The same from the quick handler, if there is one; nothing if it has none to give.
std::optional<response> answer_at_once(const server_options& options, request& asked, answer_notes& notes);

/// A request's line and who sent it, for the observer: without fields and body. What is not known of it is "-".
request line_of(const request& asked);

/// Tells the observer of a request, once: when it is told to or, if the answering of it is given up before, as it goes.
class request_teller {
 public:
  /// The line is taken now: the handler may move the request away or change it. `sent` counts the bytes of the answer's
  /// body.
  request_teller(const server_options& options, const request& asked, const std::size_t& sent);
  ~request_teller();
  request_teller(const request_teller&) = delete;
  request_teller& operator=(const request_teller&) = delete;

  void tell();

  answer_notes notes;
  int status = 0;               ///< Of the answer, once there is one.
  std::optional<request> line;  ///< Nothing if nobody is to be told, or somebody was.
  std::chrono::steady_clock::time_point began;

 private:
  const server_options& options_;
  const std::size_t& sent_;
};

}  // namespace mutual::http
