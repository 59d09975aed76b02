#pragma once
// The answer with a file: whole, in ranges, or that the client has it already.

#include "app/served_file.hpp"

#include <mutual/request.hpp>
#include <mutual/response.hpp>

#include <memory>
#include <optional>
#include <string_view>

namespace mutual {

/// Whether an answer may wait for a disk in the thread that makes it.
enum class disk { may_wait, must_not_wait };

/// The answer to a request for a file of that media type, by RFC 9110's rules for conditional requests (section 13) and
/// ranges (section 14); nothing if it would have to wait for a disk, and must not. What is large is read piece by piece
/// as fast as the client takes it, and a file that changes meanwhile ends the connection. Throws a `problem`: 412; 416;
/// 503 if the file changes all the time.
///
/// `coding` is the content coding that the file's bytes are in, if they are in one. Ranges are of these bytes; several
/// at once are answered with the whole, for the coding would be said of the parts and of what is around them.
std::optional<response> file_answer(const request& asked, const std::shared_ptr<const served_file>& file,
                                    std::string_view content_type, disk how, std::string_view coding = {});

}  // namespace mutual
