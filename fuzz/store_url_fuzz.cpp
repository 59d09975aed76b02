// URLs of an inventory's database. Held to: what is taken is one line, and PostgreSQL's own library reads it and finds
// no password in it; a password in what is refused is not repeated.

#include "authority/store_url.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <libpq-fe.h>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto checked = mutual::authority::checked_store_url(text);
  if (!checked) {
    const auto& said = checked.error().message();
    require(!said.empty() && said.find('\n') == std::string::npos);
    require(!text.starts_with("postgresql://") || said.find("sesame") == std::string::npos);
    return 0;
  }
  require(*checked == text && size <= 4096 && text.find('\n') == std::string_view::npos);
  PQconninfoOption* const options = PQconninfoParse(checked->c_str(), nullptr);
  require(options != nullptr);
  for (const auto* one = options; one->keyword != nullptr; ++one) {
    require(one->val == nullptr || std::string_view(one->keyword).find("password") == std::string_view::npos);
  }
  PQconninfoFree(options);
  return 0;
}
