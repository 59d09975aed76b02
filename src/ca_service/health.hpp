#pragma once
// health: whether the service can do what it is there for.

#include "ca_service/standing.hpp"

#include <mutual/app.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mutual::ca_service {

/// The keeper looks ten times a second. One that has said nothing for longer waits for something that does not come.
inline constexpr std::chrono::seconds longest_silence{15};
/// A revocation is on a list within a second or so; what takes longer than even a long list takes to sign is wrong.
inline constexpr std::chrono::seconds longest_uncovered{15};

/// Whether a list begins later than now, so that nobody goes by it yet: the clock was wrong when it was made, by more
/// than lists are dated back, or is so now.
bool is_of_the_future(sys_seconds this_update, sys_seconds present);

/// For how long a revocation has been on no list; 0 if all are.
std::chrono::seconds uncovered_for(const standing& seen, std::chrono::steady_clock::time_point steady_now);

/// What is wrong, a sentence each; none if all is well. They name nothing but what the authority publishes anyway.
std::vector<std::string> troubles(const standing& seen, std::chrono::steady_clock::time_point steady_now,
                                  sys_seconds present);

/// What ends soon and should be seen to, a sentence each: the intermediate, the root, and the service's own
/// certificate, in the last tenth of their time and the last thirty days. Nothing is wrong yet.
std::vector<std::string> ending_soon(const standing& seen, sys_seconds present);

using standing_source = std::function<std::shared_ptr<const standing>()>;

/// Adds /healthz: 200 if all is well, else 503. Everybody is told whether; what is wrong is told to those who have
/// proved who they are, for a stranger could choose his moment by it. It is told from what `seen` has seen last, and
/// waits for nothing.
void add_health_route(app& to, standing_source seen);

}  // namespace mutual::ca_service
