#pragma once
// json: values read from JSON and written as JSON.

#include <mutual/handler.hpp>
#include <mutual/json_codec.hpp>
#include <mutual/query.hpp>
#include <mutual/reply.hpp>
#include <mutual/request.hpp>
#include <mutual/response.hpp>
#include <mutual/result.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace mutual {

/// A value as JSON: as a handler's parameter, the body read as a `T`; returned, a `T` written. Described structs need
/// it in neither place; it is for what has another meaning by itself (`json<std::string>`, `json<int>`).
template <class T>
class json {
 public:
  json() = default;
  explicit json(T inner) : value(std::move(inner)) {}

  T& operator*() { return value; }
  const T& operator*() const { return value; }
  T* operator->() { return &value; }
  const T* operator->() const { return &value; }

  T value{};
};

/// The value as JSON text, without a line's end.
template <json_type T>
std::string to_json(const T& value) {
  std::string out;
  json_codec<T>::write(out, value);
  return out;
}

/// The `T` that a JSON text writes; otherwise an error that names each place that is not as it should be. The text must
/// be I-JSON (RFC 7493): UTF-8 and no member twice. Members that `T` does not know are left out, `std::optional` ones
/// may be missing or null, others may not; nothing is nested deeper than 32, and there are no more than `most_values`
/// values in all.
template <json_type T>
result<T> from_json(std::string_view text, std::size_t most_values = 100'000) {
  T out{};
  detail::json_document document(text, most_values);
  if (document.parsed()) json_codec<T>::read(document.root(), out);
  if (!document.good()) return document.failure();
  return out;
}

/// A response with the value as its body.
template <json_type T>
response json_response(const T& value, int status = 200) {
  return response(status, to_json(value) + "\n", "application/json");
}

namespace detail {

/// The body of a request, if it says that it is JSON; throws 415 if it does not. The type is asked for strictly:
/// without it, a web page could make a visitor's browser send a body here, under the visitor's certificate, and without
/// asking (only for application/json do browsers ask first).
std::string_view json_body(const request& incoming);

template <json_type T>
T read_json_body(const request& incoming) {
  T out{};
  json_document document(json_body(incoming), incoming.json_values);
  if (document.parsed()) json_codec<T>::read(document.root(), out);
  document.throw_problem();
  return out;
}

}  // namespace detail

/// The request's body, read as JSON: 415 if it is not said to be JSON, 400 if it is none, 413 if it has more than the
/// request's `json_values`, 422 with the member "errors" if it is not a `T`.
template <json_type T>
struct extractor<json<T>> {
  static json<T> get(request& incoming) { return json<T>(detail::read_json_body<T>(incoming)); }
};
template <json_document_type T>
struct extractor<T> {
  static T get(request& incoming) { return detail::read_json_body<T>(incoming); }
};

template <json_type T>
struct reply<json<T>> {
  static response make(const json<T>& value) { return json_response(value.value); }
};
template <json_document_type T>
struct reply<T> {
  static response make(const T& value) { return json_response(value); }
};

}  // namespace mutual
