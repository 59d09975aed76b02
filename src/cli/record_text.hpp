#pragma once
// What the inventory says of a certificate, for people and for programs.

#include "authority/record.hpp"

#include <boost/json/fwd.hpp>

#include <string>

namespace mutual::cli {

/// "valid", "revoked on 2026-11-25 06:12:00 UTC (keyCompromise)" …
std::string status_text(const authority::record& one);

/// The same as members of an object: status, and revoked_at and reason if there are any.
void add_status(boost::json::object& to, const authority::record& one);

boost::json::object record_json(const authority::record& one);

}  // namespace mutual::cli
