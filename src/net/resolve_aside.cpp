#include "net/resolve_aside.hpp"

#include <atomic>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

namespace mutual::net {
namespace {

struct question {
  host_port where;
  result<std::vector<endpoint>> found = std::vector<endpoint>();
  std::atomic<bool> answered{false};
};

}  // namespace

task<result<std::vector<endpoint>>> resolve_aside(loop& on, host_port where) {
  // Names are asked for once a connection, and the wait for the system's answer is many times this.
  constexpr std::chrono::milliseconds look_every{5};
  auto asked = std::make_shared<question>();
  asked->where = std::move(where);
  try {
    // The system's resolver cannot be interrupted: whoever waits for it may go, it may not be waited for.
    std::thread([asked] {
      asked->found = resolve(asked->where, false);
      asked->answered.store(true, std::memory_order_release);
    }).detach();
  } catch (const std::system_error&) {
    co_return error(errc::io, "no thread could be started to look up a host: free some memory or processes");
  }
  while (!asked->answered.load(std::memory_order_acquire)) co_await on.sleep(look_every);
  co_return std::move(asked->found);
}

}  // namespace mutual::net
