#include "ca_service/est_desk.hpp"

#include "base/text.hpp"
#include "ca_service/credentials.hpp"
#include "ca_service/est_message.hpp"
#include "ca_service/media_type.hpp"
#include "x509/bundle.hpp"

#include <mutual/handler.hpp>
#include <mutual/problem.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace mutual::ca_service {
namespace {

// Far above any request for a certificate.
constexpr std::size_t largest_request = std::size_t{64} * 1024;

std::string called(const peer& who) {
  return text::printable(fmt::format("peer {} (serial {})", who.subject(), who.serial()), 512);
}

// Only over TLS, as the RFC demands: the routes are on no other listener.
result<x509::request> request_in(const request& asked) {
  if (!has_media_type(asked, "application/pkcs10")) {
    throw problem::unsupported_media_type(
        "send a certificate signing request here, with Content-Type: application/pkcs10");
  }
  return read_est_request(asked.body);
}

bool is_our_fault(errc code) { return code == errc::io || code == errc::internal || code == errc::timed_out; }

}  // namespace

problem est_desk::no_credentials() {
  ++counts_.refused_credentials;
  return problem(401,
                 "show a token (as the password of Basic, or as Bearer), or a certificate of this authority in the "
                 "TLS handshake")
      .header("WWW-Authenticate", "Basic realm=\"enrolment\", Bearer realm=\"enrolment\"");
}

counters::count& est_desk::issued_by(std::string_view operation) {
  if (operation == "serverkeygen") return counts_.issued_keygen;
  return operation == "simplereenroll" ? counts_.issued_reenroll : counts_.issued_enroll;
}

response est_desk::refuse(const request& asked, std::string_view what, const std::string& who, const error& why) {
  const auto& from = asked.connection->remote_address;
  if (why.code() == errc::limit_exceeded) {
    ++counts_.refused_unavailable;
    complaint_.tell(fmt::format("EST {} has no place: {}", what, why.message()));
    return problem::unavailable("the authority has too much to do at the moment").header("Retry-After", "1");
  }
  if (is_our_fault(why.code())) {
    ++counts_.refused_unavailable;
    complaint_.tell(fmt::format("EST {} cannot be done: {}", what, why.message()));
    return problem::unavailable("the authority cannot do that at the moment").header("Retry-After", "10");
  }
  log_.warn(fmt::format("EST {} refused to {} from {}: {}", what, who, from, text::printable(why.message(), 1024)));
  // A token that does not hold is told apart in the log alone.
  if (why.code() == errc::not_found) return no_credentials();
  const bool conflict = why.code() == errc::already_exists;
  ++(conflict                        ? counts_.refused_conflict
     : why.code() == errc::bad_input ? counts_.refused_request
                                     : counts_.refused_policy);
  // What stands in the way may be a file of ours, which is nobody's business.
  if (conflict) return problem(409, "the name is taken, or somebody else was given this certificate a moment ago");
  return problem(why.code() == errc::bad_input ? 400 : 403, why.message());
}

// Where it waits for the disk, beside others; nothing of the authority is held meanwhile.
result<authority::enrolled> est_desk::certify(result<authority::agreed> on, const std::string& who) {
  if (!on) return on.error();
  if (on->given) return authority::enrolled{*std::move(on->given), {}, true};
  MUTUAL_TRY(auto issued, queue_.issue(std::move(on->what), who));
  return authority::enrolled{std::move(issued), std::move(on->made), false};
}

response est_desk::answer(const request& asked, std::string_view what, const std::string& who,
                          const result<authority::enrolled>& outcome) {
  if (!outcome) return refuse(asked, what, who, outcome.error());
  complaint_.over();
  const auto& issued = outcome->issued;
  auto made = outcome->key ? est_key_and_certificate(*outcome->key, issued.leaf) : est_certificates({issued.leaf});
  if (!made) return refuse(asked, what, who, made.error());
  // An answer that was lost on its way and is given again is no other certificate.
  if (!outcome->is_repeat) ++issued_by(what);
  log_.info(fmt::format("EST {}{}: {} certificate {}, serial {}, to {} from {}", what,
                        outcome->is_repeat ? " repeated, nothing is issued" : "", to_string(issued.purpose),
                        text::quoted(issued.name), issued.leaf.serial(), who, asked.connection->remote_address));
  return *std::move(made);
}

