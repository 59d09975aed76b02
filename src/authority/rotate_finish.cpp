// The end of a rotation: old CAs go.

#include "authority/pending.hpp"
#include "authority/retired.hpp"
#include "authority/root_list.hpp"
#include "authority/rotate.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unistd.h>

namespace mutual::authority {
namespace {

void delete_files(const layout& places, const std::string& called, std::initializer_list<const char*> kinds) {
  for (const char* kind : kinds) (void)::unlink((places.folder() / (called + kind)).c_str());
  file::sync(places.retired());
}

// What is in trust.crt besides: lists count there, too.
result<std::string> lists_beside(const std::filesystem::path& file) {
  MUTUAL_TRY(const auto found, x509::load_bundle(file));
  std::string out;
  for (const auto& one : found.crls) out += one.pem();
  return out;
}

// An old root leaves the trust, and its cross-certificate the chain.
struct without_root {
  x509::secret trust, chain;
};

result<without_root> look_without(const layout& places, const x509::certificate& root) {
  MUTUAL_TRY(const auto trusted, x509::load_certificates(places.trust()));
  MUTUAL_TRY(const auto chain, x509::load_certificates(places.intermediate_certificate()));
  MUTUAL_TRY(const auto lists, lists_beside(places.trust()));
  const auto without = [](const std::vector<x509::certificate>& all, const auto& is_to_go) {
    std::string left;
    for (const auto& one : all) {
      if (!is_to_go(one)) left += one.pem();
    }
    return left;
  };
  auto trust = without(trusted, [&](const auto& one) { return one == root; });
  auto sent = without(chain, [&](const auto& one) { return one.is_signed_by(root); });
  if (trust.empty() || sent.empty()) {
    return error(errc::bad_input,
                 fmt::format("nobody would be believed any more without {}: see what has become of {} and {}",
                             text::quoted(root.subject()), text::printable(places.trust().string(), 4096),
                             text::printable(places.intermediate_certificate().string(), 4096)));
  }
  return without_root{x509::secret(trust + lists), x509::secret(std::move(sent))};
}

// An old intermediate: its key goes; its last list stays as long as its certificate would have lasted, so that whoever
// was revoked is refused for that, and servers miss nothing.
result<> finish_issuer(pki& of, const retired_issuer& one, bool with_lists) {
  MUTUAL_TRY(const bool revoked, is_revoked_for_good(of.records(), one.who.leaf()));
  // The list that is there may let somebody in who was revoked since.
  if (with_lists && !one.key_state && !revoked) {
    return one.key_state.error().in(
        fmt::format("the last revocation list of an old CA cannot be made, so it stays (if its key is lost, revoke it: "
                    "mutual revoke {})",
                    one.who.leaf().serial()));
  }
  if (with_lists && !one.has_ended && one.key_state) {
    list_options last;
    last.lifetime = one.who.leaf().not_after() - now();
    MUTUAL_TRY(const auto made, of.make_list(one.who, one.called, last));
    (void)made;
  }
  // From here on nobody misses its lists.
  MUTUAL_CHECK(of.records().note("retired", one.who.leaf().serial(), "intermediate", "nothing depends on it"));
  delete_files(of.places(), one.called, {".key", ".delta.crl"});
  (void)::unlink(of.places().responder(one.who.leaf().serial()).c_str());
  if (!with_lists) delete_files(of.places(), one.called, {".crl", ".crt"});
  return {};
}

// A key that was not named may be kept away as well as lost, and only people know which: until they say so, an old root
// whose last list must still be made stays.
result<bool> lacks_last_list(pki& of, const root_place& root, opened_roots& keys, bool key_is_lost) {
  MUTUAL_TRY(const bool needed, of.needs_root_key(root));
  const auto& key = keys.open(root, true);
  if (!needed || key) return false;
  // One that is here and only closed, or somebody else's, is not lost.
  if (key_is_lost && key.error().code() == errc::not_found) return true;
  return key.error().in(
      fmt::format("the last revocation list of {} must be made first, since the one that is there lacks a CA that was "
                  "revoked, or is "
                  "missing or past its date (if the key is lost for good: --old-root-key-lost)",
                  text::quoted(root.certificate.subject())));
}

// An old root: its key goes, then the trust in it. Its last list stays, as an intermediate's does: servers elsewhere
// that trust it still would take no list without it.
result<> finish_root(pki& of, const root_place& root, opened_roots& keys, bool with_lists, bool key_is_lost) {
  const auto& places = of.places();
  MUTUAL_TRY(auto left, look_without(places, root.certificate));
  const bool makes_list = with_lists && root.certificate.not_after() > now();
  bool lacking = false;
  if (makes_list) {
    MUTUAL_TRY(lacking, lacks_last_list(of, root, keys, key_is_lost));
  }
  const auto& key = keys.open(root, true);
  if (makes_list && key) {
    MUTUAL_CHECK(of.take_over_root_list(root));
    MUTUAL_CHECK(leave_out_served_numbers(root, places, of.records()));
  }
  MUTUAL_CHECK(of.records().note("retired", root.certificate.serial(), "root",
                                 lacking ? "nothing depends on it; its key is lost, and its last revocation list lacks "
                                           "what was revoked since"
                                         : "nothing depends on it"));
  if (makes_list && key) {
    list_options last;
    last.lifetime = root.certificate.not_after() - now();
    MUTUAL_TRY(const auto made, of.make_list(*key, root.called, last));
    (void)made;
  }
  delete_files(places, root.called, {".key"});
  (void)::unlink(places.responder(root.certificate.serial()).c_str());
  MUTUAL_CHECK(intend(places, {{"trust.crt", std::move(left.trust)}, {"intermediate.crt", std::move(left.chain)}}, {}));
  MUTUAL_CHECK(of.settle());
  if (!with_lists) delete_files(places, root.called, {".crl", ".crt"});
  return {};
}

error nothing_may_go(const std::vector<old_authority>& old) {
  if (old.empty()) return {errc::not_found, "no CA was replaced that is still here: there is nothing to finish"};
  const auto& first = old.front();
  return {
      errc::bad_input,
      first.on_it.in_use == 0
          ? fmt::format("{} was imported, and nobody here knows what depends on it: if you know that nothing does, say "
                        "mutual rotate finish --imported-too",
                        text::quoted(first.subject))
          : fmt::format("{} good certificates depend on {} until {}: renew them and revoke the ones before by their "
                        "serial numbers, or wait",
                        first.on_it.in_use, text::quoted(first.subject), to_text(first.on_it.last_end))};
}

}  // namespace

result<rotation_state> finish_rotation(pki& of, bool imported_too, const root_access& root, bool root_key_is_lost) {
  const auto& places = of.places();
  // Before anything is done: whoever has mistyped a name has not said that there is no key.
  for (const auto& one : root.key_files) {
    MUTUAL_TRY(const bool there, file::exists(one));
    if (!there) return file::read(one).error();
  }
  opened_roots keys(root);
  MUTUAL_TRY(const bool lists_are_there, of.has_lists());
  if (lists_are_there) MUTUAL_CHECK(of.ask_for_roots(keys));
  MUTUAL_TRY(const auto turn, of.take_turn());
  MUTUAL_TRY(const auto state, state_of_rotation(of));
  MUTUAL_TRY(const auto retired, load_retired(places, of.records()));
  MUTUAL_TRY(const bool with_lists, of.has_lists());
  const auto may_go = [&](const std::string& called) {
    return std::any_of(state.old.begin(), state.old.end(),
                       [&](const old_authority& one) { return one.called == called && one.may_go(imported_too); });
  };
  if (std::none_of(state.old.begin(), state.old.end(), [&](const auto& one) { return one.may_go(imported_too); })) {
    return nothing_may_go(state.old);
  }
  result<> stays;  // The first that could not go; the others do.
  for (const auto& one : retired.issuers) {
    if (!may_go(one.called)) continue;
    if (auto done = finish_issuer(of, one, with_lists); stays) stays = std::move(done);
  }
  for (const auto& one : retired.roots) {
    if (!may_go(one.root.called)) continue;
    if (auto done = finish_root(of, one.root, keys, with_lists, root_key_is_lost); stays) stays = std::move(done);
  }
  // The last lists are among those that servers have from now on.
  result<> lists;
  if (with_lists) {
    if (const auto made = of.make_lists_in_turn({}, keys); !made) lists = made.error();
  }
  MUTUAL_CHECK(of.remember());
  if (!stays) return std::move(stays).error();
  if (!lists) return std::move(lists).error();
  return state_of_rotation(of);
}

}  // namespace mutual::authority
