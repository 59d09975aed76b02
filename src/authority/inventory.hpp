#pragma once
// inventory: every certificate that the authority has signed, and everything that it has done.

#include "authority/database.hpp"
#include "authority/record.hpp"
#include "authority/token.hpp"

#include <mutual/result.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::authority {

/// Where certificates are recorded. What a call has written is durable when it returns, and each call happens whole or
/// not at all. Several processes, on several machines if the database is a server, may use the same inventory at once.
/// One object is used by one thread at a time.
class inventory {
 public:
  /// `who` stands in the log of acts for the one who acts.
  inventory(std::unique_ptr<database> opened, std::string who) : db_(std::move(opened)), who_(std::move(who)) {}

  /// From now on acts are noted as that one's: for a service that acts for others.
  void act_for(std::string who) { who_ = std::move(who); }
  const std::string& acts_for() const { return who_; }

  /// Brings an older inventory's tables up to date; with `is_new`, makes them where there are none.
  result<> make_ready(bool is_new);

  /// Records a certificate; already_exists if its serial is there. A server, client or peer certificate becomes what
  /// its name stands for: it takes the place of the one that it `replaces`, and is refused (already_exists) if the name
  /// stands for any other.
  result<> add(const record& one, std::string_view why = {});
  /// Notes how far a certificate has come. One that is lost stands for its name no more.
  result<> set_state(std::string_view serial, record_state state, lasting how = lasting::on_disk);
  /// Notes that the files of those are on the disk, which are `recorded` yet. A loss of power may take that away again:
  /// whoever finishes what was interrupted finds it out anew.
  result<> note_issued(const std::vector<given_out>& which);

  /// Revokes a certificate from now on, or puts it on hold; already_exists if it is revoked. One on hold may be revoked
  /// for good, and one that is revoked may be so for another reason as may_follow() says; either keeps its date. Its
  /// name may then be issued anew, except while it is on hold; but tokens
  /// that were made for the name before are withdrawn.
  result<> revoke(std::string_view serial, revocation_reason reason, std::string_view why = {});
  /// Takes a hold back; already_exists if there is none, for no other revocation can be taken back, or if the key was
  /// found to be compromised meanwhile.
  result<> release(std::string_view serial, std::string_view why = {});
  /// Whether that certificate was put on hold since then, and the hold taken back later than that; not in the very
  /// second, of which nobody knows what came first.
  result<bool> was_released_since(std::string_view serial, sys_seconds when);

  /// Takes the next number for a revocation list of that issuer, and shows each entry that it has to have, in no order.
  /// The number is used up, whether or not a list is made of it.
  result<list_begun> begin_list(const list_request& wanted,
                                const std::function<void(const x509::revoked_certificate&)>& read,
                                std::string_view why = {});
  /// The newest revocation list of that issuer that is no delta; nothing if there is none.
  result<std::optional<list_facts>> newest_full_list(std::string_view issuer);
  /// What was noted of the list of that number; nothing if there is none.
  result<std::optional<list_facts>> list_numbered(std::string_view issuer, std::uint64_t number);
  /// The highest number of any revocation list of that issuer; 0 if there is none.
  result<std::uint64_t> highest_list_number(std::string_view issuer);
  /// The highest number of a list that was made, here or elsewhere, as far as it is known; 0 if there is none. Numbers
  /// that were left out do not count.
  result<std::uint64_t> highest_list_made(std::string_view issuer);
  /// Makes sure that numbers up to this one are never used again.
  result<> skip_list_numbers(std::string_view issuer, std::uint64_t up_to);
  /// Notes a list that was made elsewhere, or that is not known any more, so that its number is never used again. One
  /// without a number (0), and one whose number is taken, are not noted.
  result<> note_list_from_elsewhere(std::string_view issuer, const list_facts& one);

  /// The last revocation or release that was noted, as `list_facts::covers` counts them; 0 if there is none.
  result<std::int64_t> last_revocation();
  /// The last one later than `after` of a certificate of that issuer; 0 if there is none. What it costs depends on how
  /// many there are since.
  result<std::int64_t> last_revocation_of(std::string_view issuer, std::int64_t after);
  /// Whether somebody has said that nothing depends on that CA any more.
  result<bool> is_finished_with(std::string_view serial);

