#include "http/answering.hpp"

#include "http/own_answer.hpp"

#include <fmt/format.h>

#include <exception>

namespace mutual::http {

task<response> answer_of(const server_options& options, request& asked, answer_notes& notes) {
  bool failed = false;
  response made;
  try {
    made = co_await options.answer(asked, notes);
  } catch (const std::exception& thrown) {
    // The application turns what handlers throw into problems; what arrives here is a mistake of ours or of memory.
    options.log.error(fmt::format("a request could not be answered: {}", thrown.what()));
    failed = true;
  } catch (...) {
    options.log.error("a request could not be answered: something was thrown that is no std::exception");
    failed = true;
  }
  if (failed) made = own_answer(500, "the server could not answer this request");
  co_return made;
}

request line_of(const request& asked) {
  request line;
  line.method = asked.method;
  line.target = asked.target;
  line.version_major = asked.version_major;
  line.version_minor = asked.version_minor;
  line.connection = asked.connection;
  return line;
}

}  // namespace mutual::http
