#include "cli/init_text.hpp"

#include "cli/certificate_text.hpp"
#include "cli/issued_text.hpp"
#include "cli/output.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace mutual::cli {

void print_made_json(const authority::made_pki& made) {
  boost::json::array issued;
  for (const auto& one : made.issued) issued.push_back(issued_json(one));
  boost::json::array authorities;
  for (const auto& one : made.authorities) {
    authorities.push_back(boost::json::object{
        {"subject", one.subject()}, {"sha256", one.sha256()}, {"not_after", to_rfc3339(one.not_after())}});
  }
  print("{}\n", boost::json::serialize(boost::json::object{{"pki", made.places.folder().string()},
                                                           {"trust", made.places.trust().string()},
                                                           {"authorities", std::move(authorities)},
                                                           {"issued", std::move(issued)}}));
}

void print_made_text(const authority::made_pki& made, bool p12_has_password, const std::string& root_key) {
  const auto& places = made.places;
  if (made.authorities.empty()) {
    print("A PKI of self-signed certificates is in {}\n", places.folder().string());
  } else {
    print("The authority {} is in {}\n", subject_text(made.authorities.front()), places.folder().string());
    print("  root         {}, {}\n", places.root_certificate().string(), until_text(made.authorities[0].not_after()));
    print("  intermediate {}, {}\n", places.intermediate_certificate().string(),
          until_text(made.authorities[1].not_after()));
  }
  if (!root_key.empty()) print("  root's key   {}\n", root_key);
  print("  trust        {} (give it to both sides)\n", places.trust().string());
  for (const auto& one : made.issued) print("\n{}", issued_text(one, p12_has_password));
}

}  // namespace mutual::cli
