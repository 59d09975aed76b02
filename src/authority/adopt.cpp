#include "authority/adopt.hpp"

#include "authority/taken_over.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"
#include "x509/judging.hpp"
#include "x509/lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mutual::authority {
namespace {

using x509::profile;

error not_taken(const x509::certificate& one, std::string_view why) {
  return {errc::bad_input, fmt::format("{} cannot be taken over: {}", text::quoted(one.subject()), why)};
}

// What RFC 5280 wants of CAs (section 4.1.2.2, 4.2.1.2 and 4.2.1.3) and this one lacks; empty if it has it. What
// `openssl req -x509` makes has no key usage, and servers trust it as itself only: whoever has the key of such a client
// must not be able to make others.
std::string_view lacking(const x509::certificate& one) {
  if (X509_get_key_usage(one.get()) == UINT32_MAX) return "key usage (keyCertSign)";
  if (X509_get0_subject_key_id(one.get()) == nullptr) return "subject key identifier";
  // Go's programs do not even read such a one, and no path of a URL has a minus in it here.
  const auto serial = one.serial();
  if (serial.starts_with('-') || serial.find_first_not_of('0') == std::string::npos) return "positive serial number";
  return {};
}

// A root gets what it lacks, by its own key: under the same name, so that whoever trusts the one before believes what
// is issued from now on, and whoever trusts this one what was issued before.
result<x509::certificate> usable_root(const x509::certificate& root, const std::optional<x509::private_key>& key) {
  const auto what = lacking(root);
  if (what.empty()) return root;
  if (key) return x509::with_ca_extensions(root, *key);
  return not_taken(root,
                   fmt::format("it has no {}, so servers would refuse what it issues; it can be made anew with one, "
                               "by its own key: name that with --root-key",
                               what));
}

}  // namespace

// What of lint's findings makes a CA useless: whatever it issued would be refused.
result<> check_usable(const x509::certificate& one) {
  static constexpr std::array fatal{"not_a_ca",  "expired",        "not_yet_valid", "weak_key",
                                    "malformed", "weak_signature", "old_version"};
  x509::bundle alone;
  alone.certificates.push_back(one);
  for (const auto& found : x509::lint(alone, {.as = x509::use::ca, .at = now(), .trusted = {}})) {
    if (std::find(fatal.begin(), fatal.end(), found.code) != fatal.end()) return not_taken(one, found.what);
  }
  const int constraints = X509_get_ext_by_NID(one.get(), NID_basic_constraints, -1);
  if (constraints < 0 || X509_EXTENSION_get_critical(X509_get_ext(one.get(), constraints)) == 0) {
    return not_taken(one,
                     "its basicConstraints are not critical, as RFC 5280 wants them of CAs, so servers refuse what it "
                     "issues: have it issued anew");
  }
  if (!one.extended_key_usages().empty() && !(one.allows_server() && one.allows_client())) {
    return not_taken(one, "its extended key usage does not let it certify both servers and clients");
  }
  // UINT32_MAX (none at all) has every bit.
  const auto usage = X509_get_key_usage(one.get());
  if ((usage & KU_KEY_CERT_SIGN) == 0) return not_taken(one, "its key usage does not let it sign certificates");
  if ((usage & KU_CRL_SIGN) == 0) {
    return not_taken(one,
                     "its key usage does not let it sign revocation lists (cRLSign), so nothing that it issues could "
                     "be revoked");
  }
  return {};
}

