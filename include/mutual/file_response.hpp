#pragma once
// file_response: a file of a handler's choice, as a response.

#include <mutual/request.hpp>
#include <mutual/response.hpp>

#include <filesystem>
#include <string>

namespace mutual {

/// What is said of a file beside what is in it.
struct file_options {
  std::string content_type;  ///< Its media type; empty: by the ending of its name.
  std::string download_as;   ///< If set, browsers save it, and call it so, instead of showing it.
};

/// The answer with a regular file, by RFC 9110's rules: with ETag and Last-Modified; 304 if the client has it as it is
/// (If-None-Match, If-Modified-Since), 412 if it is not as the request demands (If-Match, If-Unmodified-Since), 206
/// with one or several ranges of it (Range, If-Range), 416 if it has none of these. Throws a `problem` for these
/// errors, and 404, 403 or 503 if the file cannot be had.
///
/// The file is opened in this thread (`blocking` keeps a slow disk off the thread of the connection) and then read
/// piece by piece, as fast as the client takes it; a worker of the app waits for the disk. A file that changes while it
/// is being sent ends the connection: it never looks whole.
///
/// Links are followed: never make the path of what a client says. For that there is `app.folder`.
///
///     app.get("/report", [](const mutual::request& asked) {
///       return mutual::file_response(asked, "report.pdf", {.download_as = "Report of June.pdf"});
///     });
response file_response(const request& asked, const std::filesystem::path& path, const file_options& how = {});

}  // namespace mutual