response est_desk::certificates() {
  const auto& places = authority_.places();
  const auto gather = [&]() -> result<response> {
    // Whom to trust first, then what lies between; each once.
    MUTUAL_TRY(auto all, x509::load_certificates(places.trust()));
    MUTUAL_TRY(const auto between, x509::load_certificates(places.intermediate_certificate()));
    for (const auto& one : between) {
      if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
    }
    return est_certificates(all);
  };
  auto made = gather();
  if (made) return *std::move(made);
  complaint_.tell("EST cacerts cannot be answered: " + made.error().message());
  return problem::unavailable("the authority cannot do that at the moment").header("Retry-After", "10");
}

response est_desk::attributes() {
  const auto by = authority::load_limits(authority_.places());
  if (by) return est_attributes(*by);
  complaint_.tell("EST csrattrs cannot be answered: " + by.error().message());
  return problem::unavailable("the authority cannot do that at the moment").header("Retry-After", "10");
}

response est_desk::enroll(const request& asked, bool make_key) {
  const std::string_view what = make_key ? "serverkeygen" : "simpleenroll";
  const auto token = shown_token(asked);
  const auto who = asked.who();
  if (!token && !who) return no_credentials();
  std::string name = token ? "somebody with a token" : called(*who);
  auto read = request_in(asked);
  if (!token) {
    if (!read) return refuse(asked, what, name, read.error());
    const authority::enrolment wanted{*std::move(read), make_key};
    auto agreed = authority_.read(
        [&](authority::pki& opened) { return authority::agree_by_certificate(opened, who->sha256(), wanted); });
    return answer(asked, what, name, certify(std::move(agreed), name));
  }
  // Who shows no token that holds is told nothing else.
  const auto facts =
      authority_.read([&](authority::pki& opened) { return authority::check_token(opened, token->view()); });
  if (!facts) return refuse(asked, what, name, facts.error());
  name = "token " + facts->id;
  if (!read) return refuse(asked, what, name, read.error());
  const authority::enrolment wanted{*std::move(read), make_key};
  auto agreed =
      authority_.read([&](authority::pki& opened) { return authority::agree_by_token(opened, *facts, wanted); });
  return answer(asked, what, name, certify(std::move(agreed), name));
}

response est_desk::reenroll(const request& asked) {
  constexpr std::string_view what = "simplereenroll";
  const auto who = asked.who();
  if (!who && !renew_expired_for_) {
    ++counts_.refused_credentials;
    return problem::refused(
        reason::no_certificate,
        "show the certificate that is to be renewed in the TLS handshake; one that has ended is not "
        "renewed here");
  }
  const auto name = who ? called(*who) : std::string("the key of an ended certificate");
  auto read = request_in(asked);
  if (!read) return refuse(asked, what, name, read.error());
  auto agreed = authority_.read([&](authority::pki& opened) {
    return who ? authority::agree_by_certificate(opened, who->sha256(), {*read, false})
               : authority::agree_after_end(opened, *read, *renew_expired_for_);
  });
  return answer(asked, what, name, certify(std::move(agreed), name));
}

void add_est_routes(app& to, est_desk& est) {
  auto all = to.group("/.well-known/est").body_limit(largest_request);
  all.get("/cacerts", blocking([&est] { return est.certificates(); }));
  all.get("/csrattrs", blocking([&est] { return est.attributes(); }));
  all.post("/simpleenroll", blocking([&est](const request& asked) { return est.enroll(asked, false); }));
  all.post("/serverkeygen", blocking([&est](const request& asked) { return est.enroll(asked, true); }));
  all.post("/simplereenroll", blocking([&est](const request& asked) { return est.reenroll(asked); }));
}

}  // namespace mutual::ca_service
