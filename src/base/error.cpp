#include <mutual/error.hpp>

namespace mutual {

std::string_view to_string(errc code) {
  switch (code) {
    case errc::bad_usage:
      return "bad_usage";
    case errc::bad_input:
      return "bad_input";
    case errc::password_needed:
      return "password_needed";
    case errc::not_found:
      return "not_found";
    case errc::already_exists:
      return "already_exists";
    case errc::io:
      return "io";
    case errc::tls:
      return "tls";
    case errc::protocol:
      return "protocol";
    case errc::timed_out:
      return "timed_out";
    case errc::limit_exceeded:
      return "limit_exceeded";
    case errc::closed:
      return "closed";
    case errc::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace mutual
