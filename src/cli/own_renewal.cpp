#include "cli/own_renewal.hpp"

#include "authority/issuer_end.hpp"
#include "authority/layout.hpp"
#include "authority/pki.hpp"
#include "base/file.hpp"
#include "base/shell_word.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace mutual::cli {
namespace {

using x509::profile;
using x509::remedy;

struct own_pki {
  authority::pki at;
  std::string option;  // " --pki DIR", where it must be said.
  std::optional<x509::certificate> root, intermediate;
};

std::optional<x509::certificate> first_of(const std::filesystem::path& file) {
  const auto read = x509::load_certificates(file);
  return read ? std::optional(read->front()) : std::nullopt;
}

std::string rotation(const own_pki& own) {
  std::vector<x509::certificate> above;
  if (own.root) above.push_back(*own.root);
  return std::string(authority::rotation_for(*own.intermediate, above)) + own.option;
}

// Renewed under the same issuer it would end with that again.
bool ends_with_issuer(const own_pki& own, const x509::certificate& one) {
  return own.intermediate && one.issuer() == own.intermediate->subject() &&
         one.not_after() >= own.intermediate->not_after();
}

std::string leaf_renewal(const own_pki& own, const authority::record& known, const x509::certificate& one, remedy how) {
  const auto name = text::shell_word(known.name);
  if (known.revoked && !known.revoked->is_hold()) return {};
  auto line = fmt::format("mutual renew {}{}", name, own.option);
  if (how == remedy::other_key && known.has_key) line += " --new-key --key-kind p256";
  if (how == remedy::shorter) line += " --days 397";
  if (known.revoked) line = fmt::format("mutual revoke {}{} --release, and then {}", name, own.option, line);
  const bool is_for_longer = how == remedy::again && ends_with_issuer(own, one);
  return fmt::format("make it anew with: {}{}", is_for_longer ? rotation(own) + ", and then " : "", line);
}

std::string renewal_of(own_pki& own, const x509::certificate& one, remedy how) {
  if (own.root && one == *own.root) return "make another with: mutual rotate root" + own.option;
  if (own.intermediate && one == *own.intermediate) return "make another with: " + rotation(own);
  const auto known = own.at.records().find_sha256(one.sha256());
  if (!known || !*known) return {};
  const auto& record = **known;
  if (record.purpose == profile::root || record.purpose == profile::intermediate) {
    return fmt::format("it issues no more here: renew what it has issued, which mutual rotate status{} tells",
                       own.option);
  }
  if (record.purpose == profile::responder) return {};
  return leaf_renewal(own, record, one, how);
}

}  // namespace

std::function<std::string(const x509::certificate&, remedy)> own_renewal(const std::filesystem::path& pki) {
  const authority::layout places(authority::pki_folder(pki));
  const auto there = file::exists(places.intermediate_certificate());
  if (!there || !*there) return {};
  auto opened = authority::pki::open(places.folder());
  if (!opened) return {};
  auto own = std::make_shared<own_pki>(own_pki{*std::move(opened), {}, {}, {}});
  if (!pki.empty()) own->option = " --pki " + text::shell_word(pki.string());
  own->root = first_of(places.root_certificate());
  own->intermediate = first_of(places.intermediate_certificate());
  return [own](const x509::certificate& one, remedy how) { return renewal_of(*own, one, how); };
}

}  // namespace mutual::cli
