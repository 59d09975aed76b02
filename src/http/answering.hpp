#pragma once
// What answering a request is in any version of HTTP.

#include "http/server_options.hpp"

#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/task.hpp>

#include <optional>

namespace mutual::http {

/// The handler's answer, or a 500 if it throws, which the log is told of. All three outlive the task.
task<response> answer_of(const server_options& options, request& asked, answer_notes& notes);

/// The same from the quick handler, if there is one; nothing if it has none to give.
std::optional<response> answer_at_once(const server_options& options, request& asked, answer_notes& notes);

/// A request's line and who sent it, for the observer: without fields and body.
request line_of(const request& asked);

}  // namespace mutual::http
