#include "net/loop.hpp"

#include "net/loop_impl.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace mutual::net {
namespace {

namespace asio = boost::asio;

// A coroutine that owns a task and has nobody to report to.
struct detached {
  struct promise_type {
    detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    // Whoever spawns a task catches inside it; what escapes is a mistake that must not be served around.
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

detached run_detached(task<> work) { co_await std::move(work); }

}  // namespace

loop::loop() : impl_(std::make_unique<impl>()) { impl_->deadlines = std::make_unique<deadline_wheel>(*this); }

loop::~loop() = default;

void loop::run() {
  {
    const auto work = asio::make_work_guard(impl_->context);
    impl_->context.run();
  }
  // After the guard has gone: the last work to end stops the context.
  impl_->context.restart();
}

void loop::run_until_idle() {
  impl_->context.run();
  impl_->context.restart();
}

void loop::stop() { impl_->context.stop(); }

void loop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

void loop::spawn(task<> work) { run_detached(std::move(work)); }

loop::sleep_awaiter loop::sleep(std::chrono::milliseconds duration) { return {*this, duration}; }

void loop::after(std::chrono::nanoseconds duration, std::function<void()> work) {
  auto timer = std::make_unique<asio::steady_timer>(impl_->context, duration);
  auto& pending = *timer;
  pending.async_wait([work = std::move(work), timer = std::move(timer)](boost::system::error_code code) mutable {
    // The timer is gone before the work begins; a loop that is being destroyed does none.
    timer.reset();
    if (!code) work();
  });
}

void loop::sleep_awaiter::await_suspend(std::coroutine_handle<> waiter) {
  owner_.after(duration_, [waiter] { waiter.resume(); });
}

std::span<char> loop::scratch() { return impl_->scratch; }

deadline_wheel& loop::deadlines() { return *impl_->deadlines; }

}  // namespace mutual::net
