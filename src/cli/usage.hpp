#pragma once
// A command line that makes no sense, in a sentence.

#include <mutual/result.hpp>

#include <string>
#include <vector>

namespace CLI {
class App;
class ParseError;
class Validator;
}  // namespace CLI

namespace mutual::cli {

/// "mutual serve: --listen was given twice; see mutual serve --help"
std::string usage_failure(const CLI::App& program, const CLI::ParseError& said);

/// For all options of all commands: one that takes a value takes no empty one, and a flag takes none at all.
void be_strict(CLI::App& program);

// Checks of an option's value.
CLI::Validator one_of(std::vector<std::string> words);
CLI::Validator whole_number(unsigned long long least, unsigned long long most);

}  // namespace mutual::cli
