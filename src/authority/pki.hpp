#pragma once
// pki: an authority that is there, in its folder: issues certificates, renews and revokes them, and lists them.

#include "authority/certified.hpp"
#include "authority/folder_lock.hpp"
#include "authority/inventory.hpp"
#include "authority/layout.hpp"
#include "authority/root_key.hpp"
#include "authority/token.hpp"
#include "x509/certificate.hpp"
#include "x509/crl.hpp"
#include "x509/identity.hpp"
#include "x509/key.hpp"
#include "x509/profile.hpp"
#include "x509/request.hpp"
#include "x509/secret.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mutual::authority {

struct retired_issuer;
class mint;

/// How long certificates last that nobody said it of: 397 days, the most that browsers take from servers.
inline constexpr std::chrono::days default_lifetime{397};
/// How long a revocation list is good for, if nobody said it. Servers take up a new one at once, whenever it comes.
inline constexpr std::chrono::days default_list_lifetime{30};
/// The same for the root's list: the root's key is not always at hand.
inline constexpr std::chrono::days root_list_lifetime{365};

/// What somebody wants a certificate for.
struct issue_request {
  x509::profile purpose = x509::profile::client;
  /// The common name, and what its files are called.
  std::string name;
  /// For servers and peers that give none, the name itself is the one.
  alternative_names names;
  std::optional<std::chrono::days> lifetime;
  x509::key_kind kind = x509::key_kind::p256;
  x509::secret p12_password;
  std::string why;  ///< For the log of acts.
  /// The key, if it was made before; without it, one of that kind is made.
  std::optional<x509::private_key> key{};
};

/// How to renew one.
struct renew_request {
  std::string name;
  bool new_key = false;
  /// As long as the one before, if it is not said.
  std::optional<std::chrono::days> lifetime;
  /// Of the new key; as the one before, if it is not said.
  std::optional<x509::key_kind> kind;
  x509::secret p12_password;
  std::string why;
};

/// A certificate for a key that is elsewhere.
struct sign_request {
  x509::request request;
  x509::profile purpose = x509::profile::client;
  /// What its file is called, and its common name; the request's own common name if it is empty.
  std::string name;
  std::optional<std::chrono::days> lifetime;
  std::string why;
};

/// A revocation list that was made.
struct made_list {
  std::string issuer;
  std::uint64_t number = 0;
  std::size_t revoked = 0;
  sys_seconds next_update{};
  std::filesystem::path file;  ///< DER; the PEM of all lists is in layout::revocation_lists().
};

/// How to make revocation lists.
struct list_options {
  bool is_delta = false;
  std::chrono::seconds lifetime = default_list_lifetime;
  std::string why;
  /// For the root's list, when it must be made anew.
  root_access root{};
};

/// Who signs OCSP answers about what a CA has issued.
struct ocsp_responder {
  x509::certificate issuer;
  x509::identity signs;
};

/// An authority. Used by one thread at a time; any number of processes may have the same one open.
class pki {
 public:
  /// Opens a PKI that `mutual init` made. `store` is the URL of its inventory, if it is not the one that the folder
  /// names. An error if the inventory is an older one than the folder has seen.
  static result<pki> open(const std::filesystem::path& folder, const std::string& store = {});
  /// For who holds the folder's lock, and makes it just now.
  static pki being_made(layout places, std::unique_ptr<inventory> made);

  /// Issues a certificate with a new key and writes NAME.crt, NAME.key and NAME.p12. It is in the inventory, on the
  /// disk, before any of its files is; files that exist are never overwritten (already_exists), but for those of a
  /// certificate of that name that has expired or was revoked: these are kept in issued/replaced. What an interrupted
  /// process left half done is finished first.
  result<issued_certificate> issue(const issue_request& request);

  /// Issues a certificate anew under its name, with the same names and purpose. The old files are kept in
  /// issued/replaced. An error for one that is revoked, or whose key is elsewhere and should be new.
  result<issued_certificate> renew(const renew_request& request);

  /// Signs a request from elsewhere: its key must be proved and strong enough, and what it asks for allowed. Only
  /// NAME.crt is written.
  result<issued_certificate> sign(const sign_request& request);

