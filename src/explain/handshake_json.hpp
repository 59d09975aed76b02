#pragma once
// A handshake for programs.

#include "client/handshake_report.hpp"

#include <boost/json/fwd.hpp>

namespace mutual::explain {

/// The report as an object: what handshake_text() says, with stable member names and the reasons by their codes.
boost::json::object handshake_json(const client::handshake_report& report);

}  // namespace mutual::explain
