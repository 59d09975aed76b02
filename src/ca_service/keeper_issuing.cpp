// Whether what is asked for can be issued, and whether what the service itself presents is believed.

#include "authority/limits.hpp"
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

// A name that is revoked for good is free to be issued anew, with a new key; one that is on hold is not.
std::string trouble_of_server(const authority::record& one) {
  if (!one.revoked) return {};
  const auto name = text::shell_word(one.name);
  const auto way_out =
      one.revoked->is_hold()
          ? fmt::format("release it with mutual revoke {} --release", name)
          : fmt::format("issue it anew, with the same names, with mutual issue {} {}", to_string(one.purpose), name);
  return fmt::format("the service's own certificate {}, and whoever checks that refuses the service: {}",
                     one.revoked->is_hold() ? "is on hold" : "was revoked", way_out);
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
  const auto file = authority_.places().intermediate_certificate();
  if (auto stamp = tls::stamp_of({file}); next_.acts != issuer_act_ || stamp != issuer_stamp_) {
    const auto found = x509::load_certificates(file);
    // What is wrong with the file is told by whoever looks at its key.
    if (!found) return {};
    MUTUAL_TRY(const auto known, opened.records().find_serial(found->front().serial()));
    next_.issuer_revoked = known ? trouble_of_issuer(*known) : std::string();
    issuer_act_ = next_.acts;
    issuer_stamp_ = std::move(stamp);
  }
  tell_or_end(issuer_complaint_, next_.issuer_revoked);
  return {};
}

// Nobody here judges what the service presents; whoever connects may, and refuses it then.
result<> keeper::look_at_presented(authority::pki& opened) {
  if (presented_.empty()) return {};
  if (auto stamp = tls::stamp_of({presented_}); next_.acts != presented_act_ || stamp != presented_stamp_) {
    const auto found = x509::load_certificates(presented_);
    // The service goes on with the one that it has read before, and tells why.
    if (!found) return {};
    MUTUAL_TRY(const auto known, opened.records().find_sha256(found->front().sha256()));
    next_.server_revoked = known ? trouble_of_server(*known) : std::string();
    presented_act_ = next_.acts;
    presented_stamp_ = std::move(stamp);
  }
  tell_or_end(presented_complaint_, next_.server_revoked);
  return {};
}

}  // namespace mutual::ca_service
