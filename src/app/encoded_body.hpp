#pragma once
// Request bodies that come in a content coding.

#include <mutual/problem.hpp>
#include <mutual/request.hpp>

#include <optional>
#include <string_view>

namespace mutual {

/// The refusal of a body that is still encoded when it comes to a handler, which would take it for something else;
/// nothing if it is not.
std::optional<problem> refuse_encoded(const request& incoming);

/// 415 that names the codings that are taken (RFC 9110 section 12.5.3).
problem unknown_coding(std::string_view taken);

}  // namespace mutual
