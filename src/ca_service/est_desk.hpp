#pragma once
// est_desk: enrolment over secure transport (RFC 7030).

#include "authority/enroll.hpp"
#include "base/log.hpp"
#include "ca_service/counters.hpp"
#include "ca_service/desk.hpp"
#include "ca_service/issue_queue.hpp"
#include "ca_service/patient_complaint.hpp"

#include <mutual/app.hpp>
#include <mutual/problem.hpp>
#include <mutual/request.hpp>
#include <mutual/response.hpp>

#include <chrono>
#include <optional>

namespace mutual::ca_service {

/// Who may do what:
///
///   cacerts, csrattrs          everybody
///   simpleenroll, serverkeygen who shows a token, or a certificate that is good (which is a renewal then)
///   simplereenroll             who shows a certificate that is good; if `renew_expired_for` is set, also who signs the
///                              request with the key of one that has ended no longer ago (see agree_after_end)
///
/// Safe to use from any thread; blocks while the authority is asked, and until a certificate is on the disk, together
/// with those that others ask for meanwhile. What is refused changes nothing.
class est_desk {
 public:
  est_desk(desk& authority, counters& counts, logger log, std::optional<std::chrono::seconds> renew_expired_for,
           issue_queue::bounds most = {})
      : authority_(authority),
        counts_(counts),
        log_(log),
        complaint_(log),
        renew_expired_for_(renew_expired_for),
        queue_(authority, most, log, &counts.key_failures) {}

  response certificates();
  response attributes();
  response enroll(const request& asked, bool make_key);
  response reenroll(const request& asked);

 private:
  problem no_credentials();
  counters::count& issued_by(std::string_view operation);
  result<authority::enrolled> certify(result<authority::agreed> on, const std::string& who);
  response answer(const request& asked, std::string_view what, const std::string& who,
                  const result<authority::enrolled>& outcome);
  response refuse(const request& asked, std::string_view what, const std::string& who, const error& why);

  desk& authority_;
  counters& counts_;
  logger log_;
  patient_complaint complaint_;
  std::optional<std::chrono::seconds> renew_expired_for_;
  issue_queue queue_;
};

/// Adds /.well-known/est/…; the desk must outlive the app.
void add_est_routes(app& to, est_desk& est);

}  // namespace mutual::ca_service
