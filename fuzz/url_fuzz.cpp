// URLs as people and programs give them: what is taken is safe to send and means itself; and a server's last bytes.

#include "client/left_alert.hpp"
#include "client/url.hpp"
#include "http/grammar.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto alert = mutual::client::plain_alert(bytes); alert && (*alert < 0 || *alert > 255)) std::abort();

  const auto parsed = mutual::client::parse_url(bytes);
  if (!parsed) return 0;
  if (!mutual::http::is_authority(parsed->authority())) std::abort();
  if (!parsed->target.starts_with('/') || !mutual::http::is_path_and_query(parsed->target)) std::abort();
  const auto again = mutual::client::parse_url(parsed->to_string());
  if (!again || *again != *parsed) std::abort();
  return 0;
}
