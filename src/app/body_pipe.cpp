#include "app/body_pipe.hpp"

namespace mutual::detail {
namespace {

// The coroutine that awaits the writer's task: nobody awaits it, so it is started and destroyed by hand.
struct pipe_root {
  struct promise_type {
    explicit promise_type(body_pipe& of) : pipe(of) {}
    pipe_root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }

    // The reader may destroy the pipe, and with it this coroutine: so it goes on only once this one is at rest.
    struct to_the_reader {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        body_pipe& pipe = ended.promise().pipe;
        pipe.over = true;
        const auto reader = std::exchange(pipe.reader, nullptr);
        return reader ? reader : std::noop_coroutine();
      }
      void await_resume() noexcept {}
    };
    to_the_reader final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { pipe.failure = std::current_exception(); }

    body_pipe& pipe;
  };
  std::coroutine_handle<promise_type> coroutine;
};

pipe_root run_writer(body_pipe& pipe) {
  task<> work = pipe.write(pipe.writer);
  co_await work;
}

task<std::optional<std::string>> take(std::shared_ptr<body_pipe> pipe) {
  body_pipe::taking next{*pipe};
  co_await next;
  if (!pipe->piece && pipe->failure) std::rethrow_exception(pipe->failure);
  co_return std::exchange(pipe->piece, std::nullopt);
}

}  // namespace

body_pipe::~body_pipe() {
  if (root) root.destroy();
}

std::coroutine_handle<> body_pipe::putting::await_suspend(std::coroutine_handle<> by) noexcept {
  pipe.piece = std::move(bytes);
  pipe.resting = by;
  const auto waiting = std::exchange(pipe.reader, nullptr);
  return waiting ? waiting : std::noop_coroutine();
}

// The writer runs on the reader's stack until it rests or waits. A loop of pieces that are there at once so does not
// grow the stack.
bool body_pipe::taking::await_suspend(std::coroutine_handle<> by) {
  if (!pipe.root) {
    pipe.root = run_writer(pipe).coroutine;
    pipe.root.resume();
  } else if (pipe.resting) {
    std::exchange(pipe.resting, nullptr).resume();
  }
  if (await_ready()) return false;
  pipe.reader = by;
  return true;
}

void body_pipe::interject(std::string bytes) {
  if (!reader || piece) return;
  piece = std::move(bytes);
  std::exchange(reader, nullptr).resume();
}

body_source source_of(std::shared_ptr<body_pipe> pipe) {
  return [pipe = std::move(pipe)] { return take(pipe); };
}

}  // namespace mutual::detail

namespace mutual {

task<> body_writer::write(std::string piece) {
  if (piece.empty()) co_return;
  detail::body_pipe::putting put{pipe_, std::move(piece)};
  co_await put;
}

response written(std::string_view content_type, std::function<task<>(body_writer&)> writer) {
  response made(200);
  made.headers.set("Content-Type", content_type);
  made.source = detail::source_of(std::make_shared<detail::body_pipe>(std::move(writer)));
  return made;
}

}  // namespace mutual
