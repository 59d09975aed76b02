#pragma once
// What an app is made of.

#include "app/registry.hpp"
#include "app/workers.hpp"
#include "base/log.hpp"

#include <mutual/app.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace mutual::http {
class server;
}

namespace mutual::detail {

struct app_state {
  std::shared_ptr<registry> routes = std::make_shared<registry>();
  std::shared_ptr<const route_table> table;  ///< Null until the app is frozen.
  logger log = stderr_logger();
  bool log_is_the_programs = false;  // log_to() was called
  std::mutex stopping;
  std::function<void()> stopper;          ///< Guarded; empty unless it is served.
  bool stop_asked = false;                ///< Guarded.
  const http::server* running = nullptr;  ///< Guarded; null unless it is served.
  /// Requests that were refused for who asked, by reason.
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(reason::probe) + 1> refused{};
  std::vector<std::function<void(const peer&)>> on_revoked;
  std::unique_ptr<worker_pool> workers = std::make_unique<worker_pool>(4, 1024);
};

}  // namespace mutual::detail
