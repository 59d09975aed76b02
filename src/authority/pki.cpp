#include "authority/pki.hpp"

#include "authority/folder_lock.hpp"
#include "authority/issue_files.hpp"
#include "authority/issuer_end.hpp"
#include "authority/limits.hpp"
#include "authority/move_store.hpp"
#include "authority/newest_issuer.hpp"
#include "authority/own_inventory.hpp"
#include "authority/pending.hpp"
#include "authority/place.hpp"
#include "authority/published.hpp"
#include "authority/recover.hpp"
#include "authority/reserved_name.hpp"
#include "authority/retired.hpp"
#include "authority/serial_word.hpp"
#include "authority/store.hpp"
#include "authority/token_key.hpp"
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

result<x509::certificate_spec> describe(const issue_request& request, const x509::private_key& key,
                                        const x509::certificate& issuer, const limits& by) {
  MUTUAL_TRY(auto names, names_for(request));
  const auto lifetime = request.lifetime.value_or(usual_life(by, request.purpose, default_lifetime));
  // A shorter life than the asked one is no surprise where nobody asked for a length.
  if (request.lifetime && lifetime > std::chrono::days(36500)) {
    return error(errc::bad_usage, "a certificate cannot last longer than 36500 days: give fewer");
  }
  MUTUAL_CHECK(check_lifetime(request.lifetime, issuer));
  return x509::describe_certificate(request.purpose, {request.name, issuer.organizations(), {}}, std::move(names), key,
                                    lifetime);
}

}  // namespace

result<x509::identity> load_issuer(const layout& places) {
  MUTUAL_TRY(const bool there, file::exists(places.intermediate_certificate()));
  if (!there) return no_authority(places);
  return load_ca(places.intermediate_certificate(), places.intermediate_key());
}

result<std::vector<x509::certificate>> load_above(const layout& places, const std::vector<x509::certificate>& chain) {
  std::vector<x509::certificate> above(chain.begin() + 1, chain.end());
  MUTUAL_TRY(const bool has_root, file::exists(places.root_certificate()));
  if (!has_root) return above;
  MUTUAL_TRY(const auto roots, x509::load_certificates(places.root_certificate()));
  above.insert(above.end(), roots.begin(), roots.end());
  return above;
}

pki::pki(layout places, std::unique_ptr<inventory> opened)
    : places_(std::move(places)), inventory_(std::move(opened)) {}

void add_loopback_addresses(alternative_names& names) {
  if (std::find(names.dns.begin(), names.dns.end(), "localhost") == names.dns.end()) return;
  (void)x509::add_by_content(names, "127.0.0.1");
  (void)x509::add_by_content(names, "::1");
}

