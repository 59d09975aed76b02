// Making revocation lists, and putting them where servers look.

#include "authority/pki.hpp"
#include "authority/retired.hpp"
#include "authority/store.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace mutual::authority {
namespace {

using x509::profile;

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

// The number of the list in a file; 0 if there is none.
result<std::uint64_t> number_in(const std::filesystem::path& file) {
  MUTUAL_TRY(const bool there, file::exists(file));
  if (!there) return std::uint64_t{0};
  MUTUAL_TRY(const auto lists, x509::load_crls(file));
  const auto digits = lists.front().number();
  std::uint64_t number = 0;
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number;
}

// An older number would be refused by whoever has seen the newer one, and a list that forgets would let somebody in.
result<> check_grows(const std::filesystem::path& file, std::uint64_t highest, inventory& in) {
  MUTUAL_TRY(const auto there, number_in(file));
  if (there <= highest) return {};
  return error(errc::bad_input,
               fmt::format("{} has the number {}, and {} knows of {} only: it is older than it was, so no list is made "
                           "from it; put the newest one back, or take this one with mutual recover",
                           shown(file), there, in.on().where(), highest));
}

// What nobody could read is not put where everybody looks.
result<> check_fits(std::string_view pem) {
  if (pem.size() <= x509::largest_lists) return {};
  return error(errc::limit_exceeded,
               fmt::format("the revocation lists would take {} bytes, and servers take no more than {}: have another "
                           "intermediate issue from now on, and those that are revoked come to their end",
                           pem.size(), x509::largest_lists));
}

// How good a root's list is that is there.
enum class standing {
  unusable,  // It is not there, not the root's, or past its date.
  lacking,   // It lacks a revocation of a CA, or has one that was taken back.
  due,       // It is in the last third of its time.
  fresh,
};

struct root_list {
  standing how = standing::unusable;
  std::optional<x509::crl> list;
};

result<root_list> look_at_list(const root_place& root, const std::filesystem::path& path, inventory& in) {
  root_list out;
  MUTUAL_TRY(const bool there, file::exists(path));
  if (!there) return out;
  MUTUAL_TRY(const auto lists, x509::load_crls(path));
  const auto& list = lists.front();
  if (!list.is_signed_by(root.certificate) || !list.next_update() || *list.next_update() <= now()) return out;
  out.list = list;
  out.how = standing::lacking;
  MUTUAL_TRY(const auto authorities, in.of_profile(profile::intermediate));
  for (const auto& one : authorities) {
    if (one.issuer != root.certificate.subject()) continue;
    MUTUAL_TRY(const auto certificate, x509::certificate::from_der(one.der));
    if (list.revokes(certificate) != one.revoked.has_value()) return out;
  }
  const auto life = *list.next_update() - list.this_update();
  out.how = now() < *list.next_update() - life / 3 ? standing::fresh : standing::due;
  return out;
}

}  // namespace

result<pki::list_file> pki::make_list(const x509::identity& issuer, const std::string& called,
                                      const list_options& how) {
  const auto file = how.is_delta ? places_.delta_list(called) : places_.revocation_list(called);
  list_request wanted;
  wanted.issuer = issuer.leaf().subject();
  wanted.this_update = now();
  wanted.next_update = std::min(now() + how.lifetime, issuer.leaf().not_after());
  wanted.is_delta = how.is_delta;
  MUTUAL_TRY(const auto highest, inventory_->highest_list_number(wanted.issuer));
  MUTUAL_CHECK(check_grows(file, highest, *inventory_));
  MUTUAL_TRY(auto contents, inventory_->begin_list(wanted, how.why));
  const auto count = contents.revoked.size();
  x509::crl_spec spec{contents.number, wanted.this_update, wanted.next_update, std::move(contents.revoked),
                      contents.base};
  MUTUAL_TRY(auto list, x509::make_crl(spec, issuer.leaf(), issuer.key));
  if (!list.is_signed_by(issuer.leaf())) {
    return error(errc::internal, fmt::format("the revocation list of {} came out with a wrong signature, and is not "
                                             "written",
                                             text::quoted(wanted.issuer)));
  }
  MUTUAL_CHECK(file::replace(file, list.der(), file::access::everyone));
  made_list made{wanted.issuer, contents.number, count, wanted.next_update, file};
  MUTUAL_CHECK(remember(&made));
  return list_file{std::move(made), std::move(list)};
}

result<made_list> pki::make_root_list(const x509::identity& root) {
  list_options how;
  how.lifetime = root_list_lifetime;
  MUTUAL_TRY(auto made, make_list(root, "root", how));
  return std::move(made.made);
}

result<bool> pki::has_lists() const { return file::exists(places_.revocation_lists()); }

result<std::string> pki::root_list_advice() {
  MUTUAL_TRY(const auto root, current_root(places_));
  MUTUAL_TRY(const auto found, look_at_list(root, places_.revocation_list(root.called), *inventory_));
  if (found.how != standing::due) return std::string();
  return fmt::format(
      "the root's revocation list ends on {}, and servers refuse everybody then: run mutual crl with the root's key "
      "before, which is encrypted or kept elsewhere",
      to_text(*found.list->next_update()));
}

result<std::vector<made_list>> pki::make_lists(const list_options& how) {
  MUTUAL_TRY(const auto issuer, load_issuer(places_));
  MUTUAL_TRY(const auto root, current_root(places_));
  opened_roots keys(how.root);
  const auto look = [&] { return look_at_list(root, places_.revocation_list(root.called), *inventory_); };
  if (!how.is_delta) {
    // Whoever has to type a password does so while nobody waits for the folder.
    MUTUAL_TRY(const auto before, look());
    if (before.how < standing::due) (void)keys.open(root, false);
  }
  MUTUAL_TRY(const auto turn, take_turn());
  MUTUAL_TRY(const auto retired, load_retired(places_));
  std::vector<made_list> made;
  std::string pem;
  const auto take = [&](list_file one) {
    pem += one.list.pem();
    made.push_back(std::move(one.made));
  };
  MUTUAL_TRY(auto own, make_list(issuer, "intermediate", how));
  take(std::move(own));
  for (const auto& one : retired.issuers) {
    MUTUAL_TRY(auto list, make_list(one.who, one.called, how));
    take(std::move(list));
  }
  if (how.is_delta) return made;
  result<> lacking;
  MUTUAL_TRY(const auto found, look());
  const auto* key = found.how == standing::fresh ? nullptr : &keys.open(root, found.how == standing::due);
  if (key != nullptr && *key) {
    auto longer = how;
    longer.lifetime = std::max<std::chrono::seconds>(how.lifetime, root_list_lifetime);
    MUTUAL_TRY(auto list, make_list(**key, root.called, longer));
    take(std::move(list));
  } else if (found.list) {
    pem += found.list->pem();
    if (found.how == standing::lacking) {
      lacking = key->error().in("a CA was revoked, but the root's revocation list does not say it yet");
    }
  } else {
    return key->error().in("the root's own revocation list is missing or past its date");
  }
  for (const auto& list : retired.root_lists) pem += list.pem();
  MUTUAL_CHECK(check_fits(pem));
  // Last, and whole: a server that watches it takes up all of them at once.
  MUTUAL_CHECK(file::replace(places_.revocation_lists(), pem, file::access::everyone));
  if (!lacking) return std::move(lacking).error();
  return made;
}

}  // namespace mutual::authority
