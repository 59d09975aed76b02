#include "authority/newest_issuer.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

namespace mutual::authority {

result<std::string> passed_over(inventory& in, const x509::certificate& issuer, std::string_view lost) {
  MUTUAL_TRY(const auto newest, in.newest_ca(x509::profile::intermediate));
  if (newest && (newest->serial == issuer.serial() || newest->serial == lost)) return std::string();
  return fmt::format(
      "issues no more: {} took its place, on another machine; bring root.crt, root.crl, trust.crt, intermediate.key, "
      "intermediate.crt and the folder retired from there, in that order (if that machine is lost with its key: mutual "
      "rotate intermediate --lost {})",
      newest ? text::quoted(newest->subject) : "another", newest ? newest->serial : "SERIAL");
}

}  // namespace mutual::authority
