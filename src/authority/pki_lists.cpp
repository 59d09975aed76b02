// Making revocation lists, and putting them where servers look.

#include "authority/list_numbers.hpp"
#include "authority/lists_above.hpp"
#include "authority/own_inventory.hpp"
#include "authority/pki.hpp"
#include "authority/retired.hpp"
#include "authority/root_list.hpp"
#include "authority/store.hpp"
#include "authority/taken_over.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/crl_builder.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::authority {
namespace {

using x509::profile;

// What nobody could read is not put where everybody looks.
result<> check_fits(std::string_view pem) {
  if (pem.size() <= x509::largest_lists) return {};
  return error(errc::limit_exceeded,
               fmt::format("the revocation lists would take {} bytes, and servers take no more than {}: have another "
                           "intermediate issue from now on, and those that are revoked come to their end",
                           pem.size(), x509::largest_lists));
}

bool is_retired(const root_place& root) { return root.called != "root"; }

std::string what_a_key_would_mend(const root_list& found, const root_place& root, const layout& places) {
  if (found.list) return what_is_wrong(found, places.revocation_list(root.called));
  return is_retired(root) ? "the revocation list of an old root is missing or past its date"
                          : "the root's own revocation list is missing or past its date";
}

// The list that is there, though it may be past its date: a server that has had one of that CA takes no others without.
result<std::string> list_there(const x509::certificate& ca, const std::filesystem::path& path) {
  MUTUAL_TRY(const bool there, file::exists(path));
  if (!there) return std::string();
  MUTUAL_TRY(const auto lists, lists_in(path));
  return lists.front().is_signed_by(ca) ? lists.front().pem() : std::string();
}

// The roots whose lists servers need: the present one, and those that were replaced and are trusted still.
result<std::vector<root_place>> roots_of(const layout& places, inventory& in) {
  MUTUAL_TRY(auto own, current_root(places));
  MUTUAL_TRY(const auto retired, load_retired(places, in));
  std::vector<root_place> out{std::move(own)};
  for (const auto& one : retired.roots) {
    if (one.needs_list) out.push_back(one.root);
  }
  return out;
}

}  // namespace

result<pki::signed_list> pki::sign_list(const x509::identity& issuer, const list_options& how) {
  MUTUAL_CHECK(check_knows(*inventory_, issuer.leaf()));
  list_request wanted;
  wanted.issuer = issuer.leaf().subject();
  // A list that has not begun yet lets nobody in: for clocks that are behind it begins as early as certificates do, but
  // not before its CA.
  const auto present = now();
  wanted.this_update = std::min(present, std::max(present - x509::backdate, issuer.leaf().not_before()));
  wanted.next_update = std::min(present + how.lifetime, issuer.leaf().not_after());
  wanted.is_delta = how.is_delta;
  x509::crl_entries entries;
  result<> taken;
  // A list says what was so when it began; some who check it let in whoever is revoked only from a later moment on.
  const auto take = [&](const x509::revoked_certificate& one) {
    if (taken) taken = entries.add(one.serial, std::min(one.when, wanted.this_update), one.reason);
  };
  MUTUAL_CHECK(leave_room_for_lists_before(issuer.leaf(), *inventory_));
  MUTUAL_TRY(const auto begun, inventory_->begin_list(wanted, take, how.why));
  if (!taken) return std::move(taken).error();
  const auto count = entries.size();
  const x509::crl_facts facts{begun.number, wanted.this_update, wanted.next_update, begun.base};
  MUTUAL_TRY(auto der, x509::make_list_der(facts, entries, issuer.leaf(), issuer.key));
  if (!x509::has_signature_of(der, issuer.leaf())) {
    return error(errc::internal, fmt::format("the revocation list of {} came out with a wrong signature, and is not "
                                             "written",
                                             text::quoted(wanted.issuer)));
  }
  return signed_list{{wanted.issuer, begun.number, count, wanted.next_update, {}}, std::move(der)};
}

// A root's list may have been made where its key is: its number and whom it refuses go on.
result<> pki::take_over_root_list(const root_place& root) {
  const auto path = places_.revocation_list(root.called);
  MUTUAL_TRY(const bool there, file::exists(path));
  if (!there) return {};
  MUTUAL_TRY(const auto lists, lists_in(path));
  if (!lists.front().is_signed_by(root.certificate)) return {};
  MUTUAL_TRY(const bool known, is_known(lists.front(), *inventory_));
  // Made or taken over here: the inventory knows what it says, and what was released since. That a number is less than
  // ours says nothing, for numbers are left out, too.
  if (known) return {};
  taken_over told;
  return take_over(lists.front(), *inventory_, "made elsewhere", told, released_since::stays_so);
}

