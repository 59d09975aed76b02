#include "app/chain.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <mutual/body.hpp>
#include <mutual/problem.hpp>

namespace mutual {
namespace {

response logged_failure(const detail::app_state& state, const request& incoming, handling& notes,
                        std::string_view what) {
  notes.failure = random_hex(8);
  const maybe_peer who = incoming.who();
  state.log.error("failure " + notes.failure + " in " + text::printable(incoming.method) + " " +
                  text::quoted(incoming.path()) + (who ? " for " + text::quoted(who->name()) : std::string()) + ": " +
                  text::printable(what, 1024));
  return problem::internal("the service failed; whoever runs it finds why in the log under this id")
      .with("id", notes.failure)
      .to_response();
}

// What a middleware throws becomes a response before the one around it sees it.
task<response> run_guarded(const detail::chain& all, std::size_t position, request& incoming) {
  std::exception_ptr thrown;
  try {
    task<response> work = all.around[position](incoming, next(&all, position + 1));
    response answer = co_await work;
    co_return answer;
  } catch (...) {
    thrown = std::current_exception();
  }
  co_return failure_response(all.state, incoming, all.notes, thrown);
}

}  // namespace

response failure_response(const detail::app_state& state, const request& incoming, handling& notes,
                          const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const problem& told) {
    return told.to_response();
  } catch (const body_error& failure) {
    return problem(failure.status, failure.what()).to_response();
  } catch (const std::exception& failure) {
    return logged_failure(state, incoming, notes, failure.what());
  } catch (...) {
    return logged_failure(state, incoming, notes, "something was thrown that is no std::exception");
  }
}

task<response> next::operator()(request& incoming) const {
  if (position_ == chain_->around.size()) return chain_->last(incoming);
  return run_guarded(*chain_, position_, incoming);
}

}  // namespace mutual
