#pragma once
// h2_patience: how much useless work one HTTP/2 client may make.

#include <chrono>
#include <cstdint>

namespace mutual::http {

/// What a client may do that costs us work and brings no request further. Each is harmless, and normal now and then;
/// the attacks on HTTP/2 consist of doing one of them a million times.
enum class h2_nuisance : std::uint8_t {
  client_reset,    ///< It takes back a request before it is answered (rapid reset, CVE-2023-44487).
  provoked_reset,  ///< It made us reset a stream ("MadeYouReset", CVE-2025-8671).
  ping,            ///< Answered, each (CVE-2019-9512).
  settings,        ///< Acknowledged, each (CVE-2019-9515).
  empty_data,      ///< A DATA frame without data that ends nothing (CVE-2019-9518).
  late_headers,    ///< HEADERS for a stream that is over: read for HPACK's sake, and thrown away.
  small_window,    ///< A WINDOW_UPDATE beyond those that what we have sent accounts for.
  priority,        ///< PRIORITY, which means nothing here (CVE-2019-9513).
};

/// A bucket of points. Each nuisance takes some out; time and requests that are served put some in. Knows no clock: the
/// time is given.
class h2_patience {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// False if the client has done too much of it, or of all of them together.
  bool suffer(h2_nuisance what, time_point now);

  /// A request was served: what belongs to it is forgiven.
  void thank();

  /// A piece of an answer was sent: the client may make room for more in return.
  void expect_room();

 private:
  static constexpr int most = 1000;

  int left_ = most;
  int room_expected_ = 64;
  time_point filled_{};
};

}  // namespace mutual::http
