#pragma once
// Whether a request comes from one of our own pages, as browsers tell it.

#include <mutual/request.hpp>

namespace mutual {

/// See `same_origin`.
bool is_of_this_origin(const request& incoming);

}  // namespace mutual
