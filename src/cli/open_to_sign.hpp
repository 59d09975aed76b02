#pragma once
// Opening the authority for commands that sign.

#include "authority/layout.hpp"
#include "authority/pki.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string>

namespace mutual::cli {

/// Opens the PKI of `--pki` as pki::open() does, and says what say_exposed() has to say.
result<authority::pki> open_to_sign(const std::filesystem::path& pki, const std::string& store);

/// Says on standard error which files that make the authority what it is others than their owner may read or write, and
/// what mends that. Some let a group read them on purpose, so nothing is refused.
void say_exposed(const authority::layout& places);

}  // namespace mutual::cli