  /// Signs what was decided, within the limits. Only NAME.crt is written.
  result<issued_certificate> certify(const certified& what);
  /// The same for several in one turn and in one change of the inventory, in their order; each gets an outcome of its
  /// own, and who is refused fails nobody else. All that succeed are in the inventory, on the disk, when it returns.
  /// Their files can be seen, but for their way to the disk: call finish() with what is put into `loose`, and until
  /// then say of them that they are `held`. Those that have been signed with what `by` has now are not signed again.
  void certify_all(std::vector<draft>& all, mint& by, const in_hand& held, std::vector<given_out>& loose);
  /// Puts the files of such certificates on the disk, which needs no turn.
  static result<> sync_files(const layout& places, const std::vector<given_out>& which);
  /// Notes that this was done.
  result<> finish(const std::vector<given_out>& which, const in_hand& held);
  /// Notes a token that was made.
  result<> note_token(const token_facts& one, std::string_view why);
  /// Withdraws the tokens of that id or name that have not been used; not_found if there is none. Gives how many.
  result<std::int64_t> withdraw_tokens(const std::string& id_or_name, std::string_view why);

  /// What somebody means by a name (all certificates of it that have not ended and are not revoked for good), a serial
  /// number or a file (that one). At least one; an error if there is none, or if the word means several things. Where
  /// none of the name is good any more, it means the one that was revoked and may be so for another reason.
  result<std::vector<record>> identify(const std::string& what, std::optional<revocation_reason> reason = std::nullopt);

  /// Revokes or holds what somebody means (see identify), or takes holds back (no reason): all or none. A root is
  /// refused. What is meant is looked up in the same turn, so that no renewal comes in between.
  result<std::vector<record>> revoke(const std::string& what, std::optional<revocation_reason> reason,
                                     std::string_view why);
  /// The same for certificates that are known already.
  result<> revoke(const std::vector<record>& which, std::optional<revocation_reason> reason, std::string_view why);

  /// The other certificates, whatever they are called, of the keys of those that are good or on hold: whoever has such
  /// a key is let in by them.
  result<std::vector<record>> others_of_their_keys(const std::vector<record>& which);

  /// Makes revocation lists of every CA that needs one, and puts them where servers look. A full list comes with the
  /// root's: made anew when that is not there, past its date or lacks a revocation, and then its key is needed; and in
  /// the last third of its time, if its key can be opened without asking anybody. If the key is needed and cannot be
  /// had, servers get all that could be made, and the error says so.
  result<std::vector<made_list>> make_lists(const list_options& how);
  /// Whether servers look at lists of this PKI.
  result<bool> has_lists() const;
  /// Makes the root's list alone, which servers do not look at until there are others: for when its key is at hand.
  result<made_list> make_root_list(const x509::identity& root);
  /// A sentence about a root's list that will end soon, because nothing could make it anew so far; empty if all is
  /// well.
  result<std::string> root_list_advice();

  /// Who signs OCSP answers for each CA of this PKI. What is missing or in the last third of its life is made first, if
  /// the CA's key is here: in the inventory, then in the folder `ocsp`, 0600. A CA that fails, or whose key is away and
  /// that has none, is left out, and the others are given all the same; the first failure, of which a root's key that
  /// is away is none, is put into `failed`, and is the error if nobody is left.
  result<std::vector<ocsp_responder>> ready_responders(result<>* failed = nullptr);

  /// An error if the inventory is an older one by now than the folder has seen.
  result<> check_current();

  /// Everything that was signed, those that end first, first.
  result<std::vector<record>> list() { return inventory_->all(); }
  result<std::vector<act>> acts() { return inventory_->acts(); }
  inventory& records() { return *inventory_; }

  const layout& places() const { return places_; }

  /// The turn to change the folder, for as long as what it gives is kept. What was interrupted before is finished or
  /// taken back, and an inventory that is older than the folder has seen is refused. Nothing is done about certificates
  /// that are `held`.
  result<std::optional<folder_lock>> take_turn(const in_hand& held = {});
  /// What was recorded before this turn and could not be finished in it, if so: the first of it, and why. It is tried
  /// again in each turn.
  const result<>& unfinished() const { return unfinished_; }
  /// Notes in the folder how far the inventory has come, and which list was made last. Only in one's turn.
  result<> remember(const made_list* made = nullptr);
  /// Completes what a rotation has intended, if the inventory has its certificate, and takes it back if not. What came
  /// of the revocation lists is put into `lists`. Only in one's turn.
  result<> settle(result<>* lists = nullptr);
  /// An error (io: the folder is behind) if that is not the CA that issues for this inventory: it was replaced, here or
  /// on another machine. `lost` is the serial number of one that took its place and is lost with its key.
  result<> check_newest(const x509::certificate& issuer, std::string_view lost = {});

  /// An error (bad_input) if that public key was revoked as compromised: nobody certifies it again.
  result<> check_key(const EVP_PKEY* key);

