#pragma once
// Serving an app, for programs that report errors themselves.

#include <mutual/app.hpp>
#include <mutual/result.hpp>
#include <mutual/run_options.hpp>

#include <string>
#include <vector>

namespace mutual {

/// What app::run does, but for what it says when it cannot start: that is the error. Returns when the service has
/// ended.
result<> serve(app& served, const run_options& how);

/// One of several apps that a program serves.
struct served_app {
  app* served = nullptr;
  run_options how;
  /// What it answers is signed by somebody or of no interest, and open to all: plain HTTP is no danger then, and is not
  /// called one.
  bool is_public = false;
  /// What the banner offers to try.
  std::string try_path = "/";
};

/// Serves all of them, as `serve` does one: they start together or not at all, and a signal, or one app's stop(), ends
/// all.
result<> serve_together(const std::vector<served_app>& all);

}  // namespace mutual
