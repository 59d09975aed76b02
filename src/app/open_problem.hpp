#pragma once
// What a client is told of a file that cannot be opened.

#include <mutual/problem.hpp>

namespace mutual {

/// The problem for an errno of open(2): 404 for what says that there is no file, 403 for one that may not be read, and
/// 503 for everything else: that is the server's trouble, and may pass.
problem open_problem(int code);

}  // namespace mutual
