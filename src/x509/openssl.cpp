#include "x509/openssl.hpp"

#include <openssl/err.h>

namespace mutual::x509 {

std::string openssl_errors() {
  std::string line;
  while (const unsigned long code = ERR_get_error()) {
    const char* text = ERR_reason_error_string(code);
    if (!line.empty()) line += "; ";
    line += text != nullptr ? text : "error " + std::to_string(code);
  }
  return line.empty() ? "unknown error" : line;
}

}  // namespace mutual::x509
