#include "app/origin.hpp"

#include "base/text.hpp"

namespace mutual {
namespace {

// A browser that follows a link, or is sent here, shows what comes instead of the page that sent it: that page learns
// nothing, and a GET changes nothing.
bool is_navigation(const request& incoming) {
  return (incoming.method == "GET" || incoming.method == "HEAD") && incoming.header("Sec-Fetch-Mode") == "navigate" &&
         incoming.header("Sec-Fetch-Dest") == "document";
}

}  // namespace

bool is_of_this_origin(const request& incoming) {
  // Browsers send one of each; two are somebody's attempt to be read in two ways.
  if (incoming.headers.count("Sec-Fetch-Site") > 1 || incoming.headers.count("Origin") > 1) return false;
  if (const auto site = incoming.header("Sec-Fetch-Site")) {
    return *site == "same-origin" || *site == "none" || is_navigation(incoming);
  }
  const auto origin = incoming.header("Origin");
  if (!origin) return true;
  const bool secure = incoming.connection && incoming.connection->secure;
  const auto host = incoming.header("Host");
  return host && text::iequals(*origin, (secure ? "https://" : "http://") + std::string(*host));
}

problem of_another_origin() {
  return problem::forbidden(
      "a page of another site sent this; it is taken only from pages of this one, and from programs");
}

}  // namespace mutual