result<pki::signed_list> pki::make_list(const x509::identity& issuer, const std::string& called,
                                        const list_options& how) {
  const auto file = how.is_delta ? places_.delta_list(called) : places_.revocation_list(called);
  MUTUAL_CHECK(check_list_grows(file, issuer.leaf().subject(), *inventory_));
  MUTUAL_TRY(auto out, sign_list(issuer, how));
  MUTUAL_CHECK(file::replace(file, out.der, file::access::everyone));
  out.made.file = file;
  MUTUAL_CHECK(remember(&out.made));
  return out;
}

result<made_list> pki::make_root_list(const x509::identity& root) {
  list_options how;
  how.lifetime = root_list_lifetime;
  MUTUAL_TRY(auto made, make_list(root, "root", how));
  return std::move(made.made);
}

result<bool> pki::has_lists() const { return file::exists(places_.revocation_lists()); }

result<std::string> pki::root_list_advice() {
  MUTUAL_TRY(const auto roots, roots_of(places_, *inventory_));
  for (const auto& root : roots) {
    MUTUAL_TRY(const auto found, look_at_list(root, places_, *inventory_));
    if (found.how != standing::due) continue;
    return fmt::format(
        "the revocation list of {} ends on {}, and servers refuse everybody then: run mutual crl with the root's key "
        "before, which is encrypted or kept elsewhere",
        text::quoted(root.certificate.subject()), to_text(*found.list->next_update()));
  }
  return std::string();
}

result<std::vector<made_list>> pki::make_lists(const list_options& how) {
  opened_roots keys(how.root);
  if (!how.is_delta) MUTUAL_CHECK(ask_for_roots(keys));
  MUTUAL_TRY(const auto turn, take_turn());
  return make_lists_in_turn(how, keys);
}

result<> pki::ask_for_roots(opened_roots& keys) {
  MUTUAL_TRY(const auto roots, roots_of(places_, *inventory_));
  for (const auto& root : roots) {
    MUTUAL_TRY(const auto there, look_at_list(root, places_, *inventory_));
    if (there.how < standing::due || (there.how == standing::due && keys.are_named())) (void)keys.open(root, false);
  }
  return {};
}

result<bool> pki::needs_root_key(const root_place& root) {
  MUTUAL_TRY(const auto there, look_at_list(root, places_, *inventory_));
  return there.how < standing::due;
}

// A root's list: the one that is there, or a new one.
result<std::string> pki::root_list(const root_place& root, const list_options& how, opened_roots& keys,
                                   lists_so_far& so_far) {
  MUTUAL_TRY(const auto found, look_at_list(root, places_, *inventory_));
  if (found.how == standing::fresh) return found.list->pem();
  const auto& key = keys.open(root, found.how == standing::due);
  if (key && !(key->leaf() == root.certificate)) {
    return error(errc::already_exists, "somebody else has replaced the root just now: say that again");
  }
  result<> ready = key ? take_over_root_list(root) : key.error();
  if (ready) ready = leave_out_served_numbers(root, places_, *inventory_);
  if (ready) {
    auto longer = how;
    longer.lifetime = std::max<std::chrono::seconds>(how.lifetime, root_list_lifetime);
    // An old root's key may not be at hand again.
    if (is_retired(root)) longer.lifetime = root.certificate.not_after() - now();
    MUTUAL_TRY(auto list, make_list(*key, root.called, longer));
    so_far.made.push_back(std::move(list.made));
    std::string pem;
    x509::append_list_pem(pem, list.der);
    return pem;
  }
  auto why = std::move(ready).error();
  // A list that nobody could go on with, or count past, is as a key that is not here.
  if (key && why.code() != errc::bad_input) return why;
  if (!key && found.how == standing::due) {
    so_far.is_one_due = true;
    return found.list->pem();
  }
  if (!key) why = why.in(what_a_key_would_mend(found, root, places_));
  if (!found.list && !key && !is_retired(root)) return why;
  // Nothing of that holds up what the other CAs have to say.
  so_far.lacking = why;
  if (!found.list) {
    // Who is below that root may be refused for its date.
    return found.served ? found.served->pem() : list_there(root.certificate, places_.revocation_list(root.called));
  }
  if (found.how == standing::early || found.how == standing::behind) {
    if (found.served && (!found.beyond.empty() || counts_now(*found.served))) return found.served->pem();
    // With the one that is there servers would refuse the other lists, too.
    if (!found.beyond.empty()) return why;
  }
  return found.list->pem();
}

