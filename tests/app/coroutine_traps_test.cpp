// What docs/coroutines.md says is safe around co_await, compiled by this compiler and run: every object is destroyed
// once, and every task ends. Its counterpart tests/house/coroutines_test.py keeps the unsafe forms out of the code.
#include <mutual/mutual.hpp>
#include <mutual/test_client.hpp>

#include <functional>
#include <memory>

namespace mutual {
namespace {

// Counts how many of it there are; one destroyed twice brings the count below nothing (and the sanitizers out).
class counted {
 public:
  explicit counted(int& alive, int value = 0) : alive_(&alive), value_(value) { ++*alive_; }
  counted(const counted& other) : alive_(other.alive_), value_(other.value_) { ++*alive_; }
  counted(counted&& other) noexcept : alive_(other.alive_), value_(other.value_) { ++*alive_; }
  counted& operator=(const counted&) = default;
  ~counted() { --*alive_; }
  int value() const { return value_; }

 private:
  int* alive_;
  int value_;
};

// An aggregate with something to destroy.
struct options {
  std::string host;
  int port = 0;
  counted held;
};

task<int> one() { co_return 1; }

// Waits for real, so that the awaiting coroutine is left and come back to.
task<int> later(int value) {
  co_await sleep(std::chrono::microseconds(100));
  co_return value;
}

task<int> call(std::function<int()> work) {
  co_await sleep(std::chrono::microseconds(100));
  co_return work();
}

task<int> take(options with) {
  co_await sleep(std::chrono::microseconds(100));
  co_return with.port + with.held.value() + static_cast<int>(with.host.size());
}

task<int> take_class(counted value) {
  co_await sleep(std::chrono::microseconds(100));
  co_return value.value();
}

task<std::optional<int>> countdown(int& left) {
  co_await sleep(std::chrono::microseconds(100));
  if (left == 0) co_return std::nullopt;
  co_return left--;
}

task<int> named_closure(int& alive) {
  counted captured(alive, 3);
  auto work = [captured] { return captured.value(); };
  const int first = co_await call(work);
  const int second = co_await call(std::move(work));
  co_return first + second;
}

task<int> closure_by_reference(int& alive) {
  counted outside(alive, 4);
  auto work = [&outside] { return outside.value(); };
  co_return co_await call(work);
}

task<int> named_aggregate(int& alive) {
  options with{"host", 2, counted(alive, 1)};
  const int first = co_await take(with);
  const int second = co_await take(std::move(with));
  co_return first + second;
}

task<int> class_as_a_temporary(int& alive) { co_return co_await take_class(counted(alive, 5)); }

task<int> text_as_a_temporary(int&) {
  auto size = [](std::string text) -> task<int> {
    co_await sleep(std::chrono::microseconds(100));
    co_return static_cast<int>(text.size());
  };
  co_return co_await size("a literal that is too long for the small string");
}

task<int> one_await_a_statement(int& alive) {
  counted held(alive, 1);
  const int left = co_await later(20);
  const int right = co_await one();
  bool both = left == 20;
  if (both) {
    const int third = co_await later(1);
    both = third == 1;
  }
  co_return both ? left + right + held.value() : -1;
}

task<int> a_loop_over_awaited_values(int&) {
  int left = 3, sum = 0;
  while (const auto value = co_await countdown(left)) sum += *value;
  co_return sum;
}

task<int> an_exception_through_tasks(int& alive) {
  counted held(alive);
  auto fail = [](int& count) -> task<int> {
    const counted inner(count);
    co_await sleep(std::chrono::microseconds(100));
    throw std::runtime_error("inner");
    co_return inner.value();
  };
  bool caught = false;
  try {
    const int never = co_await fail(alive);
    co_return never;
  } catch (const std::runtime_error&) {
    caught = true;
  }
  co_return caught ? co_await later(7) : -1;
}

task<int> a_body_source_with_captures(int& alive) {
  counted captured(alive, 2);
  body_source source = [captured, done = std::make_shared<bool>(false)]() -> task<std::optional<std::string>> {
    co_await sleep(std::chrono::microseconds(100));
    if (std::exchange(*done, true)) co_return std::nullopt;
    co_return std::string(static_cast<std::size_t>(captured.value()), 'x');
  };
  int size = 0;
  while (const auto piece = co_await source()) size += static_cast<int>(piece->size());
  co_return size;
}

task<int> many_tasks_that_do_not_wait(int&) {
  int sum = 0;
  for (int i = 0; i < 100'000; ++i) sum += co_await one();
  co_return sum / 1000;
}

struct safe_form {
  const char* name;
  task<int> (*run)(int& alive);
  int expected;
};

class safe_forms : public testing::TestWithParam<safe_form> {};

TEST_P(safe_forms, end_with_their_value_and_destroy_everything_once) {
  int alive = 0;
  app service;
  service.get("/", [&]() -> task<std::string> {
    const int value = co_await GetParam().run(alive);
    co_return std::to_string(value);
  });
  test_client client(service);
  EXPECT_EQ(client.get("/").body, std::to_string(GetParam().expected));
  EXPECT_EQ(alive, 0);
}

INSTANTIATE_TEST_SUITE_P(coroutines, safe_forms,
                         testing::Values(safe_form{"named_closure", named_closure, 6},
                                         safe_form{"closure_by_reference", closure_by_reference, 4},
                                         safe_form{"named_aggregate", named_aggregate, 14},
                                         safe_form{"class_as_a_temporary", class_as_a_temporary, 5},
                                         safe_form{"text_as_a_temporary", text_as_a_temporary, 47},
                                         safe_form{"one_await_a_statement", one_await_a_statement, 22},
                                         safe_form{"a_loop_over_awaited_values", a_loop_over_awaited_values, 6},
                                         safe_form{"an_exception_through_tasks", an_exception_through_tasks, 7},
                                         safe_form{"a_body_source_with_captures", a_body_source_with_captures, 2},
                                         safe_form{"many_tasks_that_do_not_wait", many_tasks_that_do_not_wait, 100}),
                         [](const auto& form) { return form.param.name; });

}  // namespace
}  // namespace mutual
