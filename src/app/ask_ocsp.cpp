#include "app/ask_ocsp.hpp"

#include "base/text.hpp"
#include "client/url.hpp"

#include <fmt/format.h>

namespace mutual {
namespace {

error senseless(std::string why) { return {errc::bad_usage, std::move(why)}; }

result<> check(const tls::config& settings) {
  const auto& how = settings.ocsp;
  if (settings.clients == tls::client_auth::none) {
    return senseless(
        "OCSP is for judging clients, and none is asked for a certificate (--ocsp and --client-auth none): leave one "
        "of them out");
  }
  if (how.policy == tls::unanswered::grace && how.grace <= std::chrono::seconds(0)) {
    return senseless("a grace for OCSP answers that have ended needs a length of time: grace=6h");
  }
  if (how.patience <= std::chrono::milliseconds(0) || how.tolerance < std::chrono::seconds(0)) {
    return senseless("OCSP responders need some time to answer");
  }
  if (how.ask == "certificate") return {};
  const auto where = client::parse_url(how.ask);
  if (where && !where->secure) return {};
  return senseless(
      fmt::format("{} is no place of an OCSP responder: write it as http://HOST/ (an answer is believed for its "
                  "signature), or \"certificate\" for the one that each client's certificate names",
                  text::quoted(how.ask)));
}

}  // namespace

result<std::unique_ptr<asked_responders>> ask_ocsp(const tls::config& settings, const logger& log) {
  if (settings.ocsp.ask.empty()) return std::unique_ptr<asked_responders>();
  MUTUAL_CHECK(check(settings));
  auto made = std::make_unique<asked_responders>();
  client::messenger_limits within;
  within.patience = settings.ocsp.patience;
  made->carries = std::make_shared<client::ocsp_messenger>(within);
  // It may be asked as long as the server lives: after the end of this it says no.
  auto carry = [carries = made->carries](tls::ocsp_question_to what) { carries->carry(std::move(what)); };
  made->book = std::make_shared<tls::ocsp_book>(settings.ocsp, std::move(carry), log);
  return made;
}

}  // namespace mutual
