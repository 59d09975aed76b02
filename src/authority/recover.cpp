#include "authority/recover.hpp"

#include "authority/folder_lock.hpp"
#include "authority/footing.hpp"
#include "authority/list_numbers.hpp"
#include "authority/move_store.hpp"
#include "authority/own_inventory.hpp"
#include "authority/place.hpp"
#include "authority/retired.hpp"
#include "authority/store.hpp"
#include "authority/taken_over.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

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
  MUTUAL_TRY(const auto retired, load_retired(places, in));
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

// Whether it is a new root that the one before has signed.
bool is_cross(const layout& places, const x509::certificate& one) {
  if (one.is_self_issued()) return false;
  auto files = certificates_in(places.retired());
  files.push_back(places.root_certificate());
  return std::any_of(files.begin(), files.end(), [&](const std::filesystem::path& file) {
    const auto read = x509::load_certificates(file);
    return read && read->front().is_self_issued() && read->front().subject() == one.subject();
  });
}

// CAs whose files are here and whose records are not: of a rotation that the inventory has forgotten. Each takes the
// place of the one before, so they come in the order in which they were made.
result<> put_back_authorities(const layout& places, inventory& in, recovery& told) {
  std::vector<x509::certificate> all;
  auto files = certificates_in(places.retired());
  files.push_back(places.root_certificate());
  files.push_back(places.intermediate_certificate());
  for (const auto& one : files) {
    const auto read = x509::load_certificates(one);
    if (!read) continue;
    // The file's own, and new roots that the one before has signed; a CA between was never recorded.
    all.push_back(read->front());
    for (std::size_t at = 1; at < read->size(); ++at) {
      if (is_cross(places, (*read)[at])) all.push_back((*read)[at]);
    }
  }
  const auto issuing = x509::load_certificates(places.intermediate_certificate());
  std::stable_sort(all.begin(), all.end(), [&](const auto& one, const auto& other) {
    const auto rank = [&](const x509::certificate& each) {
      return std::pair(issuing && each == issuing->front(), each.not_before());
    };
    return rank(one) < rank(other);
  });
  for (const auto& one : all) {
    MUTUAL_TRY(const auto known, in.find_serial(one.serial()));
    if (known || !one.is_ca()) continue;
    const auto purpose = one.is_self_issued() ? profile::root : profile::intermediate;
    const bool cross = is_cross(places, one);
    auto entry = to_record(one, cross ? "cross" : to_string(purpose), purpose, false);
    entry.state = record_state::issued;
    MUTUAL_TRY(const auto before, in.newest_ca(purpose));
    if (before && !cross) entry.replaces = before->serial;
    MUTUAL_CHECK(in.add(entry, "put back: its file was here, its record was not"));
    told.certificates.push_back(entry.name);
  }
  return {};
}

using list_numbers = std::map<std::string, std::uint64_t>;

bool is_among(const x509::crl& list, const list_numbers& known) {
  const auto made = known.find(list.issuer());
  const auto digits = list.number();
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return made != known.end() && read.ec == std::errc() && read.ptr == digits.data() + digits.size() &&
         number <= made->second;
}

// What the lists in that file say, but for those whose numbers are `known`.
result<> put_back_list(const layout& places, const std::filesystem::path& file, const list_numbers& known,
                       inventory& in, taken_over& told) {
  MUTUAL_TRY(const bool there, file::exists(file));
  if (!there) return {};
  MUTUAL_TRY(const auto lists, x509::load_crls(file));
  std::vector<x509::certificate> issuers;
  for (const auto& from : {places.intermediate_certificate(), places.root_certificate()}) {
    if (const auto read = x509::load_certificates(from); read) issuers.push_back(read->front());
  }
  MUTUAL_TRY(const auto retired, load_retired(places, in));
  for (const auto& one : retired.issuers) issuers.push_back(one.who.leaf());
  for (const auto& one : retired.roots) issuers.push_back(one.root.certificate);
  for (const auto& list : lists) {
    const bool is_ours = std::any_of(issuers.begin(), issuers.end(),
                                     [&](const x509::certificate& one) { return list.is_signed_by(one); });
    if (!is_ours || is_among(list, known)) continue;
    MUTUAL_CHECK(take_over(list, in, "put back", told));
  }
  return {};
}

