#include "authority/recover.hpp"

#include "authority/folder_lock.hpp"
#include "authority/retired.hpp"
#include "authority/store.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"
#include "x509/peer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace mutual::authority {
namespace {

using x509::profile;

profile purpose_of(const x509::certificate& one) {
  const auto usages = one.extended_key_usages();
  if (usages.empty()) return profile::client;
  if (one.allows_server() && one.allows_client()) return profile::peer;
  return one.allows_server() ? profile::server : profile::client;
}

std::vector<std::filesystem::path> certificates_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code code;
  for (std::filesystem::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    if (at->path().extension() == ".crt") found.push_back(at->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// A certificate whose file is here and whose record is not. Whoever was replaced or revoked since has the name no more.
result<> put_back(const layout& places, const std::filesystem::path& file, bool is_replaced, inventory& in,
                  recovery& told) {
  const auto read = x509::load_certificates(file);
  if (!read) return {};  // Not one of ours, or half a file: the files are looked through, and judged by nobody.
  const auto& leaf = read->front();
  MUTUAL_TRY(const auto known, in.find_serial(leaf.serial()));
  if (known) return {};
  const auto issuers = x509::load_certificates(places.intermediate_certificate());
  MUTUAL_TRY(const auto retired, load_retired(places));
  bool is_ours = issuers && leaf.is_signed_by(issuers->front());
  for (const auto& one : retired.issuers) is_ours = is_ours || leaf.is_signed_by(one.who.leaf());
  if (!is_ours) return {};
  auto name = file.stem().string();
  if (is_replaced) name = name.substr(0, name.rfind('.'));
  auto entry = to_record(leaf, name, purpose_of(leaf), false);
  entry.state = record_state::issued;
  auto key = file;
  key.replace_extension(".key");
  MUTUAL_TRY(entry.has_key, file::exists(key));
  MUTUAL_TRY(const auto before, in.find(name));
  if (before) entry.replaces = before->serial;
  MUTUAL_CHECK(in.add(entry, "put back: its file was here, its record was not"));
  told.certificates.push_back(name);
  return {};
}

// A revocation that the inventory has forgotten. Of a certificate that it has forgotten too, the serial number alone is
// known: it is recorded as such, so that every list to come has it.
result<> revoke_again(const x509::crl& list, X509_REVOKED* entry, inventory& in, recovery& told) {
  const auto serial = x509::serial_text(X509_REVOKED_get0_serialNumber(entry));
  int critical = 0;
  const std::unique_ptr<ASN1_ENUMERATED, x509::freed_by<ASN1_ENUMERATED_free>> code(
      static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, nullptr)));
  constexpr long remove_from_crl = 8;  // In a delta list, of a hold that has ended (RFC 5280 section 5.3.1).
  if (code && ASN1_ENUMERATED_get(code.get()) == remove_from_crl) return {};
  const auto reason = code ? static_cast<revocation_reason>(ASN1_ENUMERATED_get(code.get())) : revocation_reason{};
  MUTUAL_TRY(auto known, in.find_serial(serial));
  if (!known) {
    record entry_of;
    entry_of.name = "serial " + serial;
    entry_of.serial = serial;
    entry_of.issuer = list.issuer();
    entry_of.sha256 = "unknown " + serial;
    entry_of.recorded_at = now();
    // How long it would have lasted is not known: longer than any that was issued here.
    entry_of.not_after = now() + std::chrono::days(3650);
    entry_of.state = record_state::issued;
    entry_of.has_key = false;
    MUTUAL_CHECK(in.add(entry_of, "put back: a revocation list has its serial number"));
    told.unknown.push_back(serial);
    known = std::move(entry_of);
  }
  // What was held and is revoked for good by now must not come back as a hold, which could be released.
  if (known->revoked && (!known->revoked->is_hold() || reason == revocation_reason::certificate_hold)) return {};
  MUTUAL_CHECK(in.revoke(serial, reason, "put back: it is on a revocation list"));
  told.revoked.push_back(serial);
  return {};
}

result<> put_back_list(const layout& places, const std::filesystem::path& file, inventory& in, recovery& told) {
  MUTUAL_TRY(const bool there, file::exists(file));
  if (!there) return {};
  MUTUAL_TRY(const auto lists, x509::load_crls(file));
  std::vector<x509::certificate> issuers;
  for (const auto& from : {places.intermediate_certificate(), places.root_certificate()}) {
    if (const auto read = x509::load_certificates(from); read) issuers.push_back(read->front());
  }
  MUTUAL_TRY(const auto retired, load_retired(places));
  for (const auto& one : retired.issuers) issuers.push_back(one.who.leaf());
  for (const auto& list : lists) {
    const bool is_ours = std::any_of(issuers.begin(), issuers.end(),
                                     [&](const x509::certificate& one) { return list.is_signed_by(one); });
    if (!is_ours) continue;
    const auto digits = list.number();
    std::uint64_t number = 0;
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
    MUTUAL_CHECK(in.skip_list_numbers(list.issuer(), number));
    const auto* entries = X509_CRL_get_REVOKED(list.get());
    for (int at = 0; at < sk_X509_REVOKED_num(entries); ++at) {
      MUTUAL_CHECK(revoke_again(list, sk_X509_REVOKED_value(entries, at), in, told));
    }
  }
  return {};
}

// An older state does not know which of its tokens have been used since: none of them is of use any more.
result<> void_tokens(inventory& in) {
  const auto done = in.on().change("UPDATE tokens SET used_at = $1 WHERE used_at IS NULL",
                                   {std::int64_t{now().time_since_epoch().count()}});
  if (!done) return done.error();
  return {};
}

}  // namespace

