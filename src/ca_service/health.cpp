#include "ca_service/health.hpp"

#include <mutual/handler.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace mutual::ca_service {
namespace {

using clock = std::chrono::steady_clock;

// Those without whose lists servers let nobody in.
constexpr std::array<std::string_view, 2> listed{"intermediate", "root"};

void check_list(const standing& seen, std::string_view part, sys_seconds present, std::vector<std::string>& wrong) {
  const auto& all = seen.lists;
  const auto own = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.ca.part == part; });
  if (own == all.end()) {
    wrong.push_back(fmt::format("there is no revocation list of the {}", part));
  } else if (own->next_update <= present) {
    wrong.push_back(fmt::format("the revocation list of the {} ended on {}", part, to_text(own->next_update)));
  } else if (is_of_the_future(own->this_update, present)) {
    wrong.push_back(
        fmt::format("the revocation list of the {} begins on {} only, and nobody goes by it before: the "
                    "clock is wrong, or was when it was made",
                    part, to_text(own->this_update)));
  }
}

bool has_responder(const standing& seen, sys_seconds present) {
  return std::any_of(seen.responders.begin(), seen.responders.end(), [present](const responder_state& one) {
    return one.ca.part == "intermediate" && one.not_after > present;
  });
}

response answer(const standing& seen, maybe_peer who) {
  const auto wrong = troubles(seen, clock::now(), now());
  std::string text = "ok\n";
  if (who && wrong.empty()) {
    for (const auto& one : ending_soon(seen, now())) text += fmt::format("soon: {}\n", one);
  } else if (!wrong.empty()) {
    text = who ? fmt::format("not well: {}; the service's log says more\n", fmt::join(wrong, "; "))
               : std::string(
                     "not well: the service's log says why, and so does this page to whoever shows a certificate\n");
  }
  response out(wrong.empty() ? 200 : 503, std::move(text));
  out.headers.set("Cache-Control", "no-store");
  return out;
}

}  // namespace

bool is_of_the_future(sys_seconds this_update, sys_seconds present) { return this_update > present; }

std::chrono::seconds uncovered_for(const standing& seen, clock::time_point steady_now) {
  if (!seen.uncovered_since) return std::chrono::seconds(0);
  return std::chrono::ceil<std::chrono::seconds>(steady_now - *seen.uncovered_since);
}

std::vector<std::string> troubles(const standing& seen, clock::time_point steady_now, sys_seconds present) {
  std::vector<std::string> wrong;
  const auto silent = std::chrono::floor<std::chrono::seconds>(steady_now - seen.looked);
  if (silent > longest_silence) {
    wrong.push_back(fmt::format("the inventory has not answered for {} seconds", silent.count()));
  } else if (!seen.inventory_answers) {
    wrong.emplace_back("the inventory cannot be used");
  }
  if (!seen.can_sign) wrong.emplace_back("the intermediate's key cannot be used");
  if (!seen.issuer_stopped.empty()) wrong.push_back(seen.issuer_stopped);
  if (!seen.has_limits) {
    wrong.emplace_back("what may be issued cannot be read, so nothing is issued: mend authority.toml");
  }
  if (!seen.server_refused.empty()) wrong.push_back(seen.server_refused);
  for (const auto part : listed) check_list(seen, part, present, wrong);
  if (!seen.unpublished.empty()) {
    wrong.push_back(
        fmt::format("the file with the revocation list of the {} is missing, damaged or an older one, and "
                    "cannot be written anew",
                    fmt::join(seen.unpublished, ", ")));
  }
  if (!seen.unlisted.empty()) {
    wrong.push_back(
        fmt::format("the root's revocation list does not say that the CA {} was revoked: bring the root's "
                    "key, and make another with mutual crl",
                    fmt::join(seen.unlisted, ", ")));
  }
  if (const auto uncovered = uncovered_for(seen, steady_now); uncovered > longest_uncovered) {
    wrong.push_back(fmt::format("a revocation has been on no list for {} seconds", uncovered.count()));
  }
  if (!has_responder(seen, present)) wrong.emplace_back("nobody signs OCSP answers for the intermediate");
  return wrong;
}

std::vector<std::string> ending_soon(const standing& seen, sys_seconds present) {
  constexpr std::chrono::seconds longest_warning = std::chrono::days(30);
  std::vector<std::string> out;
  for (const auto& one : seen.ends) {
    const auto warning = std::min((one.not_after - one.not_before) / 10, longest_warning);
    if (one.not_after - present >= warning) continue;
    const auto* way_out = one.part == "intermediate" ? "mutual rotate intermediate"
                          : one.part == "root"       ? "mutual rotate root"
                                                     : "mutual renew";
    const auto what = one.part == "server" ? std::string("the service's own certificate") : "the " + one.part;
    out.push_back(fmt::format("{} ends on {}, and nothing that it vouches for is believed then: {}", what,
                              to_text(one.not_after), way_out));
  }
  return out;
}

void add_health_route(app& to, standing_source seen) {
  to.get("/healthz", [seen = std::move(seen)](maybe_peer who) { return answer(*seen(), who); });
}

}  // namespace mutual::ca_service