// What all lists of the folder say, but for those whose numbers are `known`.
result<taken_over> put_back_lists(const layout& places, const list_numbers& known, inventory& in) {
  taken_over told;
  for (const auto& file : {places.revocation_lists(), places.revocation_list("root"),
                           places.revocation_list("intermediate"), places.delta_list("intermediate")}) {
    MUTUAL_CHECK(put_back_list(places, file, known, in, told));
  }
  std::error_code code;
  for (std::filesystem::directory_iterator at(places.retired(), code), end; !code && at != end; at.increment(code)) {
    if (at->path().extension() == ".crl") MUTUAL_CHECK(put_back_list(places, at->path(), known, in, told));
  }
  // A list that is not read could be the only one that says it.
  if (code && code != std::errc::no_such_file_or_directory) {
    return error(errc::io, fmt::format("cannot look into {}: {}", text::printable(places.retired().string(), 4096),
                                       file::advice(code.value())));
  }
  return told;
}

// An older state does not know which of its tokens have been used since: none of them is of use any more.
result<> void_tokens(inventory& in) {
  const auto done = in.on().change("UPDATE tokens SET used_at = $1 WHERE used_at IS NULL",
                                   {std::int64_t{now().time_since_epoch().count()}});
  if (!done) return done.error();
  return {};
}

// A last list is to the end of its CA: whoever made it has finished with that CA.
result<> put_back_ends(const layout& places, inventory& in) {
  MUTUAL_TRY(const auto retired, load_retired(places, in));
  for (const auto& one : retired.issuers) {
    const auto& ca = one.who.leaf();
    const auto path = places.revocation_list(one.called);
    MUTUAL_TRY(const bool has_list, file::exists(path));
    if (one.key_state || one.key_state.error().code() != errc::not_found || !has_list) continue;
    MUTUAL_TRY(const auto lists, x509::load_crls(path));
    const bool is_last = lists.front().is_signed_by(ca) && lists.front().next_update() == ca.not_after();
    if (is_last) MUTUAL_CHECK(in.note("retired", ca.serial(), "intermediate", "put back: its last list is here"));
  }
  return {};
}

// Lists that were made since a backup of the whole folder may have gone out, and nobody here knows their numbers: each
// must have a number that none of those has.
result<> leave_numbers_out(inventory& in) {
  for (const auto purpose : {x509::profile::root, x509::profile::intermediate}) {
    MUTUAL_TRY(const auto all, in.of_profile(purpose));
    for (const auto& one : all) MUTUAL_CHECK(leave_list_numbers_out(one.subject, in));
  }
  return {};
}

// Everything that the folder knows, and what is no longer good.
result<> put_all_back(const layout& places, const list_numbers& numbers, inventory& in, recovery& told) {
  MUTUAL_CHECK(put_back_authorities(places, in, told));
  for (const auto& one : certificates_in(places.replaced())) MUTUAL_CHECK(put_back(places, one, true, in, told));
  for (const auto& one : certificates_in(places.issued())) MUTUAL_CHECK(put_back(places, one, false, in, told));
  MUTUAL_TRY(auto from_lists, put_back_lists(places, {}, in));
  told.revoked = std::move(from_lists.revoked);
  told.unknown = std::move(from_lists.unknown);
  for (const auto& [issuer, number] : numbers) MUTUAL_CHECK(in.skip_list_numbers(issuer, number));
  MUTUAL_CHECK(put_back_ends(places, in));
  return void_tokens(in);
}

std::string in_words(const recovery& told) {
  const auto seen = told.seen_act > told.last_act ? fmt::format(", though act {} was seen", told.seen_act) : "";
  const auto* blind = told.is_server_unseen ? "; its role may not see which PostgreSQL server it is on, so that is not "
                                              "looked at any more"
                                            : "";
  return fmt::format("taken as it was at act {}{}{}", told.last_act, seen, blind);
}

// Nobody can say of these that they never left: whoever was asked for them may have handed them over before it was
// lost.
result<> end_those_of_lost_machines(const layout& places, inventory& in, recovery& told) {
  MUTUAL_TRY(const auto here, own_place(places, in));
  MUTUAL_TRY(auto whole, in.begin());
  MUTUAL_TRY(const auto all, in.unfinished_elsewhere(here));
  for (const auto& one : all) {
    MUTUAL_CHECK(in.set_state(one.serial, record_state::issued));
    MUTUAL_CHECK(in.note("ended", one.serial, one.name,
                         "the machine that had begun it is lost: it may have left, so it counts as issued"));
    told.ended.push_back(one.name);
  }
  return whole.commit();
}

}  // namespace

