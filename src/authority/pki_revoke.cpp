// Finding what somebody means, and revoking it.

#include "authority/pki.hpp"
#include "authority/serial_word.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"
#include "x509/key_digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace mutual::authority {
namespace {

using x509::profile;

bool is_leaf(const record& one) { return one.purpose != profile::root && one.purpose != profile::intermediate; }

// Whoever names a CA as mutual list does is told how it is revoked; there may be several of a name.
error not_found(const std::string& what, const std::vector<record>& cas, bool is_release) {
  const auto lacking = fmt::format("there is no certificate {} that is still good, by name, serial number or file: ",
                                   text::quoted(what));
  if (cas.empty()) return {errc::not_found, lacking + "see mutual list"};
  std::string which;
  for (const auto& one : cas) {
    which += fmt::format("{}{} of {}", which.empty() ? "" : ", ", one.serial, text::quoted(one.subject));
  }
  const bool is_root = cas.front().purpose == profile::root;
  return {errc::not_found,
          fmt::format("{}{} is what mutual list calls a CA, and {} ({})", lacking, text::quoted(what),
                      is_root ? "a root cannot be revoked: take it out of the trust of all, as mutual rotate root does"
                      : is_release ? "a CA is released by its serial number"
                                   : "a CA is revoked by its serial number",
                      which)};
}

}  // namespace

result<std::vector<record>> pki::identify(const std::string& what, std::optional<revocation_reason> reason) {
  std::vector<record> found, known_better, done_already, cas;
  int meanings = 0;
  // By its name: whoever revokes somebody means all that lets them in, of before a renewal too.
  MUTUAL_CHECK(inventory_->each_named(what, [&](const record& one) {
    const bool may_work = one.not_after > now() && one.state != record_state::lost;
    const bool is_held = one.revoked && one.revoked->is_hold();
    if (!is_leaf(one) && may_work && (is_held || (reason && !one.revoked))) cas.push_back(one);
    if (!is_leaf(one) || !may_work) return;
    if (!one.revoked || one.revoked->is_hold()) {
      found.push_back(one);
    } else if (reason && may_follow(one.revoked->reason, *reason)) {
      known_better.push_back(one);
    } else if (reason) {
      done_already.push_back(one);
    }
  }));
  if (!found.empty()) ++meanings;
  const auto is_new = [&](const record& one) {
    return std::none_of(found.begin(), found.end(), [&](const record& other) { return other.serial == one.serial; });
  };
  if (const auto serial = as_serial(what); !serial.empty()) {
    MUTUAL_TRY(auto one, inventory_->find_serial(serial));
    if (one && is_new(*one)) found.push_back(*std::move(one)), ++meanings;
  }
  MUTUAL_TRY(const bool there, file::exists(what));
  MUTUAL_TRY(const bool is_folder, file::is_folder(what));
  if (there && !is_folder) {
    MUTUAL_TRY(const auto certificates, x509::load_certificates(what));
    MUTUAL_TRY(auto one, inventory_->find_sha256(certificates.front().sha256()));
    if (!one && meanings == 0) {
      return error(errc::not_found, fmt::format("the certificate in {} was not issued by the authority in {}",
                                                text::quoted(what), text::printable(places_.folder().string(), 4096)));
    }
    if (one && is_new(*one)) found.push_back(*std::move(one)), ++meanings;
  }
  if (meanings == 0) found = std::move(known_better);
  // Of several that were revoked, whose keys may be different ones, nobody here knows which is meant.
  if (meanings > 1 || (meanings == 0 && found.size() > 1)) {
    std::string serials;
    for (const auto& one : found) serials += fmt::format("{}{}", serials.empty() ? "" : ", ", one.serial);
    return error(errc::bad_usage, fmt::format("{} means several things: name one of the serial numbers {}",
                                              text::quoted(what), serials));
  }
  if (found.empty() && !done_already.empty()) {
    const auto& before = *done_already.back().revoked;
    return error(errc::already_exists, fmt::format("{} is revoked already, since {} ({}), and stays so",
                                                   text::quoted(what), to_text(before.at), to_string(before.reason)));
  }
  if (found.empty()) return not_found(what, cas, !reason);
  return found;
}

result<std::vector<record>> pki::revoke(const std::string& what, std::optional<revocation_reason> reason,
                                        std::string_view why) {
  MUTUAL_TRY(const auto turn, take_turn());
  // Of one piece with what it changes: other folders may share the inventory, and renew meanwhile.
  MUTUAL_TRY(auto all, inventory_->begin());
  MUTUAL_TRY(auto which, identify(what, reason));
  MUTUAL_CHECK(revoke_each(which, reason, why));
  MUTUAL_CHECK(all.commit());
  MUTUAL_CHECK(remember());
  return which;
}

result<> pki::revoke(const std::vector<record>& which, std::optional<revocation_reason> reason, std::string_view why) {
  MUTUAL_TRY(const auto turn, take_turn());
  MUTUAL_TRY(auto all, inventory_->begin());
  MUTUAL_CHECK(revoke_each(which, reason, why));
  MUTUAL_CHECK(all.commit());
  return remember();
}

result<std::vector<record>> pki::others_of_their_keys(const std::vector<record>& which) {
  std::set<std::string> known, keys;
  for (const auto& one : which) known.insert(one.serial);
  std::vector<record> out;
  for (const auto& one : which) {
    const auto leaf = x509::certificate::from_der(one.der);
    // Of one that is known by its serial number alone, nobody has seen the key.
    if (!leaf || !keys.insert(x509::key_digest(X509_get0_pubkey(leaf->get()))).second) continue;
    MUTUAL_TRY(auto same, inventory_->good_of_key(X509_get0_pubkey(leaf->get())));
    for (auto& other : same) {
      if (known.insert(other.serial).second) out.push_back(std::move(other));
    }
  }
  return out;
}

result<> pki::revoke_each(const std::vector<record>& which, std::optional<revocation_reason> reason,
                          std::string_view why) {
  for (const auto& one : which) {
    if (one.purpose != profile::root) continue;
    return error(errc::bad_usage,
                 "a root cannot be revoked, for nobody stands above it: take it out of the trust of all, and make "
                 "another PKI");
  }
  for (const auto& one : which) {
    MUTUAL_CHECK(reason ? inventory_->revoke(one.serial, *reason, why) : inventory_->release(one.serial, why));
  }
  return {};
}

}  // namespace mutual::authority