  /// Notes a token that was made.
  result<> add_token(const token_facts& one, std::string_view why);
  /// The token of that id, whatever became of it.
  result<std::optional<token_facts>> find_token(std::string_view id);
  /// Uses a token up for that certificate; already_exists if it has been used or withdrawn, or has ended.
  result<> use_token(std::string_view id, std::string_view serial);
  /// Withdraws every token that has not been used and has that id, or is for that name; gives how many.
  result<std::int64_t> withdraw_tokens(std::string_view id_or_name, std::string_view why);

  /// Shows those certificates, those that end first, first, in memory that does not depend on how many there are.
  /// Others may change the inventory meanwhile: what was there before is shown once, whether or not they do.
  result<> each(const record_filter& which, const std::function<void(const record&)>& read);
  /// How many characters the longest name of those has; 0 if there are none.
  result<std::size_t> longest_name(const record_filter& which);
  /// Shows all certificates of that name, whatever became of them, oldest first.
  result<> each_named(std::string_view name, const std::function<void(const record&)>& read);
  result<std::vector<record>> all();
  /// Those that this place has begun and whose files may be missing: `recorded`.
  result<std::vector<record>> unfinished(std::string_view place);
  /// Those that any other place has begun.
  result<std::vector<record>> unfinished_elsewhere(std::string_view place);
  /// As unfinished(), by their serials alone.
  result<std::vector<std::string>> unfinished_serials(std::string_view place);
  /// The server, client or peer certificate that the name stands for.
  result<std::optional<record>> find(std::string_view name);
  result<std::optional<record>> find_serial(std::string_view serial);
  result<std::optional<record>> find_sha256(std::string_view sha256);
  /// Whether a certificate with that public key was revoked because somebody else may have the key; an error if that
  /// cannot be told.
  result<bool> is_compromised(const EVP_PKEY* key);
  /// The certificates of that public key that are good or on hold, but for roots', which nobody can revoke; those that
  /// end first, first. It goes through the whole inventory, a second or two for a million: for what is done seldom.
  result<std::vector<record>> good_of_key(const EVP_PKEY* key);
  /// The root or intermediate that was recorded last under its usual name; nothing if there is none.
  result<std::optional<record>> newest_ca(x509::profile purpose);
  /// How much depends on a CA: of what it has issued to others than CAs and has not ended.
  result<dependants> depending_on(std::string_view issuer);
  /// Those of one profile, newest first.
  result<std::vector<record>> of_profile(x509::profile purpose);
  /// All CAs that there have been, newest first.
  result<std::vector<record>> authorities();

  /// Everything that was done, oldest first.
  result<std::vector<act>> acts();
  /// Notes something that was done to the inventory as a whole.
  result<> note(std::string_view what, std::string_view serial, std::string_view name, std::string_view why);

  /// Which inventory it is, and how far its history has come.
  result<history> how_far();
  /// The same, of what is on the disk when it returns: what was left for later is put there.
  result<history> how_far_for_good();
  /// The digest of that act; empty if it never happened here.
  result<std::string> digest_of(std::int64_t act);

  /// Begins a change of several calls that happens whole or not at all.
  result<transaction> begin(lasting how = lasting::on_disk) { return transaction::begin(*db_, how); }
  /// For moving and removing an inventory as a whole.
  database& on() { return *db_; }

 private:
  result<> add_list(std::string_view issuer, const list_facts& one, std::int64_t base);
  result<> log_act(std::string_view what, std::string_view serial, std::string_view name, std::string_view why);
  result<std::vector<record>> read(const std::string& which, parameters values);
  result<std::optional<record>> read_one(const std::string& which, parameters values);

  std::unique_ptr<database> db_;
  std::string who_;
  // The digest of the last act, while the change lasts in which it was logged: nobody else logs any then.
  std::string digest_;
  std::uint64_t digest_in_change_ = 0;
};

/// "user@host": who acts, for the log.
std::string who_acts();

/// Makes a new SQLite inventory, readable by its owner only.
result<std::unique_ptr<inventory>> create_inventory(const std::filesystem::path& file);

/// Opens one that exists, and brings it up to date; an error if it is missing or empty, is no inventory, or was written
/// by a newer version.
result<std::unique_ptr<inventory>> open_inventory(const std::filesystem::path& file);
result<std::unique_ptr<inventory>> open_inventory_at(const std::string& url);
/// Connects to a database that may hold none yet: make_ready(true) makes it, as part of a transaction if one has begun.
result<std::unique_ptr<inventory>> connect_inventory_at(const std::string& url);

}  // namespace mutual::authority
