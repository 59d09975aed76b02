#pragma once
// body_pipe: what a task writes, as a source that is asked for pieces.

#include <mutual/body.hpp>
#include <mutual/body_writer.hpp>
#include <mutual/task.hpp>

#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace mutual::detail {

/// A writing task and its reader take turns: the writer runs while the reader asks, and rests once a piece is there.
/// Both are on one thread. Destroying the pipe destroys the writer where it rests or waits.
struct body_pipe {
  explicit body_pipe(std::function<task<>(body_writer&)> with) : write(std::move(with)), writer(*this) {}
  ~body_pipe();
  body_pipe(const body_pipe&) = delete;
  body_pipe& operator=(const body_pipe&) = delete;

  /// The writer puts a piece down, and rests until the next one is asked for.
  struct putting {
    body_pipe& pipe;
    std::string bytes;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> by) noexcept;
    void await_resume() const noexcept {}
  };

  /// The reader waits until a piece is there, or the writer has ended.
  struct taking {
    body_pipe& pipe;
    ~taking() { pipe.reader = nullptr; }  // also of one that is given up while it waits
    bool await_ready() const noexcept { return pipe.piece.has_value() || pipe.over; }
    bool await_suspend(std::coroutine_handle<> by);
    void await_resume() const noexcept {}
  };

  /// Puts a piece down in the writer's place, if the reader waits for one.
  void interject(std::string bytes);

  std::function<task<>(body_writer&)> write;  ///< Outlives the task that it gives, which may use what it captured.
  body_writer writer;
  std::optional<std::string> piece;
  std::coroutine_handle<> reader;   ///< While it waits.
  std::coroutine_handle<> resting;  ///< The writer, while it waits to be asked.
  std::coroutine_handle<> root;     ///< The coroutine that runs the writer; ours to destroy.
  std::exception_ptr failure;
  bool over = false;
};

/// What is read from a pipe; it throws what the writer threw.
body_source source_of(std::shared_ptr<body_pipe> pipe);

}  // namespace mutual::detail
