// What was recorded and whose files were not seen to the disk: by a process that was killed, or by one that is about
// it.

#include "authority/issue_files.hpp"
#include "authority/pki.hpp"
#include "authority/retired.hpp"
#include "base/file_sync.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <unistd.h>

namespace mutual::authority {
namespace {

using x509::profile;

// The key that a record speaks of; nothing if it never reached the disk.
result<std::optional<x509::private_key>> key_of(const layout& places, const record& one,
                                                const x509::certificate& leaf) {
  auto keys = x509::load_bundle(staged_key(places, one.serial));
  if (!keys && keys.error().code() == errc::not_found) keys = x509::load_bundle(places.key(one.name));
  // What cannot be read just now is not lost.
  if (!keys && keys.error().code() != errc::not_found) return keys.error();
  if (!keys || !keys->key || !keys->key->belongs_to(leaf)) return std::optional<x509::private_key>();
  return std::move(keys->key);
}

// Whether it is a renewal for the key of the one before. Then that it is not here is no sign that nobody has the
// certificate: a service gives one out before it is finished, to whoever has the key elsewhere, too.
result<bool> has_key_of_before(inventory& in, const record& one, const x509::certificate& leaf) {
  if (one.replaces.empty()) return false;
  MUTUAL_TRY(const auto before, in.find_serial(one.replaces));
  if (!before) return false;
  return is_for_same_key(*before, leaf);
}

// Those whose keys are staged here, though they were begun under another name: of this folder, which has had another
// host since, or of one that it is a copy of. Nobody else may have the key; and if somebody has, both write the same.
struct with_key_here {
  std::vector<record> to_finish;
  std::map<std::string, error> stuck;   // By name: whose staged key cannot be read just now, and why.
  std::vector<std::string> unfinished;  // Serial numbers; also of those whose staged key is of no use now.
};

result<with_key_here> begun_under_another_name(const layout& places, inventory& in, const std::vector<record>& own) {
  with_key_here out;
  for (const auto& serial : staged_serials(places)) {
    if (std::any_of(own.begin(), own.end(), [&](const record& one) { return one.serial == serial; })) continue;
    MUTUAL_TRY(auto found, in.find_serial(serial));
    if (!found || found->state != record_state::recorded) continue;
    out.unfinished.push_back(serial);
    MUTUAL_TRY(const auto leaf, x509::certificate::from_der(found->der));
    const auto staged = x509::load_bundle(staged_key(places, serial));
    if (staged && staged->key && staged->key->belongs_to(leaf)) out.to_finish.push_back(*std::move(found));
    if (!staged && staged.error().code() == errc::io) out.stuck.emplace(found->name, staged.error());
  }
  return out;
}

}  // namespace

result<> pki::finish_interrupted(const in_hand& held) {
  unfinished_ = {};
  stuck_.clear();
  if (held) {
    MUTUAL_TRY(const auto serials, inventory_->unfinished_serials(place_));
    // Nothing was interrupted, so there is no litter either: looking for it takes the longer the more was issued.
    if (std::all_of(serials.begin(), serials.end(), held)) return {};
  }
  MUTUAL_TRY(auto unfinished, inventory_->unfinished(place_));
  if (held) std::erase_if(unfinished, [&](const record& one) { return held(one.serial); });
  MUTUAL_TRY(auto more, begun_under_another_name(places_, *inventory_, unfinished));
  std::move(more.to_finish.begin(), more.to_finish.end(), std::back_inserter(unfinished));
  stuck_ = std::move(more.stuck);
  MUTUAL_CHECK(finish_files(unfinished));
  for (const auto& one : unfinished) more.unfinished.push_back(one.serial);
  sweep(places_, more.unfinished);
  return {};
}

// The files of one, and whether its key was there for them.
result<bool> pki::finish_one(const record& one) {
  MUTUAL_TRY(const auto leaf, x509::certificate::from_der(one.der));
  std::optional<x509::private_key> key;
  if (one.has_key) {
    MUTUAL_TRY(key, key_of(places_, one, leaf));
    if (!key) {
      MUTUAL_TRY(const bool somebody_has_it, has_key_of_before(*inventory_, one, leaf));
      if (!somebody_has_it) return false;
    }
  }
  MUTUAL_TRY(auto above, x509::load_certificates(places_.intermediate_certificate()));
  if (!leaf.is_signed_by(above.front())) {
    // What could not be finished before its CA was replaced.
    MUTUAL_TRY(const auto retired, load_retired(places_, *inventory_));
    for (const auto& old : retired.issuers) above.insert(above.end(), old.who.chain.begin(), old.who.chain.end());
  }
  MUTUAL_CHECK(publish(places_, one, key, x509::chain_of(leaf, above), {},
                       one.has_key ? file::on_disk::contents : file::on_disk::nothing));
  return true;
}

// An error (io) while the last certificate of that name waits for its files: one that came after it would be in their
// place, and be overwritten by it later, its key and all.
result<> pki::check_finished(const std::string& name) const {
  const auto found = stuck_.find(name);
  if (found == stuck_.end()) return {};
  return error(errc::io, fmt::format("the last certificate of {} is in the inventory, and its files must be written "
                                     "before there is another: {}",
                                     text::quoted(name), found->second.message()));
}

// Whether the files of one that came after it stand in its place: these stay.
result<bool> pki::is_passed_by(const record& one) {
  constexpr int most_steps = 1000;
  const auto there = x509::load_certificates(places_.certificate(one.name));
  if (!there) return false;
  MUTUAL_TRY(auto later, inventory_->find_sha256(there->front().sha256()));
  for (int step = 0; step < most_steps && later && later->name == one.name && !later->replaces.empty(); ++step) {
    if (later->replaces == one.serial) return true;
    MUTUAL_TRY(later, inventory_->find_serial(later->replaces));
  }
  return false;
}

// One whose files cannot be written keeps nobody else from being issued to, or revoked.
result<> pki::finish_files(const std::vector<record>& all) {
  std::vector<given_out> without_key;
  for (const auto& one : all) {
    if (one.purpose == profile::root || one.purpose == profile::intermediate) continue;
    // Those of a name have their files in their order.
    if (!check_finished(one.name)) continue;
    MUTUAL_TRY(const bool passed, is_passed_by(one));
    if (passed) {
      MUTUAL_CHECK(inventory_->set_state(one.serial, record_state::issued, lasting::later));
      continue;
    }
    const auto done = finish_one(one);
    if (!done) {
      stuck_.emplace(one.name, done.error());
      if (unfinished_) {
        unfinished_ = done.error().in(fmt::format("{} (serial {}) is in the inventory, and its files cannot be written",
                                                  text::quoted(one.name), one.serial));
      }
    } else if (!*done) {
      MUTUAL_CHECK(inventory_->set_state(one.serial, record_state::lost));
    } else if (one.has_key) {
      MUTUAL_CHECK(inventory_->set_state(one.serial, record_state::issued, lasting::later));
    } else {
      without_key.push_back({one.serial, one.name, who_acts()});
    }
  }
  if (without_key.empty()) return {};
  // They may be many: a service that was killed leaves all that it had given out in its last second.
  MUTUAL_CHECK(sync_files(places_, without_key));
  return inventory_->note_issued(without_key);
}

result<> pki::sync_files(const layout& places, const std::vector<given_out>& which) {
  std::vector<std::filesystem::path> all;
  for (const auto& one : which) {
    for (auto& file : files_of(places, one.name, one.serial)) all.push_back(std::move(file));
  }
  return file::sync_files(all);
}

result<> pki::finish(const std::vector<given_out>& which, const in_hand& held) {
  MUTUAL_TRY(const auto turn, take_turn(held));
  return inventory_->note_issued(which);
}

}  // namespace mutual::authority
