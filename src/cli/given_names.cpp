#include "cli/given_names.hpp"

#include <utility>

namespace mutual::cli {

result<alternative_names> names_of(const std::vector<std::string>& names, const std::vector<std::string>& uris,
                                   const std::vector<std::string>& emails) {
  alternative_names all;
  for (const auto& name : names) MUTUAL_CHECK(x509::add_by_content(all, name));
  for (const auto& one : uris) {
    MUTUAL_TRY(auto uri, x509::checked_uri(one));
    all.uris.push_back(std::move(uri));
  }
  for (const auto& one : emails) {
    MUTUAL_TRY(auto email, x509::checked_email(one));
    all.emails.push_back(std::move(email));
  }
  return all;
}

}  // namespace mutual::cli
