#include "support/captured_log.hpp"

namespace mutual::test {
namespace {

bool holds(const std::string& line, std::string_view part) { return line.find(part) != std::string::npos; }

}  // namespace

logger captured_log::to() const {
  return logger(
      [to = store_](log_level level, std::string_view line) {
        const std::scoped_lock lock(to->guard);
        to->lines.push_back(std::string(to_string(level)) + " " + std::string(line));
        to->came.notify_all();
      },
      log_level::debug);
}

std::vector<std::string> captured_log::lines() const {
  const std::scoped_lock lock(store_->guard);
  return store_->lines;
}

std::size_t captured_log::size() const {
  const std::scoped_lock lock(store_->guard);
  return store_->lines.size();
}

std::size_t captured_log::count(std::string_view part, std::size_t from) const {
  std::size_t found = 0;
  const std::scoped_lock lock(store_->guard);
  for (std::size_t at = from; at < store_->lines.size(); ++at) found += holds(store_->lines[at], part) ? 1U : 0U;
  return found;
}

std::optional<std::string> captured_log::wait_for(std::string_view part, std::size_t from,
                                                  std::chrono::milliseconds limit) const {
  std::optional<std::string> found;
  std::unique_lock lock(store_->guard);
  store_->came.wait_for(lock, limit, [&] {
    for (; !found && from < store_->lines.size(); ++from) {
      if (holds(store_->lines[from], part)) found = store_->lines[from];
    }
    return found.has_value();
  });
  return found;
}

}  // namespace mutual::test
