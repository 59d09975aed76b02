// The inventory's part about revocations and the lists of them.

#include "authority/compromised_keys.hpp"
#include "authority/inventory.hpp"
#include "base/text.hpp"
#include "x509/certificate.hpp"
#include "x509/key_digest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::authority {
namespace {

// RFC 5280 section 5.3.1: only in delta lists, for what is on hold no more.
constexpr int remove_from_crl = 8;

// What stands for the base of a number that was left out, and of a list that was made elsewhere: neither is one.
constexpr std::int64_t left_out = -1, made_elsewhere = -2;

std::int64_t seconds(sys_seconds time) { return time.time_since_epoch().count(); }
sys_seconds from_seconds(std::int64_t count) { return sys_seconds(std::chrono::seconds(count)); }

std::string called(const record& one) { return fmt::format("{} (serial {})", text::quoted(one.name), one.serial); }

error revoked_already(const record& one) {
  return {errc::already_exists,
          fmt::format("{} is {} already, since {} ({})", called(one), one.revoked->is_hold() ? "on hold" : "revoked",
                      to_text(one.revoked->at), to_string(one.revoked->reason))};
}

result<> log_revocation(database& db, std::string_view serial, sys_seconds at, int reason) {
  const auto logged = db.change("INSERT INTO revocations (serial, at, reason) VALUES ($1, $2, $3)",
                                {serial, seconds(at), std::int64_t{reason}});
  if (!logged) return logged.error();
  return {};
}

result<record> existing(inventory& in, std::string_view serial) {
  MUTUAL_TRY(auto found, in.find_serial(serial));
  if (!found) {
    return error(errc::not_found, fmt::format("the inventory has no certificate {}", text::printable(serial)));
  }
  return *std::move(found);
}

// What a list is to say: everything that is revoked, or what has changed since the full list `last`.
result<> each_entry(database& db, const list_request& wanted, const std::optional<list_facts>& last,
                    const std::function<void(const x509::revoked_certificate&)>& show) {
  const auto read = [&](const row& one) {
    const bool is_revoked = !one.is_null(1);
    show({one.text(0), from_seconds(one.integer(is_revoked ? 1 : 3)),
          is_revoked ? static_cast<int>(one.integer(2)) : remove_from_crl});
  };
  if (wanted.is_delta) {
    return db.each(
        "SELECT serial, revoked_at, revoked_reason, (SELECT max(at) FROM revocations WHERE revocations.serial = "
        "certificates.serial) FROM certificates WHERE issuer = $1 AND serial IN (SELECT serial FROM revocations WHERE "
        "id > $2)",
        {std::string_view(wanted.issuer), last->covers}, read);
  }
  // RFC 5280 section 3.3: an entry stays for one list beyond its certificate's end. A clock that was ahead when the
  // last list was made has brought nobody to his end.
  const auto since = last ? seconds(std::min(last->this_update, wanted.this_update)) : 0;
  return db.each(
      "SELECT serial, revoked_at, revoked_reason, 0 FROM certificates WHERE issuer = $1 AND revoked_at IS NOT NULL AND "
      "not_after >= $2",
      {std::string_view(wanted.issuer), since}, read);
}

// The newest list of issuer $1 for which that is so.
result<std::optional<list_facts>> list_where(database& db, std::string_view which, parameters values) {
  std::optional<list_facts> found;
  MUTUAL_CHECK(db.each(
      fmt::format("SELECT number, this_update, next_update, covers FROM revocation_lists WHERE issuer = $1 AND {} "
                  "ORDER BY number DESC LIMIT 1",
                  which),
      values, [&](const row& one) {
        found = list_facts{static_cast<std::uint64_t>(one.integer(0)), from_seconds(one.integer(1)),
                           from_seconds(one.integer(2)), one.integer(3)};
      }));
  return found;
}

}  // namespace

