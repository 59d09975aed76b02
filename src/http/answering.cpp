#include "http/answering.hpp"

#include "http/own_answer.hpp"

#include <fmt/format.h>

#include <exception>

namespace mutual::http {
namespace {

// The application turns what handlers throw into problems; what arrives here is a mistake of ours or of memory. To be
// called while it is being handled.
response failed_answer(const server_options& options) {
  try {
    throw;
  } catch (const std::exception& thrown) {
    options.log.error(fmt::format("a request could not be answered: {}", thrown.what()));
  } catch (...) {
    options.log.error("a request could not be answered: something was thrown that is no std::exception");
  }
  return own_answer(500, "the server could not answer this request");
}

}  // namespace

task<response> answer_of(const server_options& options, request& asked, answer_notes& notes) {
  try {
    auto answering = options.answer(asked, notes);
    response made = co_await answering;
    co_return made;
  } catch (...) {
    co_return failed_answer(options);
  }
}

std::optional<response> answer_at_once(const server_options& options, request& asked, answer_notes& notes) {
  if (!options.answer_at_once) return std::nullopt;
  try {
    return options.answer_at_once(asked, notes);
  } catch (...) {
    return failed_answer(options);
  }
}

request line_of(const request& asked) {
  request line;
  line.method = asked.method.empty() ? "-" : asked.method;
  line.target = asked.target.empty() ? "-" : asked.target;
  line.version_major = asked.version_major;
  line.version_minor = asked.version_minor;
  line.connection = asked.connection;
  return line;
}

request_teller::request_teller(const server_options& options, const request& asked, const std::size_t& sent)
    : options_(options), sent_(sent) {
  if (!options.on_answer) return;
  line = line_of(asked);
  began = std::chrono::steady_clock::now();
}

request_teller::~request_teller() {
  notes.incomplete = true;
  tell();
}

void request_teller::tell() {
  if (!line) return;
  options_.on_answer(*line, notes, status, sent_, std::chrono::steady_clock::now() - began);
  line.reset();
}

}  // namespace mutual::http
