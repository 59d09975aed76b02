#pragma once
// Whose page made a browser send a request.

#include <mutual/problem.hpp>
#include <mutual/request.hpp>

namespace mutual {

/// False if a browser says that it sends the request for another site's page; see `same_origin`.
bool is_of_this_origin(const request& incoming);

/// The refusal of such a request: 403.
problem of_another_origin();

}  // namespace mutual
