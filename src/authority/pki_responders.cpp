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

// Each for itself: what is wrong with one CA, or with its key, is no reason that nobody hears of the others.
result<std::vector<ocsp_responder>> pki::ready_responders(result<>* failed) {
  MUTUAL_TRY(const auto turn, take_turn());
  std::vector<ocsp_responder> out;
  result<> outcome;
  const auto fail = [&](const error& why) {
    if (outcome) outcome = why;
  };
  const auto take = [&](const x509::certificate& ca, const result<x509::identity>& with_key, const std::string& called,
                        bool key_may_be_away) -> result<> {
    auto there = usable(places_.responder(ca.serial()), ca);
    // One that was revoked, or that no record knows since a backup was put back, signs nothing more.
    if (there) {
      MUTUAL_TRY(const auto known, inventory_->find_serial(there->leaf().serial()));
      if (!known || known->revoked) there.reset();
    }
    if (!there || is_due(there->leaf(), due_percent, now())) {
      auto made = with_key ? new_responder(*with_key, called, responder_lifetime) : with_key.error();
      if (made) {
        there = *std::move(made);
      } else if (with_key || !key_may_be_away) {
        fail(made.error());
      }
    }
    // While the key is away or closed, what there is serves to its end.
    if (there) out.push_back({ca, *std::move(there)});
    return {};
  };
  if (const auto own = x509::load_certificates(places_.intermediate_certificate())) {
    MUTUAL_CHECK(take(own->front(), load_issuer(places_), "intermediate", false));
  } else {
    fail(own.error());
  }
  std::vector<root_place> roots;
  if (auto own_root = current_root(places_)) {
    roots.push_back(*std::move(own_root));
  } else {
    fail(own_root.error());
  }
  const auto name_of = [](const std::string& called) { return std::filesystem::path(called).filename().string(); };
  if (const auto retired = load_retired(places_, *inventory_)) {
    for (const auto& one : retired->issuers) {
      if (one.has_ended) continue;
      const result<x509::identity> with_key =
          one.key_state ? result<x509::identity>(one.who) : result<x509::identity>(one.key_state.error());
      MUTUAL_CHECK(take(one.who.leaf(), with_key, name_of(one.called), false));
    }
    for (const auto& one : retired->roots) {
      if (one.needs_list) roots.push_back(one.root);
    }
  } else {
    fail(retired.error());
  }
  for (const auto& root : roots) {
    MUTUAL_CHECK(take(root.certificate, load_root(root, {}), name_of(root.called), true));
  }
  if (out.empty() && !outcome) return std::move(outcome).error();
  if (failed != nullptr) *failed = std::move(outcome);
  return out;
}

result<> pki::check_current() { return check_not_older(places_, *inventory_); }

}  // namespace mutual::authority