result<> inventory::revoke(std::string_view serial, revocation_reason reason, std::string_view why) {
  MUTUAL_TRY(auto change, begin());
  MUTUAL_TRY(const auto one, existing(*this, serial));
  const bool is_hold = reason == revocation_reason::certificate_hold;
  if (one.revoked && !may_follow(one.revoked->reason, reason)) return revoked_already(one);
  const bool is_known_better = one.revoked && !one.revoked->is_hold();
  const auto present = now();
  const auto since = one.revoked ? one.revoked->at : present;
  const auto code = static_cast<int>(reason);
  MUTUAL_TRY(const auto updated,
             db_->change("UPDATE certificates SET revoked_at = $1, revoked_reason = $2 WHERE serial = $3",
                         {seconds(since), std::int64_t{code}, serial}));
  (void)updated;
  // Whoever has the name since is somebody else.
  if (!is_hold && !is_known_better) {
    MUTUAL_TRY(const auto freed, db_->change("UPDATE certificates SET is_current = 0 WHERE serial = $1", {serial}));
    (void)freed;
    MUTUAL_TRY(const auto withdrawn, withdraw_tokens(one.name, fmt::format("{} was revoked", serial)));
    (void)withdrawn;
  }
  if (is_compromise(reason)) MUTUAL_CHECK(note_compromised(*db_, serial, one.der));
  MUTUAL_CHECK(log_revocation(*db_, serial, present, code));
  auto told = std::string(to_string(reason));
  if (is_known_better) told += fmt::format(" in place of {}", to_string(one.revoked->reason));
  if (!why.empty()) told += fmt::format(": {}", why);
  MUTUAL_CHECK(note(is_hold ? "held" : "revoked", serial, one.name, told));
  return change.commit();
}

result<bool> inventory::is_compromised(const EVP_PKEY* key) { return authority::is_compromised(*db_, key); }

// Of all that hold the octets somewhere, few are read. The sign keeps SQLite from going through an index of ends, which
// takes four times as long.
result<std::vector<record>> inventory::good_of_key(const EVP_PKEY* key) {
  const auto digest = x509::key_digest(key);
  const auto sought = x509::octets_of_key(key);
  if (digest.empty() || sought.empty()) return std::vector<record>();
  const auto holds = db_->speaks() == dialect::sqlite ? "instr(der, $3)" : "position($3 IN der)";
  MUTUAL_TRY(auto found,
             read(fmt::format("WHERE +not_after > $1 AND state != 'lost' AND profile != 'root' AND "
                              "(revoked_at IS NULL OR revoked_reason = $2) AND {} > 0 ORDER BY id",
                              holds),
                  {seconds(now()), static_cast<std::int64_t>(revocation_reason::certificate_hold), octets{sought}}));
  std::erase_if(found, [&](const record& one) {
    const auto known = x509::certificate::from_der(one.der);
    return !known || x509::key_digest(X509_get0_pubkey(known->get())) != digest;
  });
  std::stable_sort(found.begin(), found.end(),
                   [](const record& one, const record& other) { return one.not_after < other.not_after; });
  return found;
}

namespace {

// What was found out of another certificate of the key meanwhile holds for this one, too.
result<> check_may_be_released(database& db, const record& one) {
  const auto known = x509::certificate::from_der(one.der);
  if (!known || x509::key_digest(X509_get0_pubkey(known->get())).empty()) return {};  // No such key was ever noted.
  MUTUAL_TRY(const bool is_compromised, authority::is_compromised(db, X509_get0_pubkey(known->get())));
  if (!is_compromised) return {};
  return error(errc::already_exists,
               fmt::format("the key of {} was revoked as compromised under another certificate, so the hold is not "
                           "taken back: mutual revoke {} --reason keyCompromise",
                           called(one), one.serial));
}

}  // namespace

result<> inventory::release(std::string_view serial, std::string_view why) {
  MUTUAL_TRY(auto change, begin());
  MUTUAL_TRY(const auto one, existing(*this, serial));
  if (!one.revoked) return error(errc::already_exists, fmt::format("{} is not on hold", called(one)));
  if (!one.revoked->is_hold()) {
    return error(errc::already_exists,
                 fmt::format("{} was revoked on {} ({}), and only a hold can be taken back: issue a new certificate",
                             called(one), to_text(one.revoked->at), to_string(one.revoked->reason)));
  }
  MUTUAL_CHECK(check_may_be_released(*db_, one));
  MUTUAL_TRY(
      const auto updated,
      db_->change("UPDATE certificates SET revoked_at = NULL, revoked_reason = NULL WHERE serial = $1", {serial}));
  (void)updated;
  MUTUAL_CHECK(log_revocation(*db_, serial, now(), remove_from_crl));
  MUTUAL_CHECK(note("released", serial, one.name, why));
  return change.commit();
}

result<bool> inventory::was_released_since(std::string_view serial, sys_seconds when) {
  MUTUAL_TRY(const auto found,
             number_from(*db_,
                         "SELECT count(*) FROM revocations r WHERE r.serial = $1 AND r.reason = $2 AND r.at > $3 AND "
                         "EXISTS (SELECT 1 FROM revocations h WHERE h.serial = r.serial AND h.reason = $4 AND "
                         "h.at >= $3 AND h.id < r.id)",
                         {serial, std::int64_t{remove_from_crl}, seconds(when),
                          std::int64_t{static_cast<int>(revocation_reason::certificate_hold)}}));
  return found != 0;
}

