#include "http/h2_patience.hpp"

#include <algorithm>

namespace mutual::http {
namespace {

constexpr int points_a_second = 50;
constexpr int points_a_request = 4;
// A client may give room to the stream and to the connection for each piece that it gets.
constexpr int room_a_piece = 2;
constexpr int most_room_expected = 100'000;

int price_of(h2_nuisance what) {
  switch (what) {
    case h2_nuisance::provoked_reset:
      return 10;
    case h2_nuisance::settings:
    case h2_nuisance::empty_data:
    case h2_nuisance::late_headers:
    case h2_nuisance::client_reset:
    case h2_nuisance::ping:
      return 5;
    case h2_nuisance::priority:
      return 2;
    case h2_nuisance::small_window:
      return 1;
  }
  return 10;
}

}  // namespace

bool h2_patience::suffer(h2_nuisance what, time_point now) {
  if (what == h2_nuisance::small_window && room_expected_ > 0) {
    --room_expected_;
    return true;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - filled_).count();
  if (seconds > 0) {
    left_ = static_cast<int>(std::min<std::int64_t>(most, left_ + seconds * points_a_second));
    filled_ = now;
  }
  left_ -= price_of(what);
  return left_ >= 0;
}

void h2_patience::thank() { left_ = std::min(most, left_ + points_a_request); }

void h2_patience::expect_room() { room_expected_ = std::min(most_room_expected, room_expected_ + room_a_piece); }

}  // namespace mutual::http
