// Whether what is asked for can be issued, and whether what the service itself presents is believed.

#include "authority/limits.hpp"
#include "authority/newest_issuer.hpp"
#include "authority/pending.hpp"
#include "authority/reserved_name.hpp"
#include "authority/revoked_issuer.hpp"
#include "base/shell_word.hpp"
#include "ca_service/keeper.hpp"
#include "tls/file_watch.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

namespace mutual::ca_service {
namespace {

using clock = std::chrono::steady_clock;

// What has stood in the way of reading a file may pass without a change of the file.
constexpr std::chrono::seconds limits_again{5};

std::string trouble_of_issuer(const authority::record& one) {
  if (!one.revoked) return {};
  return fmt::format("the intermediate {}, so whatever it issued would be refused, and it issues nothing: {}",
                     one.revoked->is_hold() ? "is on hold" : "was revoked",
                     one.revoked->is_hold() ? fmt::format("release it with mutual revoke {} --release", one.serial)
                                            : std::string("make another with mutual rotate intermediate"));
}

// A name that is revoked for good is free to be issued anew, with a new key; one that is on hold is not. Nor is one
// that nobody gets any more.
std::string way_out_for(const authority::record& one, authority::inventory& in, const authority::layout& places) {
  if (one.revoked->is_hold()) {
    return fmt::format("release it with mutual revoke {} --release", text::shell_word(one.name));
  }
  const auto anew = authority::to_issue_anew(one.name, in, places);
  return fmt::format("issue it anew{}, with the same names, with mutual issue {} {}{}", anew.under,
                     to_string(one.purpose), anew.word,
                     anew.under.empty() ? "" : fmt::format(", and present that (--name {})", anew.word));
}

std::string trouble_of_server(const authority::record& one, const std::string& way_out) {
  return fmt::format("the service's own certificate {}, and whoever checks that refuses the service: {}",
                     one.revoked->is_hold() ? "is on hold" : "was revoked", way_out);
}

// Whatever a CA has issued is refused with it, and nothing renews this one by itself.
std::string trouble_of_its_ca(const authority::lost_issuer& by, const std::optional<authority::record>& server) {
  const bool is_hold = by.ca.revoked->is_hold();
  const auto renewed = server ? fmt::format("renew it with mutual renew {}", text::shell_word(server->name))
                              : std::string("present one of the CA that issues now");
  std::string way_out = renewed;
  if (is_hold) {
    way_out = fmt::format("release the CA with mutual revoke {} --release", by.ca.serial);
  } else if (!by.passed_over.empty()) {
    way_out = fmt::format("the intermediate {}; then {}", by.passed_over, renewed);
  } else if (by.is_issuing) {
    way_out = fmt::format("make another CA with mutual rotate intermediate, and then {}", renewed);
  }
  return fmt::format(
      "the service's own certificate is of a CA that {}, and whoever checks that refuses the service: {}",
      is_hold ? "is on hold" : "was revoked", way_out);
}

void tell_or_end(patient_complaint& to, const std::string& trouble) {
  if (trouble.empty()) return to.over();
  to.tell(trouble);
}

}  // namespace

// The key may sign and nothing be issued all the same: by a CA that is revoked, or when nobody knows within which
// limits.
result<> keeper::look_at_issuing(authority::pki& opened) {
  look_at_limits();
  auto issuer = look_at_issuer(opened);
  auto presented = look_at_presented(opened);
  return issuer ? presented : issuer;
}

void keeper::look_at_limits() {
  const auto& places = authority_.places();
  auto stamp = tls::stamp_of({places.limits()});
  const auto present = clock::now();
  if (stamp != limits_stamp_ || present - limits_tried_ >= (next_.has_limits ? time_passes : limits_again)) {
    limits_stamp_ = std::move(stamp);
    limits_tried_ = present;
    const auto read = authority::load_limits(places);
    limits_state_ = read ? result<>() : read.error();
    next_.has_limits = bool(read);
  }
  if (limits_state_) return limits_complaint_.over();
  limits_complaint_.tell("nothing can be issued: " + limits_state_.error().message());
}

result<> keeper::look_at_issuer(authority::pki& opened) {
  const auto& places = authority_.places();
  const auto file = places.intermediate_certificate();
  if (auto stamp = tls::stamp_of({file}); next_.acts != issuer_act_ || stamp != issuer_stamp_) {
    const auto found = x509::load_certificates(file);
    // What is wrong with the file is told by whoever looks at its key.
    if (!found) return {};
    auto& records = opened.records();
    MUTUAL_TRY(const auto passed_over, authority::passed_over(records, found->front()));
    if (!passed_over.empty()) {
      // A rotation here has recorded its CA, and the file follows in a moment.
      MUTUAL_TRY(const auto intended, authority::read_intention(places));
      if (intended || stamp != tls::stamp_of({file})) return {};
    }
    MUTUAL_TRY(const auto known, records.find_serial(found->front().serial()));
    next_.issuer_stopped = !passed_over.empty() ? "the intermediate " + passed_over
                           : known              ? trouble_of_issuer(*known)
                                                : std::string();
    issuer_act_ = next_.acts;
    issuer_stamp_ = std::move(stamp);
  }
  tell_or_end(issuer_complaint_, next_.issuer_stopped);
  return {};
}

// Nobody here judges what the service presents; whoever connects may, and refuses it then.
result<> keeper::look_at_presented(authority::pki& opened) {
  if (presented_.empty()) return {};
  const auto& places = authority_.places();
  // What mends it depends on who issues.
  auto stamp = tls::stamp_of({presented_, places.intermediate_certificate()});
  if (next_.acts != presented_act_ || stamp != presented_stamp_) {
    const auto found = x509::load_certificates(presented_);
    // The service goes on with the one that it has read before, and tells why.
    if (!found) return {};
    auto& records = opened.records();
    MUTUAL_TRY(const auto known, records.find_sha256(found->front().sha256()));
    MUTUAL_TRY(const auto ca, authority::revoked_issuer(records, places, found->front()));
    next_.server_refused = known && known->revoked ? trouble_of_server(*known, way_out_for(*known, records, places))
                           : ca                    ? trouble_of_its_ca(*ca, known)
                                                   : std::string();
    presented_act_ = next_.acts;
    presented_stamp_ = std::move(stamp);
  }
  tell_or_end(presented_complaint_, next_.server_refused);
  return {};
}

}  // namespace mutual::ca_service
