#include "app/encode_budget.hpp"

#include "app/encoder.hpp"

#include <vector>

namespace mutual {

bool encode_budget::share::hold(http::coding how) {
  const auto more = encoder::holds(how);
  const auto most = how == http::coding::gzip ? of_->most_ : of_->most_ / 2;
  auto before = of_->used_.load();
  // Nothing is taken for a moment that does not fit: another, smaller one that does would be refused meanwhile.
  do {
    if (before + more > most) return false;
  } while (!of_->used_.compare_exchange_weak(before, before + more));
  held_ += more;
  return true;
}

std::optional<http::coding> choose_within(const http::accepted_codings& accepted, encode_budget::share& held) {
  std::vector<http::coding> left(encoder::offered.begin(), encoder::offered.end());
  for (;;) {
    const auto best = accepted.choose(left);
    if (!best || *best == http::coding::identity || held.hold(*best)) return best;
    std::erase(left, *best);
  }
}

}  // namespace mutual
