#pragma once
// ocsp_desk: answers whether certificates are revoked, from the inventory (RFC 6960, RFC 5019).

#include "base/recent_map.hpp"
#include "base/snapshot.hpp"
#include "ca_service/counters.hpp"
#include "ca_service/desk.hpp"
#include "ca_service/patient_complaint.hpp"
#include "x509/ocsp.hpp"

#include <mutual/request.hpp>
#include <mutual/response.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::ca_service {

/// For how long an answer is good; and for how long it may be given again, by caches of HTTP and by ourselves.
inline constexpr std::chrono::minutes ocsp_answer_life{60};
inline constexpr std::chrono::minutes ocsp_cache_life{5};

/// Answers OCSP requests. What is answered is what the inventory says at that moment. Safe to use from any thread; each
/// call blocks while the inventory is asked.
class ocsp_desk {
 public:
  using responders = std::vector<authority::ocsp_responder>;

  ocsp_desk(desk& authority, counters& counts, patient_complaint& complaint)
      : authority_(authority), counts_(counts), complaint_(complaint) {}

  /// Who signs from now on.
  void sign_with(std::shared_ptr<const responders> all) { responders_.set(std::move(all)); }

  /// Answers the DER of a request in the body of a POST.
  response answer_posted(std::string_view der);

  /// Answers a request in the path of a GET: base64 of the DER, percent-encoded or not (RFC 6960 appendix A.1).
  response answer_asked(const request& asked, std::string_view encoded);

 private:
  struct reply {
    std::string der;
    sys_seconds made{};
    sys_seconds this_update{};
    sys_seconds next_update{};
    bool is_answer = false;  // else a refusal
    bool has_nonce = false;
  };
  // An answer without a nonce, and what it was made from.
  struct kept {
    std::string facts;
    reply given;
  };
  reply answer(std::string_view der);
  reply sign(const std::vector<x509::ocsp_fact>& facts, const std::string& nonce, const x509::identity& by);
  reply refuse(x509::ocsp_refusal why);
  result<std::vector<x509::ocsp_fact>> look_up(const x509::ocsp_question& what, const x509::certificate& issuer);

  desk& authority_;
  counters& counts_;
  patient_complaint& complaint_;
  snapshot<responders> responders_;
  // By the request. The inventory is asked all the same: what is saved is the signature, and what caches see stays one.
  recent_map<kept> kept_{4096};
};

}  // namespace mutual::ca_service
