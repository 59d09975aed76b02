#pragma once
// The lines that a service greets its operator with.

#include "http/server.hpp"

#include <mutual/run_options.hpp>

#include <string>
#include <string_view>

namespace mutual {

/// What is served, where, under which mode, who is trusted, and until when the certificate lasts, in the manner of
/// Flask's; with every warning that an operator must see, and a line to try it with at `try_path`. Several lines, each
/// ended.
std::string banner(const http::server& running, const run_options& how, std::string_view try_path);

}  // namespace mutual
