#pragma once
// Serving an app, for programs that report errors themselves.

#include <mutual/app.hpp>
#include <mutual/result.hpp>
#include <mutual/run_options.hpp>

namespace mutual {

/// What app::run does, but for what it says when it cannot start: that is the error. Returns when the service has
/// ended.
result<> serve(app& served, const run_options& how);

}  // namespace mutual
