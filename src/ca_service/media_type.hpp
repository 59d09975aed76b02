#pragma once
// What a request says its body is.

#include <mutual/request.hpp>

#include <string_view>

namespace mutual::ca_service {

/// Whether the Content-Type is that one, whatever its parameters and its letters' case.
bool has_media_type(const request& asked, std::string_view type);

}  // namespace mutual::ca_service
