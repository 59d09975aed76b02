#pragma once
// metrics: the service's numbers for Prometheus.

#include "ca_service/change_feed.hpp"
#include "ca_service/counters.hpp"
#include "ca_service/health.hpp"

#include <mutual/app.hpp>
#include <mutual/policy.hpp>

#include <string>

namespace mutual::ca_service {

/// What the numbers are taken from; all of it must outlive the app.
struct measured {
  const counters& counts;
  const change_feed& feed;
  standing_source seen;
};

/// All numbers, in Prometheus' text format. Waits for nothing. How many samples there are has a bound: no label is
/// anything that somebody has sent.
std::string metrics_text(const measured& of);

/// Adds /metrics, for those whom the policy admits.
void add_metrics_route(app& to, measured of, const policy& readers);

}  // namespace mutual::ca_service
