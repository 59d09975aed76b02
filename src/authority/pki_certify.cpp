// Certificates of which others have decided what is in them: by themselves, or several that become durable together.

#include "authority/issue_files.hpp"
#include "authority/mint.hpp"
#include "authority/pki.hpp"
#include "authority/store.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <system_error>

namespace mutual::authority {

namespace {

// Whatever is wrong here is no fault of who asks for a certificate, and must not look like one.
error ours(const error& why) { return {errc::io, why.message()}; }

bool is_ours(errc code) { return code == errc::io || code == errc::internal || code == errc::timed_out; }

std::vector<draft*> undecided(std::vector<draft>& all) {
  std::vector<draft*> out;
  for (auto& one : all) {
    if (!one.outcome) out.push_back(&one);
  }
  return out;
}

void fail(const std::vector<draft*>& all, const error& why) {
  for (auto* one : all) {
    if (!one->outcome) one->outcome = why;
  }
}

// What one gives, which is done by another thread meanwhile, if there can be one.
template <class One, class Other>
result<> beside(One one, Other other) {
  std::future<result<>> given;
  try {
    given = std::async(std::launch::async, one);
  } catch (const std::system_error&) {
    given = std::async(std::launch::deferred, one);
  }
  other();
  return given.get();
}

}  // namespace

result<issued_certificate> pki::certify(const certified& what) {
  mint own(places_);
  std::vector<draft> all(1);
  all.front().what = what;
  all.front().who = inventory_->acts_for();
  std::vector<given_out> loose;
  certify_all(
      all, own, [](const std::string&) { return false; }, loose);
  auto& outcome = *all.front().outcome;
  if (!outcome) return outcome;
  MUTUAL_CHECK(sync_files(places_, loose));
  MUTUAL_CHECK(finish(loose, [&](const std::string& serial) { return serial == loose.front().serial; }));
  return outcome;
}

void pki::certify_all(std::vector<draft>& all, mint& by, const in_hand& held, std::vector<given_out>& loose) {
  const auto turn = take_turn(held);
  if (!turn) {
    const bool is_late = turn.error().code() == errc::timed_out;
    return fail(undecided(all), is_late ? turn.error() : ours(turn.error()));
  }
  const auto die = by.current();
  if (!die) return fail(undecided(all), die.error());
  for (auto* one : undecided(all)) {
    if (one->by == *die && one->leaf) continue;
    one->by = *die;
    auto made = by.sign(**die, one->what);
    if (made) {
      one->leaf = *std::move(made);
    } else {
      one->outcome = made.error();
    }
  }
  const auto& issuer = (*die)->issuer;
  auto open = undecided(all);
  if (open.empty()) return;
  auto recorded = record_drafts(open, issuer.leaf());
  // What was refused was so beside others that were taken back with it.
  if (!recorded) std::for_each(open.begin(), open.end(), [](draft* one) { one->outcome.reset(); });
  // What the inventory itself refuses may be one of them alone: then the others must not suffer for it.
  const bool may_be_one = !recorded && recorded.error().code() == errc::already_exists && open.size() > 1;
  for (auto one = open.begin(); may_be_one && one != open.end(); ++one) {
    auto alone = record_drafts({*one}, issuer.leaf());
    if (alone) {
      recorded = std::move(alone);
    } else {
      (*one)->outcome = alone.error();
    }
  }
  if (!recorded) return fail(open, recorded.error());
  std::erase_if(open, [](const draft* one) { return one->outcome.has_value(); });
  if (open.empty()) return;
  // Before anybody has one of them: a state of the inventory that lacks it is known as an older one from here on. The
  // disk is waited for while the files are written.
  const auto marked =
      beside([&] { return advance_mark(places_, *recorded); }, [&] { publish_drafts(open, issuer, loose); });
  if (!marked) return fail(open, marked.error());
  for (auto* one : open) {
    if (one->outcome) continue;
    one->outcome =
        issued_certificate{one->what.name, one->what.purpose, *one->leaf, places_.certificate(one->what.name), {}, {}};
  }
}

// The records of certificates, and the ends of the tokens that they were issued for: all or none. Who is refused is
// told so, and is not among them; an error is everybody's.
result<history> pki::record_drafts(const std::vector<draft*>& all, const x509::certificate& issuer) {
  const auto before = inventory_->acts_for();
  MUTUAL_TRY(auto change, inventory_->begin());
  MUTUAL_CHECK(check_issuer(issuer));
  for (auto* one : all) {
    inventory_->act_for(one->who);
    auto recorded = record_one(*one);
    inventory_->act_for(before);
    MUTUAL_CHECK(recorded);
  }
  MUTUAL_TRY(auto reached, inventory_->how_far());
  MUTUAL_CHECK(change.commit());
  return reached;
}

// Whatever could refuse it is asked before anything is changed for it; what is asked is true until all are recorded,
// for nobody else can change anything.
result<> pki::record_one(draft& one) {
  const auto refuse = [&](const error& why) -> result<> {
    if (is_ours(why.code())) return why;
    one.outcome = why;
    return {};
  };
  const auto& what = one.what;
  // What is in the way of one is nobody else's trouble.
  const auto fails = [&](const result<>& checked) {
    if (!checked) one.outcome = checked.error();
    return !checked;
  };
  if (fails(check_finished(what.name)) || fails(find_key(one))) return {};
  auto replaces = what.replaces ? what.replaces(*inventory_) : replaceable(*inventory_, what.name);
  if (!replaces) return refuse(replaces.error());
  if (const auto checked = check_key(what.key); !checked) return refuse(checked.error());
  auto& entry = one.entry;
  entry = to_entry(*one.leaf, what.name, what.purpose);
  entry.replaces = *std::move(replaces);
  MUTUAL_CHECK(keep_key(one));
  if (!what.token.empty()) {
    if (const auto used = inventory_->use_token(what.token, entry.serial); !used) return refuse(used.error());
  }
  return inventory_->add(entry, what.why);
}

// The folder's own server may be renewed over the network, for the key that is here.
result<> pki::find_key(draft& one) {
  const auto& name = one.what.name;
  one.key_here.reset();
  MUTUAL_TRY(const bool there, file::exists(places_.key(name)));
  if (!there) return {};
  // The mint has not read its key.
  MUTUAL_TRY(auto whole, x509::certificate::from_der(one.leaf->der()));
  auto found = key_in_place(places_, name, whole);
  if (!found) {
    // What cannot be read just now is not to be taken away, if it may be this one's.
    MUTUAL_TRY(const auto before, inventory_->find(name));
    MUTUAL_TRY(const bool may_be_its, before ? is_for_same_key(*before, whole) : result<bool>(true));
    if (may_be_its) return found.error();
    return {};
  }
  one.key_here = *std::move(found);
  if (one.key_here) one.leaf = std::move(whole);
  return {};
}

// Then that is its key still, and its PKCS#12 file goes along. The password of one that has any is not known here.
result<> pki::keep_key(draft& one) {
  auto& entry = one.entry;
  if (entry.replaces.empty()) one.key_here.reset();
  if (!one.key_here) return {};
  MUTUAL_TRY(const auto before, inventory_->find_serial(entry.replaces));
  entry.has_key = true;
  entry.p12_has_password = before && before->p12_has_password;
  return {};
}

void pki::publish_drafts(const std::vector<draft*>& all, const x509::identity& issuer, std::vector<given_out>& loose) {
  for (auto* one : all) {
    const auto& entry = one->entry;
    // Two of a name have their files in their order, or the first would overwrite the second later.
    if (const auto is_next = check_finished(entry.name); !is_next) {
      one->outcome = is_next.error();
      continue;
    }
    std::vector<x509::certificate> chain{*one->leaf};
    chain.insert(chain.end(), issuer.chain.begin(), issuer.chain.end());
    const auto written = publish(places_, entry, one->key_here, chain, {}, file::on_disk::nothing);
    // It is in the inventory, and whoever comes next tries again.
    if (written) {
      loose.push_back({entry.serial, entry.name, one->who});
    } else {
      one->outcome = written.error();
      stuck_.emplace(entry.name, written.error());
    }
  }
}

result<> pki::note_token(const token_facts& one, std::string_view why) {
  MUTUAL_TRY(const auto turn, take_turn());
  MUTUAL_CHECK(inventory_->add_token(one, why));
  return remember();
}

result<std::int64_t> pki::withdraw_tokens(const std::string& id_or_name, std::string_view why) {
  MUTUAL_TRY(const auto turn, take_turn());
  MUTUAL_TRY(const auto withdrawn, inventory_->withdraw_tokens(id_or_name, why));
  if (withdrawn == 0) {
    return error(errc::not_found, fmt::format("there is no token of the id or name {} that could still be used: see "
                                              "mutual log",
                                              text::quoted(id_or_name)));
  }
  MUTUAL_CHECK(remember());
  return withdrawn;
}

// The record of a certificate. In a database that several folders share, somebody may have revoked or renewed what it
// replaces while it was signed: so that is asked once more, now that nobody else can change anything.
result<history> pki::record_signed(const record& entry, const signing& what, const x509::certificate& issuer) {
  MUTUAL_TRY(auto change, inventory_->begin());
  MUTUAL_CHECK(check_issuer(issuer));
  MUTUAL_TRY(const auto still, what.replaces(*inventory_));
  if (still != entry.replaces) {
    return error(errc::already_exists, fmt::format("{} was renewed or revoked by somebody else just now: try again",
                                                   text::quoted(entry.name)));
  }
  if (!what.has_new_key) {
    auto usable = check_key(what.subject_key);
    // It was ours to make.
    if (!usable && what.key && usable.error().code() == errc::bad_input) {
      return error(errc::bad_input, usable.error().message() + " (mutual renew --new-key does)");
    }
    MUTUAL_CHECK(usable);
  }
  MUTUAL_CHECK(inventory_->add(entry, what.why));
  MUTUAL_TRY(auto reached, inventory_->how_far());
  MUTUAL_CHECK(change.commit());
  return reached;
}

// An error (io) if whatever that CA has issued would be refused, or if it issues no more.
result<> pki::check_issuer(const x509::certificate& issuer) {
  MUTUAL_CHECK(check_newest(issuer));
  MUTUAL_TRY(const auto ca, inventory_->find_serial(issuer.serial()));
  if (!ca || !ca->revoked) return {};
  if (ca->revoked->is_hold()) {
    return error(errc::io, fmt::format("{} is on hold, so whatever it issued would be refused: release it with mutual "
                                       "revoke {} --release",
                                       text::quoted(ca->subject), ca->serial));
  }
  return error(errc::io,
               fmt::format("{} was revoked, so whatever it issued would be refused: make another with mutual rotate "
                           "intermediate",
                           text::quoted(ca->subject)));
}

// Whoever holds a key that was revoked as compromised may be the thief.
result<> pki::check_key(const EVP_PKEY* key) {
  const auto known = inventory_->is_compromised(key);
  if (!known && known.error().code() == errc::bad_input) return known.error().in("the request is refused");
  MUTUAL_TRY(const bool refused, known);
  if (!refused) return {};
  return error(errc::bad_input,
               "the request is refused: its key was revoked as compromised; make another key, and a request with it");
}

}  // namespace mutual::authority
