// Who signs OCSP answers: made and renewed by the authority itself.

#include "authority/pki.hpp"
#include "authority/retired.hpp"
#include "authority/store.hpp"
#include "base/file.hpp"
#include "x509/bundle.hpp"
#include "x509/ocsp.hpp"

#include <fmt/format.h>

#include <utility>

namespace mutual::authority {
namespace {

// Nobody checks whether a responder's own certificate is revoked (RFC 6960 section 4.2.2.2.1), so it lives shortly: the
// root's too, for its key lies beside the intermediate's.
constexpr std::chrono::days responder_lifetime{30};
constexpr unsigned due_percent = 66;

// The one in the file, if it can sign answers for that CA now.
std::optional<x509::identity> usable(const std::filesystem::path& file, const x509::certificate& issuer) {
  auto found = x509::load_identity(file);
  const auto present = now();
  if (!found || !x509::is_ocsp_responder_of(found->leaf(), issuer) || found->leaf().not_after() <= present ||
      found->leaf().not_before() > present) {
    return std::nullopt;
  }
  return *std::move(found);
}

}  // namespace

result<x509::identity> pki::new_responder(const x509::identity& issuer, const std::string& called,
                                          std::chrono::seconds lifetime) {
  // P-256 whatever the CA's own key is: answers are signed by the thousand, and all who check them know it.
  MUTUAL_TRY(auto key, x509::private_key::generate());
  MUTUAL_TRY(auto leaf, x509::issue_ocsp_responder(key, issuer, lifetime));
  auto entry = to_record(leaf, "ocsp-" + called, x509::profile::responder, false);
  entry.state = record_state::issued;
  MUTUAL_CHECK(inventory_->add(entry, "signs OCSP answers"));
  MUTUAL_CHECK(file::make_folder(places_.responders(), file::access::owner_only));
  const x509::secret pem(std::string(key.pem().view()) + leaf.pem());
  MUTUAL_CHECK(file::replace(places_.responder(issuer.leaf().serial()), pem.view(), file::access::owner_only));
  MUTUAL_CHECK(remember());
  return x509::identity{std::move(key), {std::move(leaf)}};
}

result<std::vector<ocsp_responder>> pki::ready_responders() {
  MUTUAL_TRY(const auto turn, take_turn());
  MUTUAL_TRY(const auto issuer, load_issuer(places_));
  MUTUAL_TRY(const auto retired, load_retired(places_));
  std::vector<ocsp_responder> out;
  const auto take = [&](const x509::identity& ca, const std::string& called, std::chrono::days lifetime) -> result<> {
    auto there = usable(places_.responder(ca.leaf().serial()), ca.leaf());
    // One that was revoked, or that no record knows since a backup was put back, signs nothing more.
    if (there) {
      MUTUAL_TRY(const auto known, inventory_->find_serial(there->leaf().serial()));
      if (!known || known->revoked) there.reset();
    }
    if (!there || is_due(there->leaf(), due_percent, now())) {
      MUTUAL_TRY(auto made, new_responder(ca, called, lifetime));
      there = std::move(made);
    }
    out.push_back({ca.leaf(), *std::move(there)});
    return {};
  };
  MUTUAL_CHECK(take(issuer, "intermediate", responder_lifetime));
  for (const auto& one : retired.issuers) {
    if (one.has_ended) continue;
    MUTUAL_CHECK(take(one.who, std::filesystem::path(one.called).filename().string(), responder_lifetime));
  }
  MUTUAL_TRY(auto own_root, current_root(places_));
  std::vector<root_place> roots{std::move(own_root)};
  for (const auto& one : retired.roots) {
    if (one.needs_list) roots.push_back(one.root);
  }
  for (const auto& [root, called, key_file] : roots) {
    if (auto there = usable(places_.responder(root.serial()), root);
        there && !is_due(there->leaf(), due_percent, now())) {
      out.push_back({root, *std::move(there)});
    } else if (const auto keys = x509::load_bundle(key_file); keys && keys->key && keys->key->belongs_to(root)) {
      MUTUAL_CHECK(take({*keys->key, {root}}, std::filesystem::path(called).filename().string(), responder_lifetime));
    } else if (there) {
      // The key is away or closed: what there is serves to its end.
      out.push_back({root, *std::move(there)});
    }
  }
  return out;
}

result<> pki::check_current() { return check_not_older(places_, *inventory_); }

}  // namespace mutual::authority
