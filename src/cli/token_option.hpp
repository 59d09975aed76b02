#pragma once
// --intermediate-key: a CA's key that is in a PKCS#11 token.

#include <string>

namespace CLI {
class App;
}

namespace mutual::cli {

/// Adds the option, which fills `uri`.
void add_token_option(CLI::App& command, std::string& uri);

}  // namespace mutual::cli