// Of an old CA whose key cannot be used. Whoever has a certificate of one that was revoked is refused anyway.
result<std::string> pki::list_without_key(const retired_issuer& of, result<>& lacking) {
  const auto& ca = of.who.leaf();
  MUTUAL_TRY(const bool revoked, is_revoked_for_good(*inventory_, ca));
  if (!revoked) {
    lacking = of.key_state.error().in(fmt::format(
        "no new revocation list of an old CA could be made (if its key is lost, revoke it: mutual revoke {})",
        ca.serial()));
  }
  MUTUAL_TRY(auto there, list_there(ca, places_.revocation_list(of.called)));
  if (!there.empty()) return there;
  // Its file may have gone with its key; servers have had it, and take no others without.
  MUTUAL_TRY(const bool has_lists, file::exists(places_.revocation_lists()));
  if (!has_lists) return there;
  MUTUAL_TRY(const auto lists, x509::load_crls(places_.revocation_lists()));
  for (const auto& one : lists) {
    if (one.is_signed_by(ca)) return one.pem();
  }
  return there;
}

namespace {

// Somebody has named a key for a list in the last third of its time, and it was of no use: nothing is lost yet.
result<> check_named_keys(const std::vector<root_place>& roots, opened_roots& keys) {
  const error* why = nullptr;
  for (const auto& root : roots) {
    const auto& opened = keys.open(root, true);
    if (opened) return {};
    if (why == nullptr) why = &opened.error();
  }
  return why->in("all lists are there, but the root's key that was named could not be used");
}

}  // namespace

// What the roots' owners have said by then: before any list is made, and whether or not their keys are here. Who issues
// asks the inventory, and a CA that is revoked must not go on.
result<> pki::take_over_root_lists(const std::vector<root_place>& roots) {
  for (const auto& root : roots) {
    const auto taken = take_over_root_list(root);
    // That nobody could go on with a list is for whoever makes the next one to hear; its owner's it may stay.
    if (!taken && taken.error().code() != errc::bad_input) return taken;
  }
  return {};
}

result<std::vector<made_list>> pki::make_lists_in_turn(const list_options& how, opened_roots& keys) {
  MUTUAL_TRY(const auto issuer, load_issuer(places_));
  MUTUAL_TRY(const auto roots, roots_of(places_, *inventory_));
  if (!how.is_delta) MUTUAL_CHECK(take_over_root_lists(roots));
  MUTUAL_TRY(const auto retired, load_retired(places_, *inventory_));
  lists_so_far out;
  std::string pem;
  const auto make = [&](const x509::identity& of, const std::string& called) -> result<> {
    MUTUAL_TRY(auto list, make_list(of, called, how));
    x509::append_list_pem(pem, list.der);
    out.made.push_back(std::move(list.made));
    return {};
  };
  MUTUAL_CHECK(make(issuer, "intermediate"));
  for (const auto& one : retired.issuers) {
    if (one.has_ended) continue;
    if (!one.key_state) {
      MUTUAL_TRY(const auto before, list_without_key(one, out.lacking));
      if (!how.is_delta) pem += before;
      continue;
    }
    MUTUAL_CHECK(make(one.who, one.called));
  }
  if (how.is_delta) {
    MUTUAL_CHECK(check_fits(pem));
    MUTUAL_CHECK(file::replace(places_.delta_lists(), pem, file::access::everyone));
    if (!out.lacking) return std::move(out.lacking).error();
    return std::move(out.made);
  }
  for (const auto& root : roots) {
    MUTUAL_TRY(const auto list, root_list(root, how, keys, out));
    pem += list;
  }
  MUTUAL_TRY(const auto all_roots, inventory_->of_profile(profile::root));
  MUTUAL_TRY(const auto above, lists_above(places_, between(issuer, retired, all_roots), out.lacking));
  for (const auto& list : above) pem += list.pem();
  for (const auto& list : retired.last_lists) pem += list.pem();
  MUTUAL_CHECK(check_fits(pem));
  // Last, and whole: a server that watches it takes up all of them at once.
  MUTUAL_CHECK(file::replace(places_.revocation_lists(), pem, file::access::everyone));
  if (!out.lacking) return std::move(out.lacking).error();
  if (out.is_one_due && keys.are_named()) MUTUAL_CHECK(check_named_keys(roots, keys));
  return std::move(out.made);
}

}  // namespace mutual::authority
