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

bio_ptr memory_reader(std::string_view bytes) {
  return bio_ptr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::string contents(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace mutual::x509
