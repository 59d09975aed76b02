#pragma once
// Media types of files, by their names.

#include <string_view>

namespace mutual::http {

/// The media type for a file of that name, by its extension: "text/html; charset=utf-8" for "index.html";
/// "application/octet-stream" for one that is not known, which browsers save and never run.
std::string_view media_type(std::string_view file_name);

}  // namespace mutual::http
