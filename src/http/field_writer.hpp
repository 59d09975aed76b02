#pragma once
// Header fields into bytes.

#include <mutual/fields.hpp>
#include <mutual/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace mutual::http {

/// An error if a field has a name or a value that cannot be written: it would be read as something else.
result<> check_fields(const fields& all);

/// Whether a field is about one connection, not about the message (RFC 9110 section 7.6.1): those are the writer's.
bool is_hop_by_hop(std::string_view name);

/// Appends the fields, checked before, but for Content-Length and those that are about one connection.
void write_end_to_end_fields(std::string& out, const fields& all);

/// Appends one field, checked before.
void write_field(std::string& out, std::string_view name, std::string_view value);

void write_content_length(std::string& out, std::uint64_t length);

}  // namespace mutual::http
