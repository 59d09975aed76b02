#include "ca_service/published_lists.hpp"

#include "base/file.hpp"
#include "x509/bundle.hpp"
#include "x509/list_files.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>

namespace mutual::ca_service {
namespace {

using lists = std::vector<x509::lookup_list>;

const x509::lookup_list* list_of(const x509::certificate& ca, const lists& among) {
  const auto found =
      std::find_if(among.begin(), among.end(), [&](const x509::lookup_list& one) { return one.is_signed_by(ca); });
  return found == among.end() ? nullptr : &*found;
}

// Lower-case hex of whole octets.
bool is_higher(const std::string& number, const std::string& other) {
  return number.size() != other.size() ? number.size() > other.size() : number > other;
}

// A later one is there while lists are being made, and when the others could not be. A younger one of the same number
// was made where the root's key is, and may say more.
bool is_as_good(const std::filesystem::path& file, const x509::certificate& ca, const x509::lookup_list& wanted) {
  const auto there = x509::load_lookup_lists(file);
  if (!there || !there->front().is_signed_by(ca)) return false;
  const auto& found = there->front();
  if (found.is_same_as(wanted) || is_higher(found.number(), wanted.number())) return true;
  return found.number() == wanted.number() && found.this_update() > wanted.this_update();
}

}  // namespace

std::vector<published_list> published_lists(const authority::layout& places) {
  std::vector<published_list> out;
  const auto add = [&](const char* part, const std::string& called, const std::filesystem::path& certificate) {
    const auto found = x509::load_certificates(certificate);
    if (found) out.push_back({part, found->front(), places.revocation_list(called)});
  };
  add("intermediate", "intermediate", places.intermediate_certificate());
  add("root", "root", places.root_certificate());
  std::error_code code;
  for (std::filesystem::directory_iterator at(places.retired(), code), end; !code && at != end; at.increment(code)) {
    if (at->path().extension() == ".crt") add("retired", "retired/" + at->path().stem().string(), at->path());
  }
  return out;
}

std::vector<published_list> outdated(const authority::layout& places, const std::vector<published_list>& all) {
  std::vector<published_list> out;
  const auto served = x509::load_lookup_lists(places.revocation_lists());
  if (!served) return out;
  for (const auto& one : all) {
    const auto* wanted = list_of(one.ca, *served);
    if (wanted != nullptr && !is_as_good(one.file, one.ca, *wanted)) out.push_back(one);
  }
  return out;
}

result<> publish_again(const authority::layout& places, const published_list& one) {
  MUTUAL_TRY(const auto pem, file::read(places.revocation_lists(), x509::largest_lists));
  MUTUAL_TRY(const auto served, x509::load_lookup_lists(places.revocation_lists()));
  const auto* wanted = list_of(one.ca, served);
  const auto der = wanted != nullptr ? x509::find_list(pem, [&](const auto& list) { return list.is_same_as(*wanted); })
                                     : std::nullopt;
  // Others have made another one meanwhile, and see to it.
  if (!der) return {};
  return file::replace(one.file, *der, file::access::everyone);
}

}  // namespace mutual::ca_service
