#include "cli/lint_revoked.hpp"

#include "authority/layout.hpp"
#include "authority/newest_issuer.hpp"
#include "authority/pki.hpp"
#include "authority/reserved_name.hpp"
#include "authority/revoked_issuer.hpp"
#include "base/file.hpp"
#include "base/shell_word.hpp"
#include "base/text.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace mutual::cli {
namespace {

using authority::record;
using x509::certificate;
using x509::profile;

struct own_knowledge {
  authority::layout places;
  std::string option;  // " --pki DIR", where it must be said.
  std::optional<authority::pki> opened;
  std::string unknown;  // why not all that there is could be asked
  std::vector<x509::lookup_list> lists;
};

bool is_there(const std::filesystem::path& file) {
  const auto there = file::exists(file);
  return there && *there;
}

bool is_ca(const record& one) { return one.purpose == profile::root || one.purpose == profile::intermediate; }

// Lists and inventory each tell what they know, also where the other cannot be read.
own_knowledge known_at(const std::filesystem::path& pki) {
  own_knowledge out{authority::layout(authority::pki_folder(pki)), {}, {}, {}, {}};
  if (!pki.empty()) out.option = " --pki " + text::shell_word(pki.string());
  if (is_there(out.places.inventory()) || is_there(out.places.store())) {
    auto opened = authority::pki::open(out.places.folder());
    if (opened) out.opened.emplace(*std::move(opened));
    if (!opened) out.unknown = opened.error().message();
  }
  if (is_there(out.places.revocation_lists())) {
    auto lists = x509::load_lookup_lists(out.places.revocation_lists());
    if (lists) out.lists = *std::move(lists);
    if (!lists && out.unknown.empty()) out.unknown = lists.error().message();
  }
  return out;
}

bool is_listed(const own_knowledge& own, const certificate& one) {
  return std::any_of(own.lists.begin(), own.lists.end(), [&](const x509::lookup_list& list) {
    return list.issuer() == one.issuer() && list.revokes(X509_get0_serialNumber(one.get()));
  });
}

// With the names that it had; they may be a stranger's, and somebody copies the line into a shell.
std::string issue_again(own_knowledge& own, const record& known, const certificate& one) {
  const auto anew = authority::to_issue_anew(known.name, own.opened->records(), own.places);
  if (!known.has_key) {
    return fmt::format("have its owner make another key and a request, and sign that{} with: mutual sign REQUEST{}{}",
                       anew.under.empty() ? "" : anew.under + ",", anew.under.empty() ? "" : " --name " + anew.word,
                       own.option);
  }
  const auto names = one.names();
  std::string more;
  if (known.purpose != profile::client) {
    for (const auto* kind : {&names.dns, &names.ips}) {
      for (const auto& name : *kind) more += " " + text::shell_word(name);
    }
  }
  for (const auto& name : names.uris) more += " --uri " + text::shell_word(name);
  for (const auto& name : names.emails) more += " --email " + text::shell_word(name);
  return fmt::format("issue another{} with: mutual issue {} {}{}{}", anew.under.empty() ? "" : anew.under + ",",
                     to_string(known.purpose), anew.word, more, own.option);
}

std::string ca_remedy(const own_knowledge& own, const record& ca, bool is_issuing, const std::string& passed_over) {
  if (ca.revoked && ca.revoked->is_hold()) {
    return fmt::format("release it with: mutual revoke {} --release{}", ca.serial, own.option);
  }
  if (!passed_over.empty()) {
    return fmt::format("the CA of this folder {}; then renew what this one has issued", passed_over);
  }
  if (!is_issuing) return "another CA issues here by now: renew what this one has issued";
  return fmt::format("make another with: mutual rotate intermediate{}, and then renew what this one has issued",
                     own.option);
}

std::string remedy_for(own_knowledge& own, const record& known, const certificate& one) {
  if (is_ca(known)) {
    const auto issuing = x509::load_certificates(own.places.intermediate_certificate());
    if (!issuing) return ca_remedy(own, known, false, {});
    const auto passed_over = authority::passed_over(own.opened->records(), issuing->front());
    if (!passed_over) own.unknown = passed_over.error().message();
    return ca_remedy(own, known, issuing->front() == one, passed_over ? *passed_over : std::string());
  }
  if (known.revoked->is_hold()) {
    return fmt::format("release it with: mutual revoke {} --release{}", text::shell_word(known.name), own.option);
  }
  if (known.purpose == profile::responder) return "mutual ca serve makes another by itself";
  const auto later = own.opened->records().find(known.name);
  if (later && *later && !(*later)->revoked) {
    return fmt::format("a later certificate has its name: use {}",
                       text::printable(own.places.certificate(known.name).string(), 4096));
  }
  return issue_again(own, known, one);
}

std::string what_is_wrong(const record& known) {
  return fmt::format("it is {} since {} ({}), so servers that check revocation refuse it{}",
                     known.revoked->is_hold() ? "on hold" : "revoked", to_text(known.revoked->at),
                     to_string(known.revoked->reason), is_ca(known) ? " and whatever it has issued" : "");
}

x509::lint_finding finding(std::string about, std::string what, std::string fix) {
  return {"revoked", x509::weight::wrong, std::move(about), std::move(what), std::move(fix)};
}

std::optional<x509::lint_finding> look_at(own_knowledge& own, const certificate& one) {
  std::optional<record> known;
  if (own.opened) {
    auto found = own.opened->records().find_sha256(one.sha256());
    if (found) known = *std::move(found);
    if (!found) own.unknown = found.error().message();
  }
  if (known && known->revoked) return finding(one.subject(), what_is_wrong(*known), remedy_for(own, *known, one));
  if (!is_listed(own, one)) return std::nullopt;
  return finding(
      one.subject(),
      fmt::format("{} says that it is revoked, so servers that check revocation refuse it",
                  text::printable(own.places.revocation_lists().string(), 4096)),
      known ? "the inventory does not say so: if it was released, make the list anew with: mutual crl" + own.option
            : std::string("have another one issued, for another key"));
}

// The file may hold the leaf alone.
std::optional<x509::lint_finding> look_above(own_knowledge& own, const std::vector<certificate>& all) {
  if (!own.opened) return std::nullopt;
  const auto found = authority::revoked_issuer(own.opened->records(), own.places, all.front());
  if (!found) own.unknown = found.error().message();
  if (!found || !*found) return std::nullopt;
  const auto& ca = (*found)->ca;
  const bool is_in_file =
      std::any_of(all.begin(), all.end(), [&](const certificate& one) { return one.sha256() == ca.sha256; });
  if (is_in_file) return std::nullopt;
  return finding(ca.subject, what_is_wrong(ca), ca_remedy(own, ca, (*found)->is_issuing, (*found)->passed_over));
}

}  // namespace

std::vector<x509::lint_finding> lint_revoked(const std::vector<certificate>& all, const std::filesystem::path& pki) {
  std::vector<x509::lint_finding> out;
  if (all.empty()) return out;
  auto own = known_at(pki);
  for (const auto& one : all) {
    if (auto found = look_at(own, one)) out.push_back(*std::move(found));
  }
  if (auto found = look_above(own, all)) out.push_back(*std::move(found));
  // That nothing was found would say that nothing is wrong.
  if (!own.unknown.empty()) {
    out.push_back({"revocation_unknown", x509::weight::advice, all.front().subject(),
                   "whether it is revoked could not be looked up: " + own.unknown,
                   "mend that, and look it over again"});
  }
  return out;
}

}  // namespace mutual::cli
