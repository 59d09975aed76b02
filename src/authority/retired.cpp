#include "authority/retired.hpp"

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

result<> add(const layout& places, const std::filesystem::path& certificate, retired_authorities& to) {
  const auto called = "retired/" + certificate.stem().string();
  MUTUAL_TRY(const auto all, x509::load_certificates(certificate));
  const auto& own = all.front();
  MUTUAL_TRY(const bool current, is_current(places, own));
  if (current) return {};
  auto key = certificate;
  key.replace_extension(".key");
  MUTUAL_TRY(const bool has_list, file::exists(places.revocation_list(called)));
  MUTUAL_TRY(const bool has_key, file::exists(key));
  const bool has_ended = own.not_after() <= now();
  bool is_finished = has_ended;
  if (own.is_self_issued()) {
    MUTUAL_TRY(const bool trusted, is_trusted(places, own));
    is_finished = is_finished || !trusted;
    if (trusted) to.roots.push_back({{own, called, key}, has_list && !has_ended});
  } else if (has_key) {
    retired_issuer found{{x509::private_key(x509::pkey_ptr()), all}, called, has_ended};
    // The key of one that has ended signs nothing more, and need not be there to be taken away.
    if (!has_ended) {
      if (auto who = load_ca(certificate, key)) {
        found.who = *std::move(who);
      } else {
        found.key_state = who.error().in(fmt::format("{} cannot sign any more", text::quoted(own.subject())));
      }
    }
    to.issuers.push_back(std::move(found));
  }
  if (has_list && (is_finished || (!has_key && !own.is_self_issued()))) {
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

result<retired_authorities> load_retired(const layout& places) {
  retired_authorities out;
  MUTUAL_TRY(const auto certificates, certificates_in(places));
  for (const auto& one : certificates) MUTUAL_CHECK(add(places, one, out));
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
