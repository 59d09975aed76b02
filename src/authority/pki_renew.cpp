// Renewing, and signing requests from elsewhere.

#include "authority/issuer_end.hpp"
#include "authority/limits.hpp"
#include "authority/pki.hpp"
#include "authority/reserved_name.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"
#include "x509/request_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

error not_renewable(const layout& places, inventory& in, const std::string& name) {
  const auto there = x509::load_certificates(places.certificate(name));
  return {errc::not_found,
          there ? fmt::format("{} was revoked, and is not renewed: issue it anew{}, with a new key, with mutual issue",
                              text::quoted(name), to_issue_anew(name, in, places).under)
                : fmt::format("nothing was issued to {} in {}: see mutual list", text::quoted(name),
                              shown(places.folder()))};
}

// The key of the new certificate: the one before's, or another.
result<std::optional<x509::private_key>> key_for(const renew_request& request, const record& old,
                                                 const x509::certificate& before, const layout& places) {
  if (!old.has_key) {
    if (!request.new_key) return std::optional<x509::private_key>();
    return error(
        errc::bad_usage,
        fmt::format("the key of {} was not made here: have its owner make another, and sign the request for it "
                    "with mutual sign",
                    text::quoted(old.name)));
  }
  if (request.new_key) {
    const auto kind = request.kind ? request.kind : x509::key_kind_from_string(before.key_description());
    MUTUAL_TRY(auto key, x509::private_key::generate(kind.value_or(x509::key_kind::p256)));
    return std::optional<x509::private_key>(std::move(key));
  }
  auto read = x509::load_bundle(places.key(old.name));
  if (!read) return read.error().in("the key cannot be used again (--new-key makes another)");
  if (!read->key || !read->key->belongs_to(before)) {
    return error(errc::bad_input, fmt::format("{} is not the key of {}: renew it with --new-key",
                                              shown(places.key(old.name)), text::quoted(old.name)));
  }
  return std::move(read->key);
}

result<std::string> still_current(inventory& in, const record& old) {
  MUTUAL_TRY(const auto current, in.find(old.name));
  if (current && current->serial == old.serial && !current->revoked) return old.serial;
  return error(errc::already_exists,
               fmt::format("{} was renewed or revoked by somebody else just now", text::quoted(old.name)));
}

}  // namespace

result<issued_certificate> pki::renew(const renew_request& request) {
  MUTUAL_TRY(const auto name, checked_name(request.name));
  {
    // What was interrupted is finished before anything of it is read.
    MUTUAL_TRY(const auto first, take_turn());
    (void)first;
  }
  MUTUAL_CHECK(check_finished(name));
  MUTUAL_TRY(const auto old, inventory_->find(name));
  if (!old) return not_renewable(places_, *inventory_, name);
  if (old->revoked) {
    return error(errc::bad_usage, fmt::format("{} is on hold, and is not renewed: release it first, with mutual revoke "
                                              "{} --release",
                                              text::quoted(name), name));
  }
  if (old->p12_has_password && request.p12_password.empty()) {
    return error(errc::password_needed,
                 fmt::format("the PKCS#12 file of {} has a password, and the new one needs it too: give it with "
                             "--password-file, --ask-password or MUTUAL_P12_PASSWORD",
                             text::quoted(name)));
  }
  MUTUAL_TRY(const auto before, x509::certificate::from_der(old->der));
  MUTUAL_TRY(auto key, key_for(request, *old, before, places_));
  EVP_PKEY* subject_key = key ? key->get() : X509_get0_pubkey(before.get());
  MUTUAL_TRY(const auto by, load_limits(places_));
  auto life = request.lifetime ? std::chrono::seconds(*request.lifetime)
                               : before.not_after() - before.not_before() - std::chrono::seconds(x509::backdate);
  const auto* own = by.of(old->purpose);
  if (!request.lifetime && own != nullptr && own->longest) life = std::min<std::chrono::seconds>(life, *own->longest);
  MUTUAL_TRY(auto spec, x509::describe_certificate(
                            old->purpose, {before.common_name(), before.organizations(), before.organizational_units()},
                            before.names(), subject_key, life));
  MUTUAL_TRY(const auto turn, take_turn());
  MUTUAL_TRY(const auto issuer, load_issuer(places_));
  MUTUAL_CHECK(check_lifetime(request.lifetime, issuer.leaf()));
  const auto replaces = [&](inventory& in) { return still_current(in, *old); };
  const auto why = request.why.empty() ? "renewed" : "renewed: " + request.why;
  return sign_and_publish({name, old->purpose, std::move(spec), subject_key, std::move(key), &request.p12_password, why,
                           replaces, request.new_key},
                          issuer);
}

result<issued_certificate> pki::sign(const sign_request& request) {
  MUTUAL_TRY(auto names, x509::checked_request(request.request));
  const auto wanted = request.name.empty() ? request.request.common_name() : request.name;
  if (wanted.empty()) {
    return error(errc::bad_usage, "the request has no common name to call its certificate by: give one with --name");
  }
  MUTUAL_TRY(const auto name, checked_name(wanted));
  MUTUAL_TRY(const auto turn, take_turn());
  MUTUAL_TRY(const auto issuer, load_issuer(places_));
  EVP_PKEY* key = request.request.key();
  if (EVP_PKEY_eq(key, issuer.key.get()) == 1) {
    return error(errc::bad_input, "the request is refused: its key is the authority's own");
  }
  issue_request described;
  described.purpose = request.purpose;
  described.name = name;
  described.names = std::move(names);
  MUTUAL_TRY(auto all_names, names_for(described));
  MUTUAL_TRY(const auto by, load_limits(places_));
  MUTUAL_CHECK(check_lifetime(request.lifetime, issuer.leaf()));
  MUTUAL_TRY(auto spec, x509::describe_certificate(
                            request.purpose, {name, issuer.leaf().organizations(), {}}, std::move(all_names), key,
                            request.lifetime.value_or(usual_life(by, request.purpose, default_lifetime))));
  const auto replaces = [&](inventory& in) { return replaceable(in, name); };
  const auto why = request.why.empty() ? "by a request" : "by a request: " + request.why;
  return sign_and_publish({name, request.purpose, std::move(spec), key, {}, nullptr, why, replaces}, issuer);
}

}  // namespace mutual::authority
