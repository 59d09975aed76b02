#include "ca_service/plain_routes.hpp"

#include "ca_service/media_type.hpp"

#include <mutual/offload.hpp>
#include <mutual/problem.hpp>

namespace mutual::ca_service {
namespace {

constexpr std::string_view asked_below = "/ocsp/";
constexpr std::size_t largest_request = std::size_t{64} * 1024;

response posted(const request& asked, ocsp_desk& answers) {
  if (!has_media_type(asked, "application/ocsp-request")) {
    return problem::unsupported_media_type("an OCSP request is sent as application/ocsp-request");
  }
  return answers.answer_posted(asked.body);
}

bool is_asked(const request& what) {
  return (what.method == "GET" || what.method == "HEAD") && what.path().starts_with(asked_below) &&
         what.path().size() > asked_below.size();
}

// Base64 has slashes, and two in a row: no path that a route could take.
task<response> ocsp_by_get(ocsp_desk& answers, request& incoming, next inner) {
  if (!is_asked(incoming)) {
    task<response> further = inner(incoming);
    response made = co_await further;
    co_return made;
  }
  auto work = [&] { return answers.answer_asked(incoming, incoming.path().substr(asked_below.size())); };
  response made = co_await offload(work);
  co_return made;
}

}  // namespace

void add_plain_routes(app& to, list_shelf& lists, ocsp_desk& answers) {
  to.use([&answers](request& incoming, next inner) { return ocsp_by_get(answers, incoming, inner); });
  to.get("/crl/{path...}",
         blocking([&lists](const request& asked, const std::string& path) { return lists.answer(asked, path); }));
  to.get("/issuer/{name}", blocking([&lists](const std::string& name) { return lists.answer_issuer(name); }));
  for (const auto* const path : {"/ocsp", "/ocsp/"}) {
    to.post(path, blocking([&answers](const request& asked) { return posted(asked, answers); }))
        .body_limit(largest_request);
  }
}

}  // namespace mutual::ca_service