result<alternative_names> names_for(const issue_request& request) {
  MUTUAL_CHECK(check_is_no_serial(request.name));
  MUTUAL_CHECK(check_is_no_ca_word(request.name));
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

result<pki> pki::open(const std::filesystem::path& folder, const std::string& store) {
  layout places(folder);
  MUTUAL_TRY(const bool there, file::is_folder(folder));
  if (!there) {
    return error(errc::not_found,
                 fmt::format("there is no PKI in {0}: make one with mutual init --pki {0}", shown(folder)));
  }
  MUTUAL_TRY(const bool is_moving, is_move_interrupted(places));
  if (is_moving) {
    MUTUAL_TRY(const auto lock, folder_lock::take(folder));
    MUTUAL_CHECK(finish_move(places));
  }
  MUTUAL_TRY(const auto url, store_url(places, store));
  MUTUAL_TRY(auto opened, open_store(places, url));
  MUTUAL_CHECK(check_not_older(places, *opened));
  pki out(std::move(places), std::move(opened));
  // What was to change together and was interrupted is settled before anybody reads half of it.
  MUTUAL_TRY(const auto intended, read_intention(out.places_));
  if (intended) {
    MUTUAL_TRY(const auto turn, out.take_turn());
    (void)turn;
  }
  return out;
}

pki pki::being_made(layout places, std::unique_ptr<inventory> made) {
  pki out(std::move(places), std::move(made));
  out.is_being_made_ = true;
  return out;
}

result<std::optional<folder_lock>> pki::take_turn(const in_hand& held) {
  std::optional<folder_lock> lock;
  if (is_being_made_) return lock;
  MUTUAL_TRY(auto taken, folder_lock::take(places_.folder()));
  lock.emplace(std::move(taken));
  to_catch_up found;
  MUTUAL_CHECK(check_not_older(places_, *inventory_, &found));
  if (!is_own_) MUTUAL_CHECK(check_is_own(places_, *inventory_));
  is_own_ = true;
  if (found.is_taken_since) MUTUAL_CHECK(catch_up(places_, *inventory_));
  if (found.is_server_to_note) MUTUAL_CHECK(note_server_for_all(*inventory_));
  MUTUAL_TRY(place_, own_place(places_, *inventory_));
  MUTUAL_CHECK(settle());
  MUTUAL_CHECK(finish_interrupted(held));
  return lock;
}

result<> pki::settle(result<>* lists) {
  MUTUAL_TRY(const auto intended, read_intention(places_));
  if (!intended) {
    sweep_intentions(places_);
    return sweep_retired(places_);
  }
  if (intended->decided_by.empty()) {
    MUTUAL_CHECK(carry_out(places_));
    return forget_intention(places_);
  }
  // In a transaction, so that the one of a process that was killed has ended before, this way or that.
  MUTUAL_TRY(auto looking, inventory_->begin());
  MUTUAL_TRY(const auto decided, inventory_->find_serial(intended->decided_by));
  MUTUAL_CHECK(looking.commit());
  if (!decided) {
    MUTUAL_CHECK(forget_intention(places_));
    return sweep_retired(places_);
  }
  MUTUAL_CHECK(carry_out(places_));
  // Servers that check revocation need the new CA's list before its first certificate comes by. If one cannot be made
  // now, the next mutual crl tells it; the change itself is not held up.
  MUTUAL_TRY(const bool published, has_lists());
  result<> outcome;
  if (published) {
    const root_access nothing_more;
    opened_roots keys(nothing_more);
    const auto made = make_lists_in_turn({}, keys);
    if (!made) outcome = made.error();
  }
  MUTUAL_CHECK(forget_intention(places_));
  MUTUAL_CHECK(remember());
  if (lists != nullptr) {
    *lists = std::move(outcome);
  } else if (!outcome) {
    return outcome.error().in(
        "a rotation that was interrupted is completed now, but servers lack a revocation list: see to it with mutual "
        "crl, and say this again");
  }
  return {};
}

result<> pki::check_newest(const x509::certificate& issuer, std::string_view lost) {
  MUTUAL_TRY(const auto why, passed_over(*inventory_, issuer, lost));
  if (why.empty()) return {};
  return error(errc::io, fmt::format("{} {}", text::quoted(issuer.subject()), why));
}

result<> pki::remember(const made_list* made) {
  if (is_being_made_) return {};
  MUTUAL_TRY(const auto seen, inventory_->how_far_for_good());
  if (made == nullptr) return advance_mark(places_, seen);
  MUTUAL_TRY(auto current, read_mark(places_));
  if (!current) current.emplace();
  current->seen = seen;
  current->list_numbers[made->issuer] = made->number;
  return write_mark(places_, *current);
}

// A name may be given anew when what it stood for has ended: the serial number of that, or nothing for a new name. What
// is not renewed comes through here, whichever way it is asked for.
result<std::string> pki::replaceable(inventory& in, const std::string& name) const {
  MUTUAL_CHECK(check_may_be_given(name, in, places_));
  MUTUAL_TRY(const auto found, in.find(name));
  if (found && found->revoked) {
    return error(
        errc::already_exists,
        fmt::format("{} is on hold since {}: release it with mutual revoke {} --release, or revoke it for good",
                    text::quoted(name), to_text(found->revoked->at), name));
  }
  if (found && found->not_after > now()) {
    return error(errc::already_exists,
                 fmt::format("{} was issued already, as a {} until {}, and is not overwritten: choose another name, or "
                             "renew it with mutual renew {}",
                             text::quoted(name), to_string(found->purpose), to_text(found->not_after), name));
  }
  if (found) return found->serial;
  // What was revoked stands for its name no more, but its files may be there.
  if (const auto there = x509::load_certificates(places_.certificate(name)); there) {
    MUTUAL_TRY(const auto of_file, in.find_sha256(there->front().sha256()));
    if (of_file && of_file->name == name && of_file->revoked) return of_file->serial;
  }
  MUTUAL_CHECK(check_unused(places_, name));
  return std::string();
}

// Every way of issuing comes through here, and so do the limits.
result<issued_certificate> pki::sign_and_publish(const signing& what, const x509::identity& issuer) {
  MUTUAL_TRY(const auto by, load_limits(places_));
  MUTUAL_CHECK(check_limits(by, {what.purpose, what.spec, what.subject_key}));
  MUTUAL_CHECK(check_finished(what.name));
  MUTUAL_TRY(auto replaces, what.replaces(*inventory_));
  auto spec = what.spec;
  spec.places = places_for(by, issuer.leaf(), what.purpose);
  MUTUAL_TRY(const auto above, load_above(places_, issuer.chain));
  x509::leave_out_address(spec, issuer.leaf(), above);
  MUTUAL_TRY(auto leaf, x509::issue_certificate(std::move(spec), what.subject_key, issuer.leaf(), issuer.key));
  MUTUAL_CHECK(x509::check_constraints_of(above, leaf));
  auto entry = to_entry(leaf, what.name, what.purpose);
  entry.p12_has_password = what.key && !what.p12_password->empty();
  entry.has_key = what.key.has_value();
  entry.replaces = std::move(replaces);
  std::vector<x509::certificate> chain{leaf};
  chain.insert(chain.end(), issuer.chain.begin(), issuer.chain.end());
  if (what.key) MUTUAL_CHECK(stage_key(places_, *what.key, entry.serial, !entry.replaces.empty()));
  MUTUAL_TRY(const auto recorded, record_signed(entry, what, issuer.leaf()));
  MUTUAL_CHECK(publish(places_, entry, what.key, chain, what.key ? what.p12_password->view() : std::string_view()));
  // The files say it themselves to whoever finds it undone, so it need not be on the disk. The mark is of what is.
  MUTUAL_CHECK(inventory_->set_state(entry.serial, record_state::issued, lasting::later));
  if (!is_being_made_) MUTUAL_CHECK(advance_mark(places_, recorded));
  issued_certificate made{what.name, what.purpose, std::move(leaf), places_.certificate(what.name), {}, {}};
  if (what.key) made.key_file = places_.key(what.name), made.p12_file = places_.p12(what.name);
  made.note = end_note(issuer.leaf(), above, what.spec.not_after);
  return made;
}

result<issued_certificate> pki::issue(const issue_request& request) {
  MUTUAL_TRY(const auto name, checked_name(request.name));
  // Making a key may take seconds (RSA), and needs no lock.
  MUTUAL_TRY(const auto key, request.key ? *request.key : x509::private_key::generate(request.kind));
  MUTUAL_TRY(const auto turn, take_turn());
  MUTUAL_TRY(const auto issuer, load_issuer(places_));
  MUTUAL_TRY(const auto by, load_limits(places_));
  MUTUAL_TRY(auto spec, describe(request, key, issuer.leaf(), by));
  const auto replaces = [&](inventory& in) { return replaceable(in, name); };
  return sign_and_publish(
      {name, request.purpose, std::move(spec), key.get(), key, &request.p12_password, request.why, replaces, true},
      issuer);
}

record pki::to_entry(const x509::certificate& leaf, const std::string& name, profile purpose) const {
  auto entry = to_record(leaf, name, purpose, false);
  entry.has_key = false;
  entry.place = place_;
  return entry;
}

result<bool> is_revoked_for_good(inventory& in, const x509::certificate& ca) {
  MUTUAL_TRY(const auto known, in.find_serial(ca.serial()));
  return known && known->revoked && !known->revoked->is_hold();
}

bool is_due(const x509::certificate& one, unsigned percent, sys_seconds at) {
  const auto life = one.not_after() - one.not_before();
  return at >= one.not_before() + life * percent / 100;
}

}  // namespace mutual::authority
