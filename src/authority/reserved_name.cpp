#include "authority/reserved_name.hpp"

#include "authority/serial_word.hpp"
#include "base/shell_word.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"
#include "x509/name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mutual::authority {
namespace {

using x509::profile;

// What is left of a name when it is no matter how its letters, spaces and escapes are written. Two names that differ in
// it are different names; two that do not are looked at more closely.
std::string squeezed(std::string_view name) {
  auto out = text::lower(name);
  std::erase_if(out, [](char one) { return one == ' ' || one == '\\'; });
  return out;
}

result<bool> has_subject(const record& ca, const std::string& name, const layout& places) {
  MUTUAL_TRY(const auto one, x509::certificate::from_der(ca.der));
  MUTUAL_TRY(const auto issuer, x509::load_certificates(places.intermediate_certificate()));
  MUTUAL_TRY(const auto subject, x509::to_x509_name({name, issuer.front().organizations(), {}}));
  return X509_NAME_cmp(X509_get_subject_name(one.get()), subject.get()) == 0;
}

bool is_word_of_a_ca(std::string_view what) {
  static constexpr std::array words{"root", "intermediate", "cross"};
  return std::any_of(words.begin(), words.end(), [&](std::string_view one) { return what == one; });
}

// What its CA is called, if a name is that of somebody who signs OCSP answers: as above, or a serial number if the CA
// was replaced. Empty for others.
std::string answered_for(std::string_view name) {
  constexpr std::string_view sign = "ocsp-";
  const auto plain = text::lower(name);
  return plain.starts_with(sign) ? plain.substr(sign.size()) : std::string();
}

error responder_of_serial(std::string_view name) {
  return {errc::bad_usage,
          fmt::format("{} cannot be a name: mutual list calls those who sign OCSP answers for a CA that was replaced "
                      "ocsp- and its serial number, and who revokes such a name could mean either; choose another name",
                      text::quoted(name))};
}

}  // namespace

result<> check_is_no_ca_word(std::string_view name) {
  const auto of = answered_for(name);
  if (is_like_ours(of)) return responder_of_serial(name);
  if (!is_word_of_a_ca(text::lower(name)) && !is_word_of_a_ca(of)) return {};
  return error(
      errc::bad_usage,
      fmt::format("{} cannot be a name: mutual list calls CAs root, intermediate and cross, and those who sign "
                  "OCSP answers for them ocsp-root, ocsp-intermediate and the like, and who revokes such a name could "
                  "mean either; choose another name",
                  text::quoted(name)));
}

result<> check_is_no_ca_word(std::string_view name, inventory& in) {
  MUTUAL_CHECK(check_is_no_ca_word(name));
  const auto serial = as_serial(answered_for(name));
  if (serial.empty()) return {};
  MUTUAL_TRY(const auto known, in.find_serial(serial));
  const bool is_ca = known && (known->purpose == profile::root || known->purpose == profile::intermediate);
  if (!is_ca) return {};
  return responder_of_serial(name);
}

result<> check_is_no_ca(const std::string& name, inventory& in, const layout& places) {
  const auto wanted = squeezed("CN=" + name);
  MUTUAL_TRY(const auto all, in.authorities());
  for (const auto& one : all) {
    if (squeezed(one.subject).find(wanted) == std::string::npos) continue;
    MUTUAL_TRY(const bool is_its, has_subject(one, name, places));
    if (!is_its) continue;
    return error(errc::bad_usage,
                 fmt::format("{} cannot be a name: {} is a CA of this PKI, and a certificate of the same subject would "
                             "be taken for it; choose another name (a server's host names follow it, as in mutual "
                             "issue server web www.example.com)",
                             text::quoted(name), text::quoted(one.subject)));
  }
  return {};
}

result<> check_may_be_given(const std::string& name, inventory& in, const layout& places) {
  MUTUAL_CHECK(check_is_no_serial(name, in));
  MUTUAL_CHECK(check_is_no_ca_word(name, in));
  return check_is_no_ca(name, in, places);
}

name_anew to_issue_anew(const std::string& name, inventory& in, const layout& places) {
  const auto checked = check_may_be_given(name, in, places);
  if (checked || checked.error().code() != errc::bad_usage) return {text::shell_word(name)};
  return {"ANOTHER_NAME",
          fmt::format(" under another name, since {} would be taken for a CA or a serial number", text::quoted(name))};
}

}  // namespace mutual::authority
