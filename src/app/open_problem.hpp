#pragma once
// What a client is told of a file that cannot be opened.

#include <mutual/problem.hpp>

namespace mutual {

/// The problem for an errno of open(2): 404 for what says that there is no file, 403 for one that may not be read, and
/// 503 for everything else: that is the server's trouble, and may pass.
problem open_problem(int code);

/// Throws the 503 if the file that was opened for an answer took one of the process's last descriptors: a client that
/// takes its answers slowly, or many at once over HTTP/2, must leave some to new connections and to reloads.
void leave_descriptors_to_others(int opened);

}  // namespace mutual
