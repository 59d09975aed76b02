#include "cli/token_option.hpp"

#include <CLI/CLI.hpp>

namespace mutual::cli {

void add_token_option(CLI::App& command, std::string& uri) {
  command
      .add_option("--intermediate-key", uri,
                  "The intermediate's key, which is in a PKCS#11 token and stays there: pkcs11:token=T;object=O, with "
                  "the PIN from ?pin-source=FILE or $MUTUAL_PIN")
      ->type_name("URI");
}

}  // namespace mutual::cli
