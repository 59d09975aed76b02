#pragma once
// What has been issued, for people and for programs.

#include "authority/pki.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <vector>

namespace mutual::cli {

/// "localhost, 127.0.0.1, ::1": all alternative names in a row; "-" if there are none.
std::string names_line(const alternative_names& names);

/// A few lines: who, for what, which names, until when, and where the files are.
std::string issued_text(const authority::issued_certificate& one, bool p12_has_password);

/// Says on standard error what there is to note about it, which is no failure.
void say_note(const authority::issued_certificate& one);

/// The same as an object.
boost::json::object issued_json(const authority::issued_certificate& one);

/// The names as an object of four arrays.
boost::json::object names_json(const alternative_names& names);

/// "until 2027-12-25 14:41:00 UTC (397 days)".
std::string until_text(sys_seconds end);

}  // namespace mutual::cli
