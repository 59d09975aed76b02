#pragma once
// json_place: a place in a JSON document that is being read.

#include <mutual/error.hpp>

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mutual {

namespace detail {

struct json_report;
class json_document;

void write_json_text(std::string& out, std::string_view text);
void write_json_number(std::string& out, double number);

}  // namespace detail

/// A value in a JSON document, and where it is. Reading something else than what is there is reported with the place
/// and what was expected, and gives false or nothing; the reader goes on, so that one answer names all that is wrong.
/// Valid while the document and the place that it came from are.
class json_place {
 public:
  bool is_null() const;

  bool read(bool& into) const;
  bool read(std::string& into) const;
  bool read(double& into) const;
  std::optional<long long> read_signed(long long least, long long most) const;
  std::optional<unsigned long long> read_unsigned(unsigned long long most) const;

  /// The text here, or nothing, without a report.
  std::optional<std::string_view> peek_text() const;

  /// How many elements an array, or members an object, has.
  std::optional<std::size_t> array_size() const;
  std::optional<std::size_t> object_size() const;

  /// A part; its number must be less than the size.
  json_place element(std::size_t index) const;
  json_place member(std::size_t index) const;
  std::string_view member_name(std::size_t index) const;

  /// The member of that name, if there is one.
  std::optional<json_place> member(std::string_view name) const;

  /// So much is wrong already that no more is reported: there is no use in reading on.
  bool reported_enough() const;

  /// Report that something else was expected ("a date"), or that a member is missing; false.
  bool expected(std::string_view what) const;
  bool missing(std::string_view name) const;

  /// The value itself; include <boost/json.hpp> to look into it.
  const boost::json::value& raw() const { return *value_; }

 private:
  friend class detail::json_document;
  json_place(const boost::json::value* value, detail::json_report* report, const json_place* parent, std::size_t index)
      : value_(value), report_(report), parent_(parent), index_(index) {}

  std::string pointer() const;

  const boost::json::value* value_;
  detail::json_report* report_;
  const json_place* parent_;  ///< Null at the root.
  std::size_t index_;         ///< In the parent.
};

namespace detail {

/// A JSON text, parsed, and what was found wrong with it.
class json_document {
 public:
  /// With more than `most_values` values, it is not parsed.
  explicit json_document(std::string_view text, std::size_t most_values);
  ~json_document();
  json_document(const json_document&) = delete;
  json_document& operator=(const json_document&) = delete;

  bool parsed() const;  ///< It is JSON.
  bool good() const;    ///< It is JSON, and nothing was reported.
  json_place root() const;

  /// What is wrong, in one sentence.
  error failure() const;

  /// Throws 400 if it is no JSON, 413 if it has too many values, 422 if something was reported.
  void throw_problem() const;

 private:
  std::unique_ptr<json_report> report_;
};

}  // namespace detail
}  // namespace mutual
