#include "ca_service/metrics.hpp"

#include "base/exposition.hpp"

#include <mutual/handler.hpp>

#include <chrono>
#include <utility>

namespace mutual::ca_service {
namespace {

std::int64_t value_of(const counters::count& one) { return static_cast<std::int64_t>(one.load()); }
std::int64_t seconds(sys_seconds time) { return time.time_since_epoch().count(); }

void add_enrolment(exposition& to, const counters& counts) {
  to.family("mutual_ca_issued_total", "counter",
            "Certificates issued by EST, by operation; repeated answers are none.");
  to.sample(value_of(counts.issued_enroll), {{"operation", "simpleenroll"}});
  to.sample(value_of(counts.issued_reenroll), {{"operation", "simplereenroll"}});
  to.sample(value_of(counts.issued_keygen), {{"operation", "serverkeygen"}});
  to.family("mutual_ca_refused_total", "counter", "Requests that EST has refused, by reason.");
  to.sample(value_of(counts.refused_credentials), {{"reason", "credentials"}});
  to.sample(value_of(counts.refused_request), {{"reason", "request"}});
  to.sample(value_of(counts.refused_policy), {{"reason", "policy"}});
  to.sample(value_of(counts.refused_conflict), {{"reason", "conflict"}});
  to.sample(value_of(counts.refused_unavailable), {{"reason", "unavailable"}});
}

void add_ocsp(exposition& to, const counters& counts) {
  to.family("mutual_ca_ocsp_answers_total", "counter", "Certificates that OCSP has answered for, by their status.");
  to.sample(value_of(counts.ocsp_good), {{"status", "good"}});
  to.sample(value_of(counts.ocsp_revoked), {{"status", "revoked"}});
  to.sample(value_of(counts.ocsp_unknown), {{"status", "unknown"}});
  to.family("mutual_ca_ocsp_refused_total", "counter", "OCSP requests that were refused, by the status of RFC 6960.");
  using x509::ocsp_refusal;
  for (const auto& [why, name] :
       {std::pair{ocsp_refusal::malformed_request, "malformedRequest"},
        std::pair{ocsp_refusal::internal_error, "internalError"}, std::pair{ocsp_refusal::try_later, "tryLater"},
        std::pair{ocsp_refusal::unauthorized, "unauthorized"}}) {
    to.sample(value_of(counts.ocsp_refused[static_cast<std::size_t>(why)]), {{"status", name}});
  }
}

template <class States, class Value>
void add_each(exposition& to, std::string_view name, std::string_view help, const States& all, Value value) {
  to.family(name, "gauge", help);
  for (const auto& one : all) to.sample(value(one), {{"ca", one.ca.part}, {"key", one.ca.key}});
}

void add_lists(exposition& to, const counters& counts, const standing& seen, sys_seconds present) {
  to.family("mutual_ca_lists_made_total", "counter", "Times that the service has made revocation lists by itself.");
  to.sample(value_of(counts.lists_made));
  to.family("mutual_ca_list_failures_total", "counter", "Times that it could not.");
  to.sample(value_of(counts.lists_failed));
  to.family("mutual_ca_uncovered_seconds", "gauge", "For how long a revocation has been on no list; 0 if all are.");
  to.sample(uncovered_for(seen, std::chrono::steady_clock::now()).count());
  to.family("mutual_ca_unlisted_authorities", "gauge", "Revoked CAs that are on no revocation list of their root.");
  to.sample(static_cast<std::int64_t>(seen.unlisted.size()));
  add_each(to, "mutual_ca_list_number", "The number of the current revocation list.", seen.lists,
           [](const list_state& one) { return static_cast<std::int64_t>(one.number); });
  add_each(to, "mutual_ca_list_revoked", "Certificates on the current revocation list.", seen.lists,
           [](const list_state& one) { return static_cast<std::int64_t>(one.revoked); });
  add_each(to, "mutual_ca_list_age_seconds", "How long ago the current revocation list begins (thisUpdate).",
           seen.lists, [present](const list_state& one) { return seconds(present) - seconds(one.this_update); });
  add_each(to, "mutual_ca_list_next_update_seconds",
           "How long the current revocation list is good yet; below 0, it has ended.", seen.lists,
           [present](const list_state& one) { return seconds(one.next_update) - seconds(present); });
  add_each(to, "mutual_ca_responder_end_seconds", "How long the certificate that signs OCSP answers is good yet.",
           seen.responders,
           [present](const responder_state& one) { return seconds(one.not_after) - seconds(present); });
}

// What only a person replaces.
void add_ends(exposition& to, const standing& seen, sys_seconds present) {
  const auto add = [&](std::string_view name, std::string_view help, bool of_server) {
    to.family(name, "gauge", help);
    for (const auto& one : seen.ends) {
      if ((one.part == "server") != of_server) continue;
      const auto left = seconds(one.not_after) - seconds(present);
      if (of_server) {
        to.sample(left);
      } else {
        to.sample(left, {{"ca", one.part}, {"key", one.key}});
      }
    }
  };
  add("mutual_ca_authority_end_seconds", "How long the CA's own certificate is good yet; below 0, it has ended.",
      false);
  add("mutual_ca_server_end_seconds", "How long the certificate that this service presents is good yet.", true);
}

void add_inventory(exposition& to, const counters& counts, const standing& seen) {
  const auto silent = std::chrono::steady_clock::now() - seen.looked;
  to.family("mutual_ca_inventory_up", "gauge", "Whether the inventory could be used when it was last looked at.");
  to.sample(seen.inventory_answers ? 1 : 0);
  to.family("mutual_ca_inventory_looked_seconds", "gauge",
            "How long ago the service has last looked at the inventory.");
  to.sample(std::chrono::floor<std::chrono::seconds>(silent).count());
  to.family("mutual_ca_inventory_errors_total", "counter", "Times that the inventory could not be used.");
  to.sample(value_of(counts.inventory_errors));
  to.family("mutual_ca_inventory_acts", "gauge", "The number of the last act in the inventory.");
  to.sample(seen.acts);
  to.family("mutual_ca_certificates", "gauge", "Certificates that have not ended, those of CAs among them.");
  to.sample(seen.counted.certificates);
  to.family("mutual_ca_certificates_revoked", "gauge", "Those of them that are revoked or on hold.");
  to.sample(seen.counted.revoked);
  to.family("mutual_ca_tokens", "gauge", "Enrolment tokens that can be used yet.");
  to.sample(seen.counted.tokens);
}

}  // namespace

std::string metrics_text(const measured& of) {
  const auto seen = of.seen();
  const auto present = now();
  exposition out;
  out.family("mutual_ca_ready", "gauge", "Whether the service can do all that it is there for, as /healthz says.");
  out.sample(troubles(*seen, std::chrono::steady_clock::now(), present).empty() ? 1 : 0);
  out.family("mutual_ca_key_up", "gauge", "Whether the intermediate's key can be used.");
  out.sample(seen->can_sign ? 1 : 0);
  out.family("mutual_ca_key_failures_total", "counter",
             "Times that the intermediate's key could not be used for a certificate that EST was asked for.");
  out.sample(value_of(of.counts.key_failures));
  add_enrolment(out, of.counts);
  add_ocsp(out, of.counts);
  add_lists(out, of.counts, *seen, present);
  add_ends(out, *seen, present);
  out.family("mutual_ca_feed_subscribers", "gauge", "Servers that follow the change feed now.");
  out.sample(static_cast<std::int64_t>(of.feed.subscribers()));
  out.family("mutual_ca_feed_places", "gauge", "How many may follow it.");
  out.sample(static_cast<std::int64_t>(of.feed.most_subscribers()));
  out.family("mutual_ca_feed_refused_total", "counter", "Times that there was no place for one more.");
  out.sample(static_cast<std::int64_t>(of.feed.refused()));
  add_inventory(out, of.counts, *seen);
  return out.take();
}

void add_metrics_route(app& to, measured of, const policy& readers) {
  to.get("/metrics", [of = std::move(of)] {
      response out(200, metrics_text(of), exposition_type);
      out.headers.set("Cache-Control", "no-store");
      return out;
    }).require(readers);
}

}  // namespace mutual::ca_service
