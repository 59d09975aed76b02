#pragma once
// problem: what went wrong, as the client is told it (RFC 9457).

#include <mutual/reason.hpp>
#include <mutual/response.hpp>

#include <concepts>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace mutual {

/// An error of an HTTP request as application/problem+json tells it: a status, a title, a sentence, and members of your
/// own. Handlers return it or throw it. Everything in it reaches the client: put nothing secret into it.
class problem : public std::exception {
 public:
  /// A problem with that status (400 to 599; anything else becomes 500) whose title is the status's phrase.
  explicit problem(int status, std::string detail = {});

  static problem bad_request(std::string detail = {}) { return problem(400, std::move(detail)); }
  static problem forbidden(std::string detail = {}) { return problem(403, std::move(detail)); }
  static problem not_found(std::string detail = {}) { return problem(404, std::move(detail)); }
  static problem conflict(std::string detail = {}) { return problem(409, std::move(detail)); }
  static problem gone(std::string detail = {}) { return problem(410, std::move(detail)); }
  static problem too_large(std::string detail = {}) { return problem(413, std::move(detail)); }
  static problem unsupported_media_type(std::string detail = {}) { return problem(415, std::move(detail)); }
  static problem unprocessable(std::string detail = {}) { return problem(422, std::move(detail)); }
  static problem too_many_requests(std::string detail = {}) { return problem(429, std::move(detail)); }
  static problem internal(std::string detail = {}) { return problem(500, std::move(detail)); }
  static problem not_implemented(std::string detail = {}) { return problem(501, std::move(detail)); }
  static problem unavailable(std::string detail = {}) { return problem(503, std::move(detail)); }

  /// 403 with the member "reason": somebody was refused for who they are.
  static problem refused(reason code, std::string detail = {});

  int status() const { return status_; }
  const std::string& type() const { return type_; }      ///< A URI reference, or empty for "about:blank".
  const std::string& title() const { return title_; }    ///< The same for every problem of a type.
  const std::string& detail() const { return detail_; }  ///< What went wrong this time, and what to do.
  const std::string& instance() const { return instance_; }

  /// These set a part and give the problem back, to be written in a row.
  problem& type(std::string uri) & { return type_ = std::move(uri), *this; }
  problem& title(std::string text) & { return title_ = std::move(text), *this; }
  problem& instance(std::string uri) & { return instance_ = std::move(uri), *this; }
  problem&& type(std::string uri) && { return type_ = std::move(uri), std::move(*this); }
  problem&& title(std::string text) && { return title_ = std::move(text), std::move(*this); }
  problem&& instance(std::string uri) && { return instance_ = std::move(uri), std::move(*this); }

  /// Adds a member of your own; one of that name is replaced. Names that RFC 9457 defines are not taken.
  /// The value is text, a number of any type, or a truth value; infinity and NaN, which JSON has not, become null.
  template <class Value>
  requires(std::convertible_to<const Value&, std::string_view> ||
           std::is_arithmetic_v<Value>) problem& with(std::string_view name, const Value& value) & {
    if constexpr (std::same_as<Value, bool>) {
      return with_json(name, value ? "true" : "false");
    } else if constexpr (std::integral<Value>) {
      return with_json(name, std::to_string(value));
    } else if constexpr (std::floating_point<Value>) {
      return with_number(name, static_cast<double>(value));
    } else {
      return with_text(name, value);
    }
  }
  template <class Value>
  problem&& with(std::string_view name, const Value& value) && {
    return std::move(with(name, value));
  }

  /// Adds a member whose value is JSON text already.
  problem& with_json(std::string_view name, std::string json) &;

  /// Adds a field to the response ("Retry-After").
  problem& header(std::string_view name, std::string_view value) &;
  problem&& header(std::string_view name, std::string_view value) && { return std::move(header(name, value)); }

  /// The problem as a JSON object.
  std::string to_json() const;

  /// The response that tells it: its status, its fields, Content-Type application/problem+json.
  response to_response() const;
  operator response() const { return to_response(); }

  /// The title and the detail in one line.
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  problem& with_text(std::string_view name, std::string_view text);
  problem& with_number(std::string_view name, double number);

  int status_;
  std::string type_, title_, detail_, instance_;
  std::vector<std::pair<std::string, std::string>> members_;
  fields headers_;
  std::string what_;
};

}  // namespace mutual
