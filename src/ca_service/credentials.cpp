#include "ca_service/credentials.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"

namespace mutual::ca_service {

std::optional<x509::secret> shown_token(const request& asked) {
  if (asked.headers.count("Authorization") != 1) return std::nullopt;
  const auto said = *asked.header("Authorization");
  const auto space = said.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto scheme = said.substr(0, space);
  const auto rest = text::trim(said.substr(space));
  if (text::iequals(scheme, "Bearer")) return x509::secret(rest);
  if (!text::iequals(scheme, "Basic")) return std::nullopt;
  auto plain = base64::decode(rest);
  if (!plain) return std::nullopt;
  const x509::secret pair(std::move(*plain));
  const auto colon = pair.view().find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return x509::secret(pair.view().substr(colon + 1));
}

}  // namespace mutual::ca_service