namespace {

result<made_authorities> adopt_root(const init_request& request, const ca_keys& keys, const limits& by) {
  const auto& ca = request.existing->ca;
  if (X509_get_pathlen(ca.leaf().get()) == 0) {
    return not_taken(
        ca.leaf(),
        "it allows no CA below it (pathlen:0), and everything here is issued by an intermediate; make a new "
        "authority with mutual init, and trust both for a while");
  }
  const auto& organization = request.organization;
  MUTUAL_TRY(auto certificate, usable_root(ca.leaf(), ca.key));
  const x509::identity root{ca.key, {std::move(certificate)}};
  // A CA below one of the same name would be taken for a root.
  auto name = organization + " Intermediate CA";
  if (ca.leaf().common_name() == name) name += " 2";
  MUTUAL_TRY(auto below, make_intermediate({std::move(name), {organization}, {}}, *keys.intermediate, by, root));
  return made_authorities{root.leaf(), std::move(below), root.key, {root.leaf().serial()}, request.token_uri};
}

result<made_authorities> adopt_intermediate(const existing_ca& from) {
  const auto& last = from.ca.chain.back();
  const auto root = std::find_if(from.above.begin(), from.above.end(), [&](const auto& one) {
    return one.is_self_signed() && last.may_be_issued_by(one) && last.is_signed_by(one);
  });
  if (root == from.above.end()) {
    return not_taken(last,
                     fmt::format("the root that has issued it ({}) is not in the files; name its certificate with "
                                 "--chain",
                                 text::printable(last.issuer())));
  }
  for (const auto& one : from.ca.chain) {
    MUTUAL_CHECK(check_usable(one));
    if (X509_get0_authority_key_id(one.get()) == nullptr) {
      return not_taken(one,
                       "it has no authority key identifier, as RFC 5280 wants it of CAs, so servers refuse what it "
                       "issues: have it issued anew with one");
    }
    // How many CAs are below it on the way to what is issued.
    const long allowed = X509_get_pathlen(one.get());
    if (allowed >= 0 && allowed < &one - from.ca.chain.data()) {
      return not_taken(one, fmt::format("it allows {} CAs below it (pathlen), and more are there", allowed));
    }
    if (const auto what = lacking(one); !what.empty()) {
      return not_taken(one,
                       fmt::format("it has no {}, as RFC 5280 wants it of CAs, so servers refuse what it issues: have "
                                   "it issued anew with one",
                                   what));
    }
  }
  MUTUAL_CHECK(check_usable(*root));
  if (from.root_key && !from.root_key->belongs_to(*root)) {
    return not_taken(*root, "the key that --root-key names is not its own");
  }
  MUTUAL_TRY(auto usable, usable_root(*root, from.root_key));
  if (!last.may_be_issued_by(usable)) {
    return not_taken(last,
                     "it names its root's certificate by its serial number, and that had to be made anew: have it "
                     "issued anew");
  }
  std::vector<std::string> imported{usable.serial(), from.ca.leaf().serial()};
  return made_authorities{std::move(usable), from.ca, from.root_key, std::move(imported), from.token_uri};
}

// A list of a CA whose key is not here: it is kept as it is, until its owner makes a newer one.
result<> keep_list(const x509::crl& list, bool is_roots, const layout& places, std::string& above) {
  if (!list.next_update() || *list.next_update() <= now()) {
    return error(errc::bad_input, fmt::format("the revocation list of {} is past its date: get its newest from whoever "
                                              "runs that CA",
                                              text::quoted(list.issuer())));
  }
  constexpr std::size_t most_digits = 15;  // Of hexadecimal: the inventory counts further from there.
  if (list.number().size() > most_digits) {
    return error(errc::bad_input,
                 fmt::format("the revocation list of {} has the number 0x{}, and no list after it could "
                             "be counted here",
                             text::quoted(list.issuer()), list.number()));
  }
  if (is_roots) return file::create(places.revocation_list("root"), list.der(), file::access::everyone);
  above += list.pem();
  return {};
}

result<> take_over_lists(const existing_ca& from, const made_authorities& made, const layout& places, inventory& in) {
  const auto all = made.all();
  std::string above;
  for (const auto& list : from.lists) {
    const auto signer = std::find_if(all.begin(), all.end(), [&](const auto& one) { return list.is_signed_by(one); });
    if (signer == all.end()) {
      return error(errc::bad_input, fmt::format("the revocation list of {} is signed by none of the CAs that are taken "
                                                "over: leave it out, or name the right one",
                                                text::quoted(list.issuer())));
    }
    for (const auto& one : all) {
      if (one.issuer() == list.issuer() && list.revokes(one)) {
        return not_taken(one, fmt::format("{} has revoked it", text::quoted(list.issuer())));
      }
    }
    const bool is_roots = *signer == made.root;
    if (X509_CRL_get_ext_by_NID(list.get(), NID_delta_crl, -1) >= 0) {
      return error(errc::bad_input, fmt::format("the revocation list of {} is a delta: give its newest full list",
                                                text::quoted(list.issuer())));
    }
    if (is_roots ? made.root_key.has_value() : *signer == made.issuer.leaf()) {
      taken_over told;
      MUTUAL_CHECK(take_over(list, in, "imported", told));
    } else {
      MUTUAL_CHECK(keep_list(list, is_roots, places, above));
    }
  }
  if (above.empty()) return {};
  return file::create(places.lists_above(), above, file::access::everyone);
}

}  // namespace

std::vector<std::string> without_lists(const existing_ca& from, const std::vector<x509::certificate>& all) {
  std::vector<std::string> out;
  for (const auto& one : all) {
    // The root may have been made anew, with the same name and key; what is made here has never signed a list.
    const bool is_from_elsewhere = one.subject() == from.ca.leaf().subject() ||
                                   std::any_of(from.above.begin(), from.above.end(), [&](const auto& other) {
                                     return one.is_self_signed() && other.subject() == one.subject();
                                   });
    const bool has_list = std::any_of(from.lists.begin(), from.lists.end(),
                                      [&](const auto& list) { return list.issuer() == one.subject(); });
    if (is_from_elsewhere && !has_list) out.push_back(one.subject());
  }
  return out;
}

result<made_authorities> adopt_authorities(const init_request& request, const ca_keys& keys, const limits& by,
                                           const layout& places, inventory& in) {
  const auto& from = *request.existing;
  const auto& ca = from.ca.leaf();
  MUTUAL_CHECK(check_usable(ca));
  if (ca.is_self_issued() && !ca.is_self_signed()) return not_taken(ca, "its own signature is wrong");
  const bool is_root = ca.is_self_signed();
  if (is_root && from.root_key) {
    return error(errc::bad_usage, "--root-key is for the root of an intermediate, and this is a root: leave it out");
  }
  if (is_root && !from.token_uri.empty()) {
    return error(errc::bad_usage, "the key of a root is not taken from a token: name a file that holds it with --key");
  }
  if (!is_root && !request.token_uri.empty()) {
    return error(errc::bad_usage,
                 "--intermediate-key is for a root that gets an intermediate; an intermediate's own key is named with "
                 "--key");
  }
  if (!is_root && from.leave_root_key) {
    return error(errc::bad_usage, "--leave-root-key is for a root, and this is an intermediate: leave it out");
  }
  MUTUAL_TRY(auto made, is_root ? adopt_root(request, keys, by) : adopt_intermediate(from));
  // What lint looks for is what often goes wrong; this is everything that whoever checks looks for.
  if (const auto tried = x509::try_to_issue(made.issuer, made.root); !tried) {
    return not_taken(ca, tried.error().message());
  }
  MUTUAL_CHECK(write_authorities(made, places, in));
  MUTUAL_CHECK(take_over_lists(from, made, places, in));
  return made;
}

}  // namespace mutual::authority