result<recovery> recover(const std::filesystem::path& folder, const std::string& store) {
  const layout places(folder);
  MUTUAL_TRY(const auto lock, folder_lock::take(folder));
  MUTUAL_TRY(const auto url, store_url(places, store));
  MUTUAL_TRY(const auto in, open_store(places, url));
  recovery told;
  const auto older = check_not_older(places, *in);
  told.was_older = !older;
  if (older) return told;
  // What cannot be read just now is no older backup: nothing is recovered from that.
  if (older.error().code() != errc::bad_input) return older.error();
  const auto seen = read_mark(places);
  if (!seen && seen.error().code() != errc::bad_input) return seen.error();
  MUTUAL_TRY(const auto found, in->how_far());
  told.last_act = found.act;
  if (seen && *seen) {
    if ((*seen)->seen.inventory != found.inventory) return older.error();  // Another PKI's: nobody can mean that.
    told.seen_act = (*seen)->seen.act;
  }
  MUTUAL_TRY(auto whole, in->begin());
  for (const auto& one : certificates_in(places.replaced())) MUTUAL_CHECK(put_back(places, one, true, *in, told));
  for (const auto& one : certificates_in(places.issued())) MUTUAL_CHECK(put_back(places, one, false, *in, told));
  for (const auto& file : {places.revocation_lists(), places.revocation_list("root"),
                           places.revocation_list("intermediate"), places.delta_list("intermediate")}) {
    MUTUAL_CHECK(put_back_list(places, file, *in, told));
  }
  std::map<std::string, std::uint64_t> numbers;
  if (seen && *seen) numbers = (*seen)->list_numbers;
  for (const auto& [issuer, number] : numbers) MUTUAL_CHECK(in->skip_list_numbers(issuer, number));
  MUTUAL_CHECK(void_tokens(*in));
  MUTUAL_CHECK(
      in->note("recovered", {}, {},
               fmt::format("taken as it was at act {}, though act {} was seen", told.last_act, told.seen_act)));
  MUTUAL_CHECK(whole.commit());
  MUTUAL_TRY(const auto now, in->how_far());
  MUTUAL_CHECK(write_mark(places, {now, numbers}));
  return told;
}

}  // namespace mutual::authority