result<> catch_up(const layout& places, inventory& in) {
  MUTUAL_TRY(auto remembered, read_mark(places));
  if (!remembered) return {};
  const auto& numbers = remembered->list_numbers;
  MUTUAL_TRY(auto whole, in.begin());
  MUTUAL_TRY(const auto told, put_back_lists(places, numbers, in));
  (void)told;  // The log of acts has it.
  for (const auto& [issuer, number] : numbers) MUTUAL_CHECK(in.skip_list_numbers(issuer, number));
  MUTUAL_CHECK(whole.commit());
  MUTUAL_TRY(remembered->seen, in.how_far());
  return write_mark(places, *remembered);
}

result<> note_server_for_all(inventory& in) {
  MUTUAL_TRY(auto change, in.begin());
  MUTUAL_TRY(const bool noted, note_server(in.on()));
  if (noted)
    MUTUAL_CHECK(in.note("located", {}, {}, "from now on it is noticed if it is on another PostgreSQL server"));
  return change.commit();
}

namespace {

// Before anything is written. A mark that names it knows that better than CAs, which an older inventory may lack.
result<> check_is_ours(const layout& places, inventory& in) {
  const auto seen = read_mark(places);
  if (!seen && seen.error().code() != errc::bad_input) return seen.error();
  MUTUAL_TRY(const auto found, in.how_far());
  if (seen && *seen && (*seen)->seen.inventory == found.inventory) return {};
  return check_is_own(places, in);
}

result<> take_as_it_is(const layout& places, inventory& in, bool is_restored, recovery& told) {
  to_catch_up besides;
  const auto older = check_not_older(places, in, &besides);
  told.was_older = !older || is_restored;
  if (!told.was_older) {
    if (besides.is_server_to_note) MUTUAL_CHECK(note_server_for_all(in));
    return besides.is_taken_since ? catch_up(places, in) : result<>();
  }
  // What cannot be read just now is no older backup: nothing is recovered from that.
  if (!older && older.error().code() != errc::bad_input) return older.error();
  const auto seen = read_mark(places);
  if (!seen && seen.error().code() != errc::bad_input) return seen.error();
  MUTUAL_TRY(const auto found, in.how_far());
  told.last_act = found.act;
  list_numbers numbers;
  if (seen && *seen) {
    // Another PKI's: nobody can mean that.
    if (!older && (*seen)->seen.inventory != found.inventory) return older.error();
    told.seen_act = (*seen)->seen.act;
    numbers = (*seen)->list_numbers;
  }
  MUTUAL_TRY(auto whole, in.begin());
  MUTUAL_CHECK(put_all_back(places, numbers, in, told));
  if (is_restored) MUTUAL_CHECK(leave_numbers_out(in));
  // All others learn by this that it is meant.
  MUTUAL_CHECK(note_footing(in.on()));
  MUTUAL_CHECK(in.note("recovered", {}, {}, in_words(told)));
  MUTUAL_CHECK(whole.commit());
  MUTUAL_TRY(const auto now, in.how_far());
  for (auto& [issuer, number] : numbers) {
    MUTUAL_TRY(number, in.highest_list_number(issuer));
  }
  return write_mark(places, {now, numbers});
}

}  // namespace

result<recovery> recover(const std::filesystem::path& folder, const std::string& store, bool lost_machines,
                         bool is_restored) {
  const layout places(folder);
  MUTUAL_TRY(const auto lock, folder_lock::take(folder));
  MUTUAL_CHECK(finish_move(places));
  MUTUAL_TRY(const auto url, store_url(places, store));
  MUTUAL_TRY(const auto in, open_store(places, url));
  MUTUAL_CHECK(check_is_ours(places, *in));
  recovery told;
  MUTUAL_TRY(told.is_server_unseen, is_server_unseen(in->on()));
  MUTUAL_CHECK(take_as_it_is(places, *in, is_restored, told));
  if (lost_machines) {
    MUTUAL_CHECK(end_those_of_lost_machines(places, *in, told));
    MUTUAL_TRY(const auto now, in->how_far());
    MUTUAL_CHECK(advance_mark(places, now));
  }
  return told;
}

}  // namespace mutual::authority
