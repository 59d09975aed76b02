#pragma once
// whoami: what the service knows of whoever asks.

#include <mutual/request.hpp>
#include <mutual/response.hpp>

namespace mutual {

/// JSON that tells a caller who it is here, by its certificate, and how it is connected: {"peer": {…} or null,
/// "connection": {…}}.
response whoami(const request& asked);

}  // namespace mutual
