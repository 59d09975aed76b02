#pragma once
// A service's numbers for Prometheus.

#include "app/run.hpp"
#include "http/server.hpp"

#include <mutual/app.hpp>
#include <mutual/revocation_list.hpp>

#include <memory>
#include <string>
#include <vector>

namespace mutual {

/// How old the lists are by which it judges; empty if it does not.
std::vector<revocation_list> lists_of(const http::server& running);

/// All numbers, in Prometheus' text format. How many samples there are has a bound: no label is anything that a client
/// has sent.
std::string metrics_text(const http::server& running, const detail::app_state& of);

/// An app that tells that one's numbers, and must go before it.
std::unique_ptr<app> make_metrics_app(app& of);

/// How to serve it: where `asked.metrics` says.
run_options metrics_options(const run_options& asked);

}  // namespace mutual
