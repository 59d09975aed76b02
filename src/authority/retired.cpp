#include "authority/retired.hpp"

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::authority {
namespace {

result<> add(const layout& places, const std::filesystem::path& certificate, retired_authorities& to) {
  const auto called = "retired/" + certificate.stem().string();
  MUTUAL_TRY(const auto all, x509::load_certificates(certificate));
  const auto& own = all.front();
  if (own.not_after() <= now()) return {};
  if (own.is_self_issued()) {
    MUTUAL_TRY(const bool listed, file::exists(places.revocation_list(called)));
    if (!listed) return {};
    MUTUAL_TRY(auto lists, x509::load_crls(places.revocation_list(called)));
    std::move(lists.begin(), lists.end(), std::back_inserter(to.root_lists));
    return {};
  }
  auto key = certificate;
  key.replace_extension(".key");
  MUTUAL_TRY(auto who, x509::load_identity(certificate, key));
  to.issuers.push_back({std::move(who), called});
  return {};
}

}  // namespace

result<retired_authorities> load_retired(const layout& places) {
  retired_authorities out;
  MUTUAL_TRY(const bool there, file::is_folder(places.retired()));
  if (!there) return out;
  std::vector<std::filesystem::path> certificates;
  std::error_code code;
  for (std::filesystem::directory_iterator at(places.retired(), code), end; !code && at != end; at.increment(code)) {
    if (at->path().extension() == ".crt") certificates.push_back(at->path());
  }
  if (code) {
    return error(errc::io, fmt::format("cannot look into {}: {}", text::printable(places.retired().string(), 4096),
                                       file::advice(code.value())));
  }
  std::sort(certificates.begin(), certificates.end());
  for (const auto& one : certificates) MUTUAL_CHECK(add(places, one, out));
  return out;
}

}  // namespace mutual::authority
