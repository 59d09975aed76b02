#pragma once
// HTTP's way to write a point in time.

#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mutual::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate, RFC 9110 section 5.6.7). For the years 0 to 9999.
std::string to_http_date(sys_seconds time);

/// The time that an IMF-fixdate, an RFC 850 date or an asctime date names; nothing if it is none of them. The
/// two-digit year of an RFC 850 date that would lie more than 50 years after `today` is one of the century before.
std::optional<sys_seconds> from_http_date(std::string_view text, sys_seconds today = now());

/// Writes the Date field's value once a second. Not thread-safe: one a thread.
class date_cache {
 public:
  /// The date at `time`; the view lives until the next call.
  std::string_view at(sys_seconds time) {
    if (time != time_ || text_.empty()) {
      text_ = to_http_date(time);
      time_ = time;
    }
    return text_;
  }

 private:
  sys_seconds time_{};
  std::string text_;
};

}  // namespace mutual::http
