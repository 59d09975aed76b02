#include "authority/pki.hpp"

#include "authority/folder_lock.hpp"
#include "authority/issue_files.hpp"
#include "authority/limits.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/alternative_names.hpp"
#include "x509/bundle.hpp"
#include "x509/identity.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::authority {
namespace {

using x509::profile;

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

result<x509::identity> load_issuer(const layout& places) {
  MUTUAL_TRY(const bool there, file::exists(places.intermediate_certificate()));
  if (!there) {
    return error(errc::not_found,
                 fmt::format("{} has no authority to issue with (mutual init --self-signed makes none): "
                             "make one with mutual init in another folder",
                             shown(places.folder())));
  }
  return x509::load_identity(places.intermediate_certificate(), places.intermediate_key());
}

result<x509::certificate_spec> describe(const issue_request& request, const x509::private_key& key,
                                        const x509::certificate& issuer, const limits& by) {
  MUTUAL_TRY(auto names, names_for(request));
  const auto lifetime = request.lifetime.value_or(usual_life(by, request.purpose, default_lifetime));
  // A shorter life than the asked one is no surprise where nobody asked for a length.
  if (request.lifetime && lifetime > std::chrono::days(36500)) {
    return error(errc::bad_usage, "a certificate cannot last longer than 36500 days: give fewer");
  }
  if (request.lifetime && now() + lifetime > issuer.not_after()) {
    return error(errc::bad_usage,
                 fmt::format("a certificate cannot outlive its issuer, which ends on {}: give at most {} days",
                             to_text(issuer.not_after()),
                             std::chrono::floor<std::chrono::days>(issuer.not_after() - now()).count()));
  }
  return x509::describe_certificate(request.purpose, {request.name, issuer.organizations(), {}}, std::move(names), key,
                                    lifetime);
}

result<> check_not_issued(inventory& in, const layout& places, const std::string& name) {
  MUTUAL_TRY(const auto found, in.find(name));
  if (found && found->not_after < now()) {
    return error(
        errc::already_exists,
        fmt::format(
            "{} was issued already and expired on {}; its files are kept, so choose another name for the "
            "new one, as in mutual issue {} {}-2{}",
            text::quoted(name), to_text(found->not_after), to_string(found->purpose), name,
            found->purpose == profile::client ? "" : fmt::format(" {}, and serve it with --name {}-2", name, name)));
  }
  if (found) {
    return error(errc::already_exists,
                 fmt::format("{} was issued already, as a {} until {}, and is not overwritten: choose another name",
                             text::quoted(name), to_string(found->purpose), to_text(found->not_after)));
  }
  return check_unused(places, name);
}

}  // namespace

void add_loopback_addresses(alternative_names& names) {
  if (std::find(names.dns.begin(), names.dns.end(), "localhost") == names.dns.end()) return;
  (void)x509::add_by_content(names, "127.0.0.1");
  (void)x509::add_by_content(names, "::1");
}

result<alternative_names> names_for(const issue_request& request) {
  auto names = request.names;
  const bool serves = request.purpose == profile::server || request.purpose == profile::peer;
  if (!serves || !names.dns.empty() || !names.ips.empty()) return names;
  if (auto added = x509::add_by_content(names, request.name); !added || (names.dns.empty() && names.ips.empty())) {
    return error(
        errc::bad_usage,
        fmt::format("{} is no host name or IP address, and a {} certificate needs one: give it after the name, as "
                    "in mutual issue {} web www.example.com",
                    text::quoted(request.name), to_string(request.purpose), to_string(request.purpose)));
  }
  add_loopback_addresses(names);
  return names;
}

result<pki> pki::open(const std::filesystem::path& folder) {
  layout places(folder);
  MUTUAL_TRY(const bool there, file::is_folder(folder));
  if (!there) {
    return error(errc::not_found, fmt::format("there is no PKI in {}: make one with mutual init", shown(folder)));
  }
  MUTUAL_TRY(auto opened, open_inventory(places.inventory()));
  return pki(std::move(places), std::move(opened));
}

result<pki> pki::open_locked(const std::filesystem::path& folder) {
  MUTUAL_TRY(auto opened, open(folder));
  opened.is_locked_ = true;
  return opened;
}

result<issued_certificate> pki::issue(const issue_request& request) {
  MUTUAL_TRY(const auto name, checked_name(request.name));
  MUTUAL_TRY(const auto issuer, load_issuer(places_));
  // Making a key may take seconds (RSA), and needs no lock.
  MUTUAL_TRY(const auto key, x509::private_key::generate(request.kind));
  MUTUAL_TRY(const auto by, load_limits(places_));
  MUTUAL_TRY(const auto spec, describe(request, key, issuer.leaf(), by));
  MUTUAL_CHECK(check_limits(by, {request.purpose, spec, key.get()}));

  std::optional<folder_lock> lock;
  if (!is_locked_) {
    MUTUAL_TRY(auto taken, folder_lock::take(places_.folder()));
    lock.emplace(std::move(taken));
  }
  MUTUAL_CHECK(finish_interrupted());
  MUTUAL_CHECK(check_not_issued(*inventory_, places_, name));
  MUTUAL_TRY(auto leaf, x509::issue_certificate(spec, key.get(), issuer.leaf(), issuer.key));
  const auto entry = to_record(leaf, name, request.purpose, !request.p12_password.empty());
  MUTUAL_CHECK(stage_key(places_, key, entry.serial));
  MUTUAL_CHECK(inventory_->add(entry));
  const x509::identity who{key, {leaf, issuer.leaf()}};
  MUTUAL_CHECK(publish(places_, entry, who, request.p12_password.view()));
  MUTUAL_CHECK(inventory_->set_state(entry.serial, record_state::issued));
  return issued_certificate{
      name, request.purpose, std::move(leaf), places_.certificate(name), places_.key(name), places_.p12(name)};
}

result<> pki::finish_interrupted() {
  MUTUAL_TRY(const auto unfinished, inventory_->unfinished());
  for (const auto& one : unfinished) {
    if (one.purpose == profile::root || one.purpose == profile::intermediate) continue;
    MUTUAL_TRY(auto leaf, x509::certificate::from_der(one.der));
    auto keys = x509::load_bundle(staged_key(places_, one.serial));
    if (!keys) keys = x509::load_bundle(places_.key(one.name));
    if (!keys || !keys->key || !keys->key->belongs_to(leaf)) {
      MUTUAL_CHECK(inventory_->set_state(one.serial, record_state::lost));
      continue;
    }
    MUTUAL_TRY(const auto chain, x509::load_certificates(places_.intermediate_certificate()));
    MUTUAL_CHECK(publish(places_, one, {*keys->key, x509::chain_of(leaf, chain)}, {}));
    MUTUAL_CHECK(inventory_->set_state(one.serial, record_state::issued));
  }
  sweep(places_, unfinished);
  return {};
}

}  // namespace mutual::authority
