#pragma once
// The lines that a service greets its operator with.

#include "http/server.hpp"

#include <mutual/run_options.hpp>

#include <string>

namespace mutual {

/// What is served, where, under which mode, who is trusted, and until when the certificate lasts, in the manner of
/// Flask's; with every warning that an operator must see. Several lines, each ended.
std::string banner(const http::server& running, const run_options& how);

}  // namespace mutual
