#pragma once
// multipart: the parts of a form, with files in it.

#include <mutual/handler.hpp>
#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/task.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual {

/// What a multipart/form-data may be, beside the limit of the whole body.
struct multipart_limits {
  std::size_t parts = 100;
  std::size_t head_bytes = std::size_t{4} * 1024;            ///< Of the fields of one part.
  std::size_t part_bytes = std::size_t{1024} * 1024 * 1024;  ///< Of the content of one part.
};

/// What one part of a form says of itself.
struct form_part_head {
  std::string name;
  /// Set for a file: what the client calls it, without folders, in UTF-8. Words to show; never a path to write to.
  std::optional<std::string> file_name;
  std::string content_type;  ///< What the client says that it is; "text/plain" if it says nothing.
};

/// One part of a form, whole.
struct form_part : form_part_head {
  std::string content;
};

/// As a handler's parameter: the parts of a multipart/form-data body (RFC 7578), in order. 415 if the body is none, 400
/// if it is not well-formed, 413 if a limit of `multipart_limits` is passed, 403 if a browser sent it for another
/// site's page: browsers send forms anywhere without asking, and show the visitor's certificate.
///
///     app.post("/photo", [](const mutual::multipart& form) {
///       const auto* photo = form.find("photo");
///       return photo ? std::to_string(photo->content.size()) + " bytes\n" : "no photo\n";
///     });
class multipart {
 public:
  explicit multipart(std::vector<form_part> all) : parts(std::move(all)) {}

  /// The first part of that name, or null.
  const form_part* find(std::string_view name) const;

  std::vector<form_part> parts;
};

template <>
struct extractor<multipart> {
  static multipart get(request& incoming);
};

/// Reads a multipart/form-data body part by part, piece by piece, with the same rules: memory stays flat however large
/// a file is, if the pieces come so. Throws a `problem` as `multipart` does. Not thread-safe.
///
///     mutual::multipart_reader form(asked, source);
///     while (auto part = co_await form.next_part()) {
///       while (auto piece = co_await form.next_piece()) …
///     }
class multipart_reader {
 public:
  /// The body of that request, which comes from `source`. The request must outlive it.
  multipart_reader(const request& asked, body_source source, const multipart_limits& limits = {});
  /// The body that was read whole with the request, which must stay as it is meanwhile.
  explicit multipart_reader(const request& asked, const multipart_limits& limits = {});
  ~multipart_reader();
  multipart_reader(const multipart_reader&) = delete;
  multipart_reader& operator=(const multipart_reader&) = delete;

  /// The next part; nothing when the form has ended well. What was left of the part before is passed over.
  task<std::optional<form_part_head>> next_part();

  /// The next piece of that part's content; nothing at its end.
  task<std::optional<std::string>> next_piece();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace mutual
