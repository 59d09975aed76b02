#pragma once
// A PKI that was made, for people and for programs.

#include "authority/init.hpp"

namespace mutual::cli {

/// Prints what was made, and where it is. `root_key` is where the root's key went: empty for nowhere.
void print_made_text(const authority::made_pki& made, bool p12_has_password, const std::string& root_key);
void print_made_json(const authority::made_pki& made);

}  // namespace mutual::cli
