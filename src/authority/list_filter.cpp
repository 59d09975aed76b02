#include "authority/list_filter.hpp"

#include "authority/layout.hpp"
#include "base/text.hpp"
#include "x509/name.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/x509.h>

#include <map>
#include <set>
#include <vector>

namespace mutual::authority {
namespace {

// Every CA that may have issued something here: its common name (its subject, if it has none) by its subject.
result<std::map<std::string, std::string>> issuers(inventory& in) {
  std::map<std::string, std::string> out;
  const auto note = [&](const X509_NAME* subject) {
    const auto text = x509::name_text(subject);
    const auto names = x509::attribute_values(subject, NID_commonName);
    out[text] = names.empty() ? text : names.back();
  };
  for (const auto purpose : {x509::profile::root, x509::profile::intermediate}) {
    MUTUAL_TRY(const auto found, in.of_profile(purpose));
    for (const auto& one : found) {
      MUTUAL_TRY(const auto certificate, x509::certificate::from_der(one.der));
      note(X509_get_subject_name(certificate.get()));
      note(X509_get_issuer_name(certificate.get()));
    }
  }
  return out;
}

}  // namespace

result<std::string> issuer_called(inventory& in, std::string_view called) {
  MUTUAL_TRY(const auto known, issuers(in));
  if (known.contains(std::string(called))) return std::string(called);
  std::vector<std::string> subjects;
  std::set<std::string> there;
  for (const auto& [subject, name] : known) {
    if (name == called) subjects.push_back(subject);
    there.insert(text::quoted(name));
  }
  if (subjects.size() == 1) return subjects.front();
  if (subjects.empty()) {
    return error(errc::not_found,
                 fmt::format("no CA of this inventory is called {}: there are {}", text::quoted(called),
                             there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", "))));
  }
  return error(errc::bad_usage, fmt::format("several CAs are called {}: name one by its whole subject, as {}",
                                            text::quoted(called), text::quoted(subjects.front())));
}

result<> check_name_is_known(inventory& in, std::string_view name) {
  std::int64_t there = 0;
  // What can be no name is not asked for: a database may have words of its own about it.
  if (checked_name(name)) {
    MUTUAL_TRY(there, number_from(in.on(),
                                  "SELECT count(*) FROM (SELECT 1 FROM certificates WHERE name = $1 LIMIT 1) AS found",
                                  {name}));
  }
  if (there != 0) return {};
  return error(errc::not_found, fmt::format("nothing was ever issued as {}: see mutual list", text::quoted(name)));
}

}  // namespace mutual::authority
