#include "ca_service/desk.hpp"

namespace mutual::ca_service {

result<std::unique_ptr<desk>> desk::open(std::filesystem::path folder, std::string store, counters::count* errors) {
  std::unique_ptr<desk> made(new desk(std::move(folder), std::move(store), errors));
  MUTUAL_TRY(auto first, made->open_one());
  made->give_back(std::move(first));
  return made;
}

result<desk::one> desk::open_one() const {
  MUTUAL_TRY(auto opened, authority::pki::open(places_.folder(), store_));
  return one{std::make_unique<authority::pki>(std::move(opened)), std::chrono::steady_clock::now()};
}

result<desk::one> desk::take(std::chrono::seconds checked_within) {
  one mine;
  {
    const std::scoped_lock lock(guard_);
    if (!idle_.empty()) {
      mine = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (mine.opened == nullptr) return open_one();
  const auto present = std::chrono::steady_clock::now();
  if (present - mine.checked < checked_within) return mine;
  const auto checked = mine.opened->check_current();
  // Nothing has been done with it yet: what is wrong with this connection need not be wrong with another.
  if (!checked && may_be_broken(checked.error().code())) return open_one();
  MUTUAL_CHECK(checked);
  mine.checked = present;
  return mine;
}

void desk::give_back(one back) {
  const std::scoped_lock lock(guard_);
  idle_.push_back(std::move(back));
}

}  // namespace mutual::ca_service
