#pragma once
// What a request leads to: a route and its parameters, or an answer that needs no handler.

#include "app/registry.hpp"

#include <mutual/app.hpp>
#include <mutual/request.hpp>
#include <mutual/response.hpp>

#include <optional>
#include <string>
#include <vector>

namespace mutual {

struct located {
  const served_route* route = nullptr;  ///< In the table; null if `answer` is set.
  std::vector<std::string> parameters;  ///< Decoded.
  std::optional<response> answer;
};

/// Finds the route, and asks its policy about the client. Refusals are told in `notes`.
located locate(const route_table& table, const request& incoming, handling& notes);

}  // namespace mutual