result<std::optional<list_facts>> inventory::newest_full_list(std::string_view issuer) {
  return list_where(*db_, "base = 0", {issuer});
}

result<std::optional<list_facts>> inventory::list_numbered(std::string_view issuer, std::uint64_t number) {
  return list_where(*db_, "number = $2", {issuer, static_cast<std::int64_t>(number)});
}

result<std::uint64_t> inventory::highest_list_number(std::string_view issuer) {
  MUTUAL_TRY(const auto highest,
             number_from(*db_, "SELECT coalesce(max(number), 0) FROM revocation_lists WHERE issuer = $1", {issuer}));
  return static_cast<std::uint64_t>(highest);
}

result<std::uint64_t> inventory::highest_list_made(std::string_view issuer) {
  MUTUAL_TRY(const auto highest,
             number_from(*db_, "SELECT coalesce(max(number), 0) FROM revocation_lists WHERE issuer = $1 AND base != $2",
                         {issuer, left_out}));
  return static_cast<std::uint64_t>(highest);
}

result<std::int64_t> inventory::last_revocation() {
  return number_from(*db_, "SELECT coalesce(max(id), 0) FROM revocations", {});
}

result<std::int64_t> inventory::last_revocation_of(std::string_view issuer, std::int64_t after) {
  return number_from(
      *db_,
      "SELECT coalesce(max(r.id), 0) FROM revocations r JOIN certificates c ON c.serial = r.serial WHERE "
      "r.id > $1 AND c.issuer = $2",
      {after, issuer});
}

// The words of the index of the few acts that say so.
result<bool> inventory::is_finished_with(std::string_view serial) {
  MUTUAL_TRY(const auto found,
             number_from(*db_, "SELECT count(*) FROM acts WHERE what = 'retired' AND serial = $1", {serial}));
  return found != 0;
}

result<list_begun> inventory::begin_list(const list_request& wanted,
                                         const std::function<void(const x509::revoked_certificate&)>& read,
                                         std::string_view why) {
  MUTUAL_TRY(auto change, begin());
  MUTUAL_TRY(const auto last, newest_full_list(wanted.issuer));
  if (wanted.is_delta && !last) {
    return error(errc::not_found,
                 "a delta says what has changed since a full revocation list, and there is none yet: "
                 "make one with mutual crl");
  }
  list_begun out;
  MUTUAL_TRY(const auto highest, highest_list_number(wanted.issuer));
  out.number = highest + 1;
  if (wanted.is_delta) out.base = last->number;
  MUTUAL_CHECK(each_entry(*db_, wanted, last, read));
  MUTUAL_TRY(const auto covers, last_revocation());
  MUTUAL_CHECK(add_list(wanted.issuer, {out.number, wanted.this_update, wanted.next_update, covers},
                        static_cast<std::int64_t>(out.base.value_or(0))));
  MUTUAL_CHECK(note("listed", {}, wanted.issuer,
                    fmt::format("revocation list {}{}{}", out.number, why.empty() ? "" : ": ", why)));
  MUTUAL_CHECK(change.commit());
  return out;
}

result<> inventory::add_list(std::string_view issuer, const list_facts& one, std::int64_t base) {
  const auto added = db_->change(
      "INSERT INTO revocation_lists (issuer, number, base, this_update, next_update, covers) VALUES ($1, $2, $3, $4, "
      "$5, $6)",
      {issuer, static_cast<std::int64_t>(one.number), base, seconds(one.this_update), seconds(one.next_update),
       one.covers});
  if (!added) return added.error();
  return {};
}

result<> inventory::skip_list_numbers(std::string_view issuer, std::uint64_t up_to) {
  MUTUAL_TRY(auto change, begin());
  MUTUAL_TRY(const auto highest, highest_list_number(issuer));
  if (highest >= up_to) return change.commit();
  MUTUAL_CHECK(add_list(issuer, {up_to, {}, {}, 0}, left_out));
  MUTUAL_CHECK(note("skipped", {}, issuer, fmt::format("revocation lists up to {} were made before", up_to)));
  return change.commit();
}

result<> inventory::note_list_from_elsewhere(std::string_view issuer, const list_facts& one) {
  MUTUAL_TRY(auto change, begin());
  MUTUAL_TRY(const auto there, list_numbered(issuer, one.number));
  if (there || one.number == 0) return change.commit();
  MUTUAL_CHECK(add_list(issuer, one, made_elsewhere));
  MUTUAL_CHECK(note("skipped", {}, issuer, fmt::format("revocation list {} was made before", one.number)));
  return change.commit();
}

}  // namespace mutual::authority
