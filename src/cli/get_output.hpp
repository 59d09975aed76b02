#pragma once
// What mutual get makes of an answer.

#include "client/connection.hpp"

#include <mutual/response.hpp>
#include <mutual/result.hpp>
#include <mutual/task.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mutual::cli {

/// What came of the request.
struct got {
  std::optional<response> head;
  std::string body;  ///< Its first bytes; all of them, if they were collected.
  std::optional<error> failure;
};

/// Sends a request, calls `on_head` when the answer's head is there, and hands the body on: to standard output, piece
/// by piece, or collected. The arguments live until it is done.
task<got> get_answer(client::connection& from, const request& what, bool collect,
                     const std::function<void(const response&)>& on_head);

/// The status and the fields, as they came but printable.
std::string head_text(const response& head);

/// What a status of 400 or more means, in the server's own words where it gives a problem (RFC 9457).
error refused_by_status(const response& head, std::string_view body);

/// The whole exchange as one line of JSON.
std::string exchange_json(std::string_view url, const client::handshake_report& report, const got& outcome);

}  // namespace mutual::cli
