#pragma once
// --key-kind: what kind of key to make.

#include "x509/key.hpp"

#include <mutual/result.hpp>

#include <string>

namespace CLI {
class App;
}

namespace mutual::cli {

/// Adds --key-kind, which fills `name`.
void add_key_kind_option(CLI::App& command, std::string& name);

/// The kind of that name, or an error that lists them.
result<x509::key_kind> key_kind_of(const std::string& name);

}  // namespace mutual::cli
