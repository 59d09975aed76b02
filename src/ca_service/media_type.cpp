#include "ca_service/media_type.hpp"

#include "base/text.hpp"
#include "http/parameters.hpp"

namespace mutual::ca_service {

bool has_media_type(const request& asked, std::string_view type) {
  if (asked.headers.count("Content-Type") != 1) return false;
  const auto said = http::read_parameters(*asked.header("Content-Type"));
  return said && text::iequals(said->word, type);
}

}  // namespace mutual::ca_service
