#include "ca_service/desk.hpp"

namespace mutual::ca_service {
namespace {

// An inventory that is put back from a backup under a running service is noticed this soon.
constexpr std::chrono::seconds check_every{1};

}  // namespace

result<std::unique_ptr<desk>> desk::open(std::filesystem::path folder, std::string store, counters::count* errors) {
  std::unique_ptr<desk> made(new desk(std::move(folder), std::move(store), errors));
  MUTUAL_TRY(auto first, made->take());
  made->give_back(std::move(first));
  return made;
}

result<desk::one> desk::take() {
  one mine;
  {
    const std::scoped_lock lock(guard_);
    if (!idle_.empty()) {
      mine = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  const auto present = std::chrono::steady_clock::now();
  if (mine.opened == nullptr) {
    MUTUAL_TRY(auto opened, authority::pki::open(places_.folder(), store_));
    return one{std::make_unique<authority::pki>(std::move(opened)), present};
  }
  if (present - mine.checked >= check_every) {
    MUTUAL_CHECK(mine.opened->check_current());
    mine.checked = present;
  }
  return mine;
}

void desk::give_back(one back) {
  const std::scoped_lock lock(guard_);
  idle_.push_back(std::move(back));
}

}  // namespace mutual::ca_service
