#pragma once
// What an app is made of.

#include "app/registry.hpp"
#include "app/workers.hpp"
#include "base/log.hpp"

#include <mutual/app.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace mutual::detail {

struct app_state {
  std::shared_ptr<registry> routes = std::make_shared<registry>();
  std::shared_ptr<const route_table> table;  ///< Null until the app is frozen.
  logger log = stderr_logger();
  bool log_is_the_programs = false;  // log_to() was called
  std::mutex stopping;
  std::function<void()> stopper;  ///< Guarded; empty unless it is served.
  bool stop_asked = false;        ///< Guarded.
  std::unique_ptr<worker_pool> workers = std::make_unique<worker_pool>(4, 1024);
};

}  // namespace mutual::detail
