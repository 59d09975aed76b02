#include "base/text.hpp"

#include <mutual/handler.hpp>
#include <mutual/reply.hpp>

#include <stdexcept>

namespace mutual {

response detail::error_response(const error& failure) {
  switch (failure.code()) {
    case errc::bad_usage:
    case errc::bad_input:
      return problem::bad_request(failure.message()).to_response();
    case errc::not_found:
      return problem::not_found(failure.message()).to_response();
    case errc::already_exists:
      return problem::conflict(failure.message()).to_response();
    case errc::limit_exceeded:
      return problem::too_large(failure.message()).to_response();
    case errc::password_needed:
    case errc::io:
    case errc::tls:
    case errc::protocol:
    case errc::timed_out:
    case errc::closed:
    case errc::internal:
      break;
  }
  throw std::runtime_error(std::string(to_string(failure.code())) + ": " + failure.message());
}

void detail::throw_bad_parameter(const std::string& text, std::string_view expected) {
  throw problem::not_found("nothing is at this path: " + text::quoted(text) + " is not " + std::string(expected));
}

}  // namespace mutual
