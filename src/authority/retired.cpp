#include "authority/retired.hpp"

#include "authority/old_issuers.hpp"
#include "authority/token_key.hpp"
#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unistd.h>

namespace mutual::authority {
namespace {

// Whether it is what still issues, of which a rotation that came to nothing has left second names.
result<bool> is_current(const layout& places, const x509::certificate& one) {
  for (const auto& current : {places.root_certificate(), places.intermediate_certificate()}) {
    MUTUAL_TRY(const auto used, x509::load_certificates(current));
    if (used.front() == one) return true;
  }
  return false;
}

result<bool> is_trusted(const layout& places, const x509::certificate& root) {
  MUTUAL_TRY(const auto trusted, x509::load_certificates(places.trust()));
  return std::find(trusted.begin(), trusted.end(), root) != trusted.end();
}

error cannot_sign(const x509::certificate& ca, std::string_view why) {
  return {errc::not_found,
          fmt::format("{} cannot sign any more: {}, and nobody has said that nothing depends on that CA (mutual rotate "
                      "finish): put it back",
                      text::quoted(ca.subject()), why)};
}

// An intermediate whose certificate is there. The key of one that has ended signs nothing more, and need not be there
// to be taken away.
result<> add_issuer(const std::filesystem::path& key, retired_issuer found, inventory& in, retired_authorities& to) {
  MUTUAL_TRY(const bool has_key, file::exists(key));
  if (!has_key) {
    MUTUAL_TRY(const bool is_finished, in.is_finished_with(found.who.leaf().serial()));
    if (is_finished || found.has_ended) return {};
    found.key_state =
        cannot_sign(found.who.leaf(), fmt::format("its key {} is not there", text::printable(key.string(), 4096)));
  } else if (!found.has_ended) {
    auto certificate = key;
    if (auto who = load_ca(certificate.replace_extension(".crt"), key)) {
      found.who = *std::move(who);
    } else {
      found.key_state =
          who.error().in(fmt::format("{} cannot sign any more", text::quoted(found.who.leaf().subject())));
    }
  }
  to.issuers.push_back(std::move(found));
  return {};
}

// One whose files are missing altogether would not be missed otherwise.
result<> add_missing(const layout& places, inventory& in, const std::vector<std::string>& there,
                     retired_authorities& to) {
  // A PKI of certificates that sign themselves has no CA.
  MUTUAL_TRY(const bool has_ca, file::exists(places.intermediate_certificate()));
  if (!has_ca) return {};
  MUTUAL_TRY(const auto issuing, x509::load_certificates(places.intermediate_certificate()));
  MUTUAL_TRY(const auto old, old_issuers(in, issuing.front()));
  for (const auto& one : old) {
    if (std::find(there.begin(), there.end(), one.serial) != there.end()) continue;
    MUTUAL_TRY(auto ca, x509::certificate::from_der(one.der));
    auto why = cannot_sign(ca, fmt::format("its files {}.* are not there",
                                           text::printable((places.retired() / one.serial).string(), 4096)));
    to.issuers.push_back(
        {{x509::private_key(x509::pkey_ptr()), {std::move(ca)}}, "retired/" + one.serial, false, std::move(why)});
  }
  return {};
}

result<> add(const layout& places, const std::filesystem::path& certificate, inventory& in,
             std::vector<std::string>& there, retired_authorities& to) {
  const auto called = "retired/" + certificate.stem().string();
  MUTUAL_TRY(const auto all, x509::load_certificates(certificate));
  const auto& own = all.front();
  there.push_back(own.serial());
  MUTUAL_TRY(const bool current, is_current(places, own));
  if (current) return {};
  auto key = certificate;
  key.replace_extension(".key");
  MUTUAL_TRY(const bool has_list, file::exists(places.revocation_list(called)));
  const bool has_ended = own.not_after() <= now();
  bool is_finished = has_ended;
  if (own.is_self_issued()) {
    MUTUAL_TRY(const bool trusted, is_trusted(places, own));
    is_finished = is_finished || !trusted;
    if (trusted) to.roots.push_back({{own, called, key}, has_list && !has_ended});
  } else {
    const auto before = to.issuers.size();
    MUTUAL_CHECK(add_issuer(key, {{x509::private_key(x509::pkey_ptr()), all}, called, has_ended}, in, to));
    is_finished = is_finished || to.issuers.size() == before;
  }
  if (has_list && is_finished) {
    MUTUAL_TRY(auto lists, x509::load_crls(places.revocation_list(called)));
    std::move(lists.begin(), lists.end(), std::back_inserter(to.last_lists));
  }
  return {};
}

result<std::vector<std::filesystem::path>> certificates_in(const layout& places) {
  std::vector<std::filesystem::path> certificates;
  MUTUAL_TRY(const bool there, file::is_folder(places.retired()));
  if (!there) return certificates;
  std::error_code code;
  for (std::filesystem::directory_iterator at(places.retired(), code), end; !code && at != end; at.increment(code)) {
    if (at->path().extension() == ".crt") certificates.push_back(at->path());
  }
  if (code) {
    return error(errc::io, fmt::format("cannot look into {}: {}", text::printable(places.retired().string(), 4096),
                                       file::advice(code.value())));
  }
  std::sort(certificates.begin(), certificates.end());
  return certificates;
}

}  // namespace

result<retired_authorities> load_retired(const layout& places, inventory& in) {
  retired_authorities out;
  std::vector<std::string> there;
  MUTUAL_TRY(const auto certificates, certificates_in(places));
  for (const auto& one : certificates) MUTUAL_CHECK(add(places, one, in, there, out));
  MUTUAL_CHECK(add_missing(places, in, there, out));
  return out;
}

result<> sweep_retired(const layout& places) {
  MUTUAL_TRY(const auto certificates, certificates_in(places));
  for (auto path : certificates) {
    const auto all = x509::load_certificates(path);
    if (!all) continue;  // Whoever needs it says so.
    MUTUAL_TRY(const bool current, is_current(places, all->front()));
    if (!current) continue;
    // The certificate last: by it the rest is found.
    for (const char* kind : {".key", ".crl", ".crt"}) (void)::unlink(path.replace_extension(kind).c_str());
    file::sync(places.retired());
  }
  return {};
}

}  // namespace mutual::authority
