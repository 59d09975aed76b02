#include "authority/rotate.hpp"

#include "authority/authorities.hpp"
#include "authority/issuer_end.hpp"
#include "authority/limits.hpp"
#include "authority/new_file.hpp"
#include "authority/newest_issuer.hpp"
#include "authority/pending.hpp"
#include "authority/published.hpp"
#include "authority/retired.hpp"
#include "authority/root_list.hpp"
#include "base/file.hpp"
#include "base/file_name.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"
#include "x509/encrypted_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <unistd.h>

namespace mutual::authority {
namespace {

using x509::profile;

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

// "Acme Intermediate CA 2", of at most 64 characters (RFC 5280's upper bound).
std::string numbered(std::string organization, std::string_view what, std::size_t number) {
  const auto ending = fmt::format(" {} {}", what, number);
  while (text::count_characters(organization) + ending.size() > 64) {
    // A whole character of UTF-8: its last bytes, and its first.
    while (!organization.empty() && (static_cast<unsigned char>(organization.back()) & 0xC0U) == 0x80U) {
      organization.pop_back();
    }
    if (!organization.empty()) organization.pop_back();
  }
  return organization + ending;
}

// A name that no CA of this PKI has had, for a CA is known by its name.
result<x509::distinguished_name> new_name(pki& of, const x509::certificate& before, profile purpose) {
  const auto all = before.organizations();
  const auto organization = all.empty() ? before.display_name() : all.front();
  MUTUAL_TRY(const auto earlier, of.records().of_profile(purpose));
  for (std::size_t number = 2;; ++number) {
    auto name = numbered(organization, purpose == profile::root ? "Root CA" : "Intermediate CA", number);
    const bool taken = std::any_of(earlier.begin(), earlier.end(), [&](const record& one) {
      const auto known = x509::certificate::from_der(one.der);
      return known && known->common_name() == name;
    });
    // Nor what somebody else is called, whose subject it would have.
    MUTUAL_TRY(const auto leaf, of.records().find(name));
    if (!taken && !leaf) return x509::distinguished_name{std::move(name), {organization}, {}};
  }
}

result<> record_ca(pki& of, const x509::certificate& one, std::string_view name, profile purpose,
                   const std::string& replaces, std::string_view why) {
  // One in a token is the user's choice.
  MUTUAL_CHECK(of.check_key(X509_get0_pubkey(one.get())));
  auto entry = to_record(one, name, purpose, false);
  entry.state = record_state::issued;
  entry.replaces = replaces;
  return of.records().add(entry, why);
}

// Its files under a second name, by which they are found when the first is another's.
result<> keep(const layout& places, const x509::certificate& one, std::string_view called) {
  MUTUAL_CHECK(file::make_folder(places.retired(), file::access::owner_only));
  for (const char* kind : {".key", ".crl", ".crt"}) {
    const auto from = places.folder() / (std::string(called) + kind);
    const auto to = places.retired() / (one.serial() + kind);
    // What an earlier rotation has left that came to nothing.
    (void)::unlink(to.c_str());
    const bool is_key = from.extension() == ".key";
    const int code = file::give_second_name(from, to, is_key ? file::access::owner_only : file::access::everyone);
    if (code != 0 && code != ENOENT) {
      return error(errc::io, fmt::format("cannot keep {} as {}: {}", shown(from), shown(to), file::advice(code)));
    }
  }
  file::sync(places.retired());
  return {};
}

// What a rotation makes, before it is decided.
struct rotation {
  std::vector<pending_file> files;
  std::vector<made_list> lists;
  std::string decided_by;
  std::optional<x509::private_key> new_root_key;
};

result<> add_root_list(pki& of, const x509::identity& root, const std::string& name, std::chrono::seconds lifetime,
                       rotation& to) {
  // The present root's may have been made where its key is.
  const root_place place{root.leaf(), "root", {}};
  MUTUAL_CHECK(of.take_over_root_list(place));
  MUTUAL_CHECK(leave_out_served_numbers(place, of.places(), of.records()));
  list_options how;
  how.lifetime = lifetime;
  MUTUAL_TRY(auto list, of.sign_list(root, how));
  to.files.push_back({name, x509::secret(std::move(list.der))});
  to.lists.push_back(std::move(list.made));
  return {};
}

// The roots that this PKI has had sign each other on the way from the first to the present one: an older
// cross-certificate goes on being sent, for who knows only an older root.
result<std::string> crosses_in(pki& of, const std::vector<x509::certificate>& chain) {
  MUTUAL_TRY(const auto roots, of.records().of_profile(profile::root));
  std::string out;
  for (std::size_t at = 1; at < chain.size(); ++at) {
    const bool is_cross = std::any_of(roots.begin(), roots.end(),
                                      [&](const record& root) { return root.subject == chain[at].subject(); });
    if (is_cross) out += chain[at].pem();
  }
  return out;
}

// A new root: its certificate, and the same name and key signed by the old root.
result<x509::identity> add_root(pki& of, const x509::identity& old, const x509::private_key& key,
                                const rotation_request& request, rotation& to, std::string& chain) {
  MUTUAL_TRY(const auto subject, new_name(of, old.leaf(), profile::root));
  MUTUAL_TRY(const auto spec, x509::describe_certificate(profile::root, subject, {}, key, root_lifetime));
  MUTUAL_TRY(auto certificate, x509::make_self_signed(spec, key));
  MUTUAL_CHECK(record_ca(of, certificate, "root", profile::root, old.leaf().serial(), request.why));
  // An old root that allows one CA below it, and no other below that, cannot speak for a root, nor can one that has
  // ended: nobody believes it any more.
  const long allowed = X509_get_pathlen(old.leaf().get());
  if ((allowed < 0 || allowed > 1) && old.leaf().not_after() > now()) {
    MUTUAL_TRY(const auto by, load_limits(of.places()));
    auto below = spec;
    below.places = places_for(by, old.leaf(), profile::intermediate);
    MUTUAL_TRY(const auto cross, x509::issue_certificate(std::move(below), key.get(), old.leaf(), old.key));
    MUTUAL_CHECK(record_ca(of, cross, "cross", profile::intermediate, {}, request.why));
    chain += cross.pem();
  }
  MUTUAL_TRY(const auto trusted, file::read(of.places().trust()));
  to.files.push_back({"trust.crt", x509::secret(certificate.pem() + trusted)});
  to.files.push_back({"root.crt", x509::secret(certificate.pem())});
  to.new_root_key = key;
  return x509::identity{key, {std::move(certificate)}};
}

// The key of a new root: into the folder with the rest, or elsewhere.
result<> add_root_key(const rotation_request& request, const x509::secret& password, rotation& to, new_file& outside) {
  const auto& elsewhere = request.root_key_file;
  if (!elsewhere.empty()) {
    MUTUAL_CHECK(write_root_key(*to.new_root_key, password.view(), elsewhere));
    outside.written(elsewhere);
    // The old root's leaves the folder's usual place.
    to.files.push_back({"root.key", {}});
    return {};
  }
  auto pem = to.new_root_key->pem();
  if (!password.empty()) {
    MUTUAL_TRY(pem, x509::encrypted_pem(*to.new_root_key, password.view()));
  }
  to.files.push_back({"root.key", std::move(pem)});
  return {};
}

result<rotation> make_rotation(pki& of, const x509::identity& issuer, const x509::identity& old_root,
                               const ca_keys& keys, const rotation_request& request) {
  rotation made;
  MUTUAL_TRY(const auto by, load_limits(of.places()));
  auto root = old_root;
  std::string above;
  if (request.with_root) {
    MUTUAL_TRY(root, add_root(of, old_root, *keys.root, request, made, above));
    // Its last, unless a CA of it is revoked yet: to its end, for its key may not be at hand again.
    MUTUAL_CHECK(add_root_list(of, old_root, "retired/" + old_root.leaf().serial() + ".crl",
                               old_root.leaf().not_after() - now(), made));
  }
  MUTUAL_TRY(const auto earlier, crosses_in(of, issuer.chain));
  // Without the link that a narrow old root cannot give, those before lead nowhere.
  if (!request.with_root || !above.empty()) above += earlier;
  MUTUAL_CHECK(add_root_list(of, root, "root.crl", root_list_lifetime, made));
  MUTUAL_TRY(const auto subject, new_name(of, issuer.leaf(), profile::intermediate));
  MUTUAL_TRY(const auto next, make_intermediate(subject, *keys.intermediate, by, root));
  MUTUAL_CHECK(record_ca(of, next.leaf(), "intermediate", profile::intermediate,
                         request.lost.empty() ? issuer.leaf().serial() : request.lost, request.why));
  made.decided_by = next.leaf().serial();
  MUTUAL_CHECK(of.records().note("rotated", made.decided_by, request.with_root ? "root" : "intermediate", request.why));
  made.files.push_back({"intermediate.key", key_file_of(next.key, request.token_uri)});
  made.files.push_back({"intermediate.crt", x509::secret(next.leaf().pem() + above)});
  return made;
}

// In the folder it would be taken for a file of the PKI, the old root's key for one.
result<> check_is_outside(const layout& places, const std::filesystem::path& file) {
  if (file.empty()) return {};
  std::error_code code;
  const auto whole_of = [&](const std::filesystem::path& path) {
    auto whole = code ? path : std::filesystem::absolute(path, code);
    return code ? whole : std::filesystem::weakly_canonical(whole, code);
  };
  const auto folder = whole_of(places.folder());
  const auto whole = whole_of(file);
  const auto [left, right] = std::mismatch(folder.begin(), folder.end(), whole.begin(), whole.end());
  if (!code && left != folder.end()) return {};
  return error(errc::bad_usage,
               fmt::format("{} is in the PKI's folder, and the new root's key is to be kept out of it: "
                           "name another place with --root-key-out",
                           shown(file)));
}

// Whether what a CA issued is believed for the sake of that root. A cross-certificate in its chain is for others.
bool leads_to(const std::vector<x509::certificate>& chain, const x509::certificate& root,
              const std::vector<record>& roots) {
  return std::any_of(chain.begin(), chain.end(), [&](const x509::certificate& one) {
    const bool is_cross =
        std::any_of(roots.begin(), roots.end(), [&](const record& other) { return other.subject == one.subject(); });
    return !is_cross && one.is_signed_by(root);
  });
}

// Why that CA issues nothing, and what mends it; empty if it issues. Where another took its place nothing else helps.
result<std::string> why_stopped(inventory& in, const x509::certificate& issuing) {
  MUTUAL_TRY(auto stopped, passed_over(in, issuing));
  if (!stopped.empty()) return stopped;
  MUTUAL_TRY(const auto present, in.find_serial(issuing.serial()));
  if (!present || !present->revoked) return stopped;
  return present->revoked->is_hold() ? fmt::format("on hold: mutual revoke {} --release", present->serial)
                                     : std::string("revoked: mutual rotate intermediate");
}

// Made before anybody has to wait for it.
result<ca_keys> new_keys(const rotation_request& request) {
  ca_keys out;
  if (request.with_root) {
    MUTUAL_TRY(out.root, x509::private_key::generate(request.kind));
  }
  MUTUAL_TRY(out.intermediate, intermediate_key(request.kind, request.token_uri));
  return out;
}

}  // namespace

result<rotation_state> begin_rotation(pki& of, const rotation_request& request) {
  const auto& places = of.places();
  MUTUAL_TRY(const auto place, current_root(places));
  // A password is typed while nobody waits for the folder.
  x509::secret password;
  MUTUAL_TRY(const auto old_root, load_root(place, request.root, &password));
  MUTUAL_TRY(const bool key_is_here, file::exists(place.key_file));
  if (request.with_root && !key_is_here && request.root_key_file.empty()) {
    return error(errc::bad_usage,
                 "the root's key is kept elsewhere, and so should the new one be: say where it is to be written, with "
                 "--root-key-out");
  }
  MUTUAL_CHECK(check_is_outside(places, request.root_key_file));
  MUTUAL_TRY(const auto keys, new_keys(request));
  MUTUAL_TRY(const auto turn, of.take_turn());
  MUTUAL_TRY(const auto still, current_root(places));
  // Its certificates alone: a CA whose key is lost is replaced, too.
  MUTUAL_TRY(auto chain, x509::load_certificates(places.intermediate_certificate()));
  const x509::identity issuer{x509::private_key(x509::pkey_ptr()), std::move(chain)};
  if (!(still.certificate == place.certificate)) {
    return error(errc::already_exists, "somebody else has replaced the root just now: see mutual rotate status");
  }
  new_file outside;
  MUTUAL_TRY(auto whole, of.records().begin());
  MUTUAL_CHECK(of.check_newest(issuer.leaf(), request.lost));
  MUTUAL_TRY(auto made, make_rotation(of, issuer, old_root, keys, request));
  if (request.with_root) MUTUAL_CHECK(add_root_key(request, password, made, outside));
  MUTUAL_CHECK(keep(places, issuer.leaf(), "intermediate"));
  if (request.with_root) MUTUAL_CHECK(keep(places, old_root.leaf(), "root"));
  MUTUAL_CHECK(intend(places, made.files, made.decided_by));
  // Whatever becomes of the answer, the record may be there; then this is the only key of a root that all trust.
  outside.keep();
  if (const auto done = whole.commit(); !done) {
    if (request.root_key_file.empty()) return done.error();
    return done.error().in(fmt::format("{} holds the new root's key, if mutual rotate status shows a new root",
                                       shown(request.root_key_file)));
  }
  result<> lists;
  MUTUAL_CHECK(of.settle(&lists));
  for (const auto& one : made.lists) MUTUAL_CHECK(of.remember(&one));
  // Whoever has said that it is lost knows; what is to be done about it is in the state that is told.
  const bool is_known = !request.lost.empty() && !lists && lists.error().code() == errc::not_found;
  if (!lists && !is_known) return lists.error().in("the new CA issues from now on, but servers lack a revocation list");
  return state_of_rotation(of);
}

result<rotation_state> state_of_rotation(pki& of) {
  const auto& places = of.places();
  rotation_state out;
  MUTUAL_TRY(const auto root, current_root(places));
  MUTUAL_TRY(const auto issuing, x509::load_certificates(places.intermediate_certificate()));
  out.issuing = issuing.front().subject();
  out.root = root.certificate.subject();
  out.until = issuing.front().not_after();
  MUTUAL_TRY(out.stopped, why_stopped(of.records(), issuing.front()));
  // Limits that cannot be read are told by whoever issues.
  if (auto note = issuer_end_note(places)) out.note = *std::move(note);
  MUTUAL_TRY(const auto retired, load_retired(places, of.records()));
  for (const auto& one : retired.issuers) {
    old_authority state{one.called, one.who.leaf().subject(), false, {}, false};
    MUTUAL_TRY(const auto known, of.records().find_serial(one.who.leaf().serial()));
    // Whoever holds a certificate of a CA that was revoked is refused anyway.
    if (!known || !known->revoked || known->revoked->is_hold()) {
      MUTUAL_TRY(state.on_it, of.records().depending_on(state.subject));
      state.is_imported = known && known->place == imported_place && !one.has_ended;
      if (!one.key_state) state.cannot_sign = one.key_state.error().message();
    }
    out.old.push_back(std::move(state));
  }
  const auto issuers = out.old;
  // Of the old roots: how many were recorded after each, and where it stands.
  std::vector<std::pair<std::ptrdiff_t, std::size_t>> by_age;
  MUTUAL_TRY(const auto roots, of.records().of_profile(profile::root));
  for (const auto& one : retired.roots) {
    old_authority state{one.root.called, one.root.certificate.subject(), true, {}, false};
    MUTUAL_TRY(const auto known, of.records().find_serial(one.root.certificate.serial()));
    state.is_imported = known && known->place == imported_place && one.root.certificate.not_after() > now();
    const auto recorded = std::find_if(
        roots.begin(), roots.end(), [&](const record& other) { return other.serial == one.root.certificate.serial(); });
    by_age.emplace_back(recorded - roots.begin(), out.old.size());
    for (std::size_t at = 0; at < issuers.size(); ++at) {
      if (!leads_to(retired.issuers[at].who.chain, one.root.certificate, roots)) continue;
      state.on_it.in_use += issuers[at].on_it.in_use;
      state.on_it.last_end = std::max(state.on_it.last_end, issuers[at].on_it.last_end);
    }
    out.old.push_back(std::move(state));
  }
  // Who knows an older root alone believes the present one by way of those between.
  std::sort(by_age.begin(), by_age.end(), std::greater<>());
  for (std::size_t at = 1; at < by_age.size(); ++at) {
    const auto& older = out.old[by_age[at - 1].second];
    auto& one = out.old[by_age[at].second];
    one.on_it.in_use += older.on_it.in_use;
    one.on_it.last_end = std::max(one.on_it.last_end, older.on_it.last_end);
    one.is_imported = one.is_imported || older.is_imported;
  }
  return out;
}

}  // namespace mutual::authority
