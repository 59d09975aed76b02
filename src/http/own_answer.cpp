#include "http/own_answer.hpp"

#include <fmt/format.h>

#include <string>

namespace mutual::http {

response own_answer(int status, std::string_view detail, std::optional<reason> refused) {
  std::string escaped;
  for (const char c : detail) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  const auto why = refused ? fmt::format(",\"reason\":\"{}\"", to_string(*refused)) : std::string();
  return response(status,
                  fmt::format("{{\"title\":\"{}\",\"status\":{},\"detail\":\"{}\"{}}}\n", status_phrase(status), status,
                              escaped, why),
                  "application/problem+json");
}

}  // namespace mutual::http
