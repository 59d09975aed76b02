#include "authority/reserved_name.hpp"

#include "authority/serial_word.hpp"
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

// "ocsp-" and what its CA is called, or the serial number of a CA that was replaced.
template <class Words>
bool is_responder(std::string_view name, const Words& is_word) {
  constexpr std::string_view sign = "ocsp-";
  if (!name.starts_with(sign)) return false;
  const auto of = name.substr(sign.size());
  return is_word(of) || !as_serial(of).empty();
}

}  // namespace

result<> check_is_no_ca_word(std::string_view name) {
  static constexpr std::array words{"root", "intermediate", "cross"};
  const auto plain = text::lower(name);
  const auto is_word = [&](std::string_view what) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view one) { return what == one; });
  };
  if (!is_word(plain) && !is_responder(plain, is_word)) return {};
  return error(
      errc::bad_usage,
      fmt::format("{} cannot be a name: mutual list calls CAs root, intermediate and cross, and those who sign "
                  "OCSP answers for them ocsp-root, ocsp-intermediate and the like, and who revokes such a name could "
                  "mean either; choose another name",
                  text::quoted(name)));
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

}  // namespace mutual::authority
