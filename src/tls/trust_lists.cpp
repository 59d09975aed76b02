// The revocation lists of a trust: which is the newest, and when one begins or ends.

#include "tls/trust.hpp"
#include "tls/trust_crl.hpp"

#include <algorithm>
#include <utility>

namespace mutual::tls {
namespace {

using certificates = std::vector<x509::certificate>;

// OpenSSL goes by dates alone. What the CA has counted higher and not dated later stands for this one. Of a delta that
// is not so: the higher one may be of a base that is not here.
bool is_outdated(const trust::revocation_list& one, const std::vector<trust::revocation_list>& among) {
  return std::any_of(among.begin(), among.end(), [&](const trust::revocation_list& other) {
    return other.from <= one.from && !other.signers->get()->empty() && are_of_one_series(other.list, one.list) &&
           compare_numbers(other.list, one.list) > 0;
  });
}

}  // namespace

// By issuers, and of each issuer those that it counts higher first: it counts its lists to tell which is the newer (RFC
// 5280 section 5.2.3), where the date is only that of its clock. Two keys of one name count each for itself, but nobody
// is judged by both.
bool trust::is_newer(const revocation_list& left, const revocation_list& right) {
  const int by_name = X509_NAME_cmp(X509_CRL_get_issuer(left.list.get()), X509_CRL_get_issuer(right.list.get()));
  if (by_name != 0) return by_name < 0;
  const int by_number = compare_numbers(left.list, right.list);
  return by_number != 0 ? by_number > 0 : left.from > right.from;
}

result<> trust::prepare_revocations() {
  if (revocations_.empty()) return {};
  certificates issuers = hints_;
  for (const auto& each : entries_) issuers.push_back(each.certificate);
  for (const auto& list : revocations_) {
    MUTUAL_TRY(auto signers, check_crl(list, issuers));
    lists_.push_back(
        {list, list.this_update(), list.next_update().value_or(sys_seconds::min()),
         std::make_shared<snapshot<certificates>>(std::make_shared<const certificates>(std::move(signers)))});
    usual_lists_ = usual_lists_ && is_usual(list);
    events_.push_back(lists_.back().from);
    events_.push_back(lists_.back().until);
    // When a list that has ended ceases to count all the same.
    events_.push_back(lists_.back().until + settings_.stale_lists_grace);
  }
  std::stable_sort(lists_.begin(), lists_.end(), is_newer);
  crls_ = sk_X509_CRL_new_null();
  for (const auto& one : lists_) {
    if (!is_outdated(one, lists_)) sk_X509_CRL_push(crls_, one.list.get());
  }
  std::sort(events_.begin(), events_.end());
  return {};
}

const x509::lookup_list* trust::list_of(const X509_CRL* in_stack) const {
  const auto found = std::find_if(revocations_.begin(), revocations_.end(),
                                  [in_stack](const x509::lookup_list& one) { return one.get() == in_stack; });
  return found == revocations_.end() ? nullptr : &*found;
}

std::optional<sys_seconds> trust::next_revocation_event(sys_seconds at) const {
  const auto next = std::upper_bound(events_.begin(), events_.end(), at);
  return next == events_.end() ? std::nullopt : std::optional(*next);
}

}  // namespace mutual::tls
