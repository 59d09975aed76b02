#pragma once
// The last descriptors of the process: kept for its own work, whatever clients ask for.

#include <cstddef>

namespace mutual {

/// How many descriptors the process may have open: RLIMIT_NOFILE, or the most that can be counted if there is no limit.
std::size_t descriptor_limit();

/// Whether a descriptor that was just opened for a client is one of the last `kept` that the process may have: the
/// system gives the lowest number that is free, so all below it are in use, and what the server needs for itself (to
/// read a revocation list above all) would find none soon. Where fewer than four times as many may be open at all, none
/// are kept. Safe from any thread.
bool is_among_the_last(int handle, std::size_t kept);

}  // namespace mutual
