// What is thought of somebody by what OCSP responders have said.

#include "base/text.hpp"
#include "tls/ocsp_page.hpp"

#include <fmt/format.h>

namespace mutual::tls {
namespace {

using status = x509::ocsp_fact::status;

std::string shown(const std::string& url) { return text::printable(url); }

}  // namespace

std::optional<finding> ocsp_book::opinion(const page& one, sys_seconds at) const {
  const auto because = [&](std::string_view otherwise) {
    return one.failure.empty() ? std::string(otherwise) : text::printable(one.failure, 1024);
  };
  if (one.said && one.said->is == status::revoked) {
    return finding{reason::revoked,
                   fmt::format("{} (serial {}) has been revoked on {}, says the OCSP responder {}: get a new "
                               "certificate with a new key",
                               one.name, one.serial, to_text(one.said->revoked_at), shown(one.responder))};
  }
  if (one.said && one.said->is == status::unknown) {
    return finding{reason::revocation_unknown,
                   fmt::format("whether {} (serial {}) is revoked is not known: the OCSP responder {} does not know "
                               "this certificate; ask the CA whether it has issued it",
                               one.name, one.serial, shown(one.responder))};
  }
  if (one.said && at < one.said->until) return std::nullopt;
  if (how_.policy == unanswered::off) return std::nullopt;
  if (one.said && how_.policy == unanswered::grace && at < one.said->until + how_.grace) return std::nullopt;
  if (one.said) {
    return finding{
        reason::revocation_stale,
        fmt::format("whether {} is revoked is not known: the last answer of the OCSP responder {} ended on "
                    "{}, and no other has come ({})",
                    one.name, shown(one.responder), to_text(one.said->until), because("it has not been asked"))};
  }
  if (one.responder.empty()) {
    return finding{reason::revocation_unknown,
                   fmt::format("whether {} is revoked is not known: it names no OCSP responder with http://, and there "
                               "is no revocation list of its issuer here: name a responder, or give that CA's list",
                               one.name)};
  }
  return finding{reason::revocation_unknown,
                 fmt::format("whether {} is revoked is not known: the OCSP responder {} has given no answer ({})",
                             one.name, shown(one.responder), because("it rests after a failure"))};
}

std::optional<finding> ocsp_book::objection(const pages& to, sys_seconds at) const {
  const std::scoped_lock lock(guard_);
  for (const auto& one : to) {
    if (auto found = opinion(*one, at)) return found;
  }
  return std::nullopt;
}

std::optional<finding> ocsp_book::objection_unasked(const pages& to, sys_seconds at) const {
  const std::scoped_lock lock(guard_);
  for (const auto& one : to) {
    if (must_wait(*one, at)) continue;
    if (auto found = opinion(*one, at)) return found;
  }
  return std::nullopt;
}

}  // namespace mutual::tls