  /// A list that is signed and recorded, and in no file yet.
  struct signed_list {
    made_list made;
    std::string der;
  };
  result<signed_list> sign_list(const x509::identity& issuer, const list_options& how);
  /// Notes what a root's list says that is there and was made elsewhere. Only in one's turn.
  result<> take_over_root_list(const root_place& root);
  /// The same, in its file. Only in one's turn, as the next.
  result<signed_list> make_list(const x509::identity& issuer, const std::string& called, const list_options& how);
  result<std::vector<made_list>> make_lists_in_turn(const list_options& how, opened_roots& keys);
  /// Opens the keys of the roots whose lists must be made anew. Before one's turn, so that whoever has to type a
  /// password does so while nobody waits for the folder.
  result<> ask_for_roots(opened_roots& keys);
  /// Whether that root's list is not there, past its date, or lacks a revocation.
  result<bool> needs_root_key(const root_place& root);

 private:
  pki(layout places, std::unique_ptr<inventory> opened);

  // What is to be signed, and what becomes of it.
  struct signing {
    std::string name;
    x509::profile purpose;
    x509::certificate_spec spec;
    EVP_PKEY* subject_key;
    std::optional<x509::private_key> key;  // To be written; nothing if it is elsewhere.
    const x509::secret* p12_password;
    std::string why;
    // The serial of what it takes the place of; an error if it must not be made. Asked again when it is recorded.
    std::function<result<std::string>(inventory&)> replaces;
    bool has_new_key = false;
  };

  result<issued_certificate> sign_and_publish(const signing& what, const x509::identity& issuer);
  record to_entry(const x509::certificate& leaf, const std::string& name, x509::profile purpose) const;
  result<history> record_signed(const record& entry, const signing& what, const x509::certificate& issuer);
  result<> check_issuer(const x509::certificate& issuer);
  result<history> record_drafts(const std::vector<draft*>& all, const x509::certificate& issuer);
  result<> record_one(draft& one);
  result<> find_key(draft& one);
  result<> keep_key(draft& one);
  void publish_drafts(const std::vector<draft*>& all, const x509::identity& issuer, std::vector<given_out>& loose);
  result<std::string> replaceable(inventory& in, const std::string& name) const;
  result<> revoke_each(const std::vector<record>& which, std::optional<revocation_reason> reason, std::string_view why);
  result<> finish_interrupted(const in_hand& held);
  result<> finish_files(const std::vector<record>& all);
  result<> check_finished(const std::string& name) const;
  result<bool> finish_one(const record& one);
  result<bool> is_passed_by(const record& one);
  // What came of making lists.
  struct lists_so_far {
    std::vector<made_list> made;
    result<> lacking;         // What was missing and could not be made.
    bool is_one_due = false;  // A root's list in the last third of its time could not be made anew.
  };
  result<> take_over_root_lists(const std::vector<root_place>& roots);
  result<std::string> root_list(const root_place& root, const list_options& how, opened_roots& keys,
                                lists_so_far& so_far);
  result<std::string> list_without_key(const retired_issuer& of, result<>& lacking);
  result<x509::identity> new_responder(const x509::identity& issuer, const std::string& called,
                                       std::chrono::seconds lifetime);

  layout places_;
  std::unique_ptr<inventory> inventory_;
  std::string place_;                   // As of the last turn.
  result<> unfinished_;                 // The same.
  std::map<std::string, error> stuck_;  // The same: by name, why the last certificate of it cannot be finished.
  bool is_being_made_ = false;
  bool is_own_ = false;  // The inventory is this folder's: it was seen, and does not change.
};

/// The names that a request is for, with the defaults filled in: a server or peer without names gets the one it is
/// called by, and "localhost" brings its addresses. An error for a name that would be taken for a serial number or a
/// CA.
result<alternative_names> names_for(const issue_request& request);

/// "localhost" among the names brings 127.0.0.1 and ::1 along.
void add_loopback_addresses(alternative_names& names);

/// Whether a CA was revoked, and not only put on hold: whatever it has issued is refused then.
result<bool> is_revoked_for_good(inventory& in, const x509::certificate& ca);

/// The CA that issues now, with its key.
result<x509::identity> load_issuer(const layout& places);

/// The CAs above the first of its chain, as far as the folder has them: the others of the chain, and the root.
result<std::vector<x509::certificate>> load_above(const layout& places, const std::vector<x509::certificate>& chain);

/// When it is time to renew, unless somebody says otherwise: two thirds of a life.
inline constexpr unsigned due_percent = 66;

/// Whether a certificate has lived through that part of its life, in percent, at that time.
bool is_due(const x509::certificate& one, unsigned percent, sys_seconds at);

}  // namespace mutual::authority
