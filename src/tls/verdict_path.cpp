#include "tls/verdict_path.hpp"

#include <algorithm>

namespace mutual::tls {
namespace {

class search {
 public:
  search(const trust& by, const STACK_OF(X509) * sent, const std::function<bool(const path&)>& visit)
      : by_(by), sent_(sent), visit_(visit) {}

  search_outcome run(X509* leaf) {
    so_far_.push_back(leaf);
    (void)extend();
    return std::move(outcome_);
  }

 private:
  // Each gives true when the search is over.

  bool extend() {
    X509* last = so_far_.back();
    if (by_.is_anchor(last)) return reached_anchor();
    if (by_anchors(last)) return true;
    bool dead_end = true;
    for (const auto& one : by_.intermediates_named(X509_get_issuer_name(last))) {
      if (step(one.get(), last, dead_end)) return true;
    }
    for (int at = 0; at < sk_X509_num(sent_); ++at) {
      if (step(sk_X509_value(sent_, at), last, dead_end)) return true;
    }
    if (dead_end && so_far_.size() > outcome_.stump.size()) outcome_.stump = so_far_;
    return false;
  }

  bool by_anchors(X509* last) {
    for (const auto& anchor : by_.anchors_named(X509_get_issuer_name(last))) {
      if (!could_issue(anchor.get(), last) || contains(anchor.get())) continue;
      so_far_.push_back(anchor.get());
      const bool over = reached_anchor();
      so_far_.pop_back();
      if (over) return true;
    }
    return false;
  }

  bool step(X509* issuer, X509* last, bool& dead_end) {
    if (!could_issue(issuer, last) || contains(issuer)) return false;
    if (++steps_ > path_limits::most_steps || so_far_.size() >= path_limits::longest) return give_up();
    dead_end = false;
    so_far_.push_back(issuer);
    const bool over = extend();
    so_far_.pop_back();
    return over;
  }

  bool reached_anchor() {
    if (outcome_.found >= path_limits::most_tried) return give_up();
    ++outcome_.found;
    outcome_.ended_early = visit_(so_far_);
    return outcome_.ended_early;
  }

  bool give_up() {
    outcome_.gave_up = true;
    return true;
  }

  // RFC 5280 section 6.1: "A certificate MUST NOT appear more than once in a prospective certification path."
  bool contains(X509* one) const {
    return std::any_of(so_far_.begin(), so_far_.end(), [one](X509* each) { return X509_cmp(each, one) == 0; });
  }

  const trust& by_;
  const STACK_OF(X509) * sent_;
  const std::function<bool(const path&)>& visit_;
  path so_far_;
  int steps_ = 0;
  search_outcome outcome_;
};

}  // namespace

bool could_issue(X509* issuer, X509* one) {
  // Names first: cheap, and nearly always the answer.
  if (X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(one)) != 0) return false;
  const int found = X509_check_issued(issuer, one);
  return found == X509_V_OK || found == X509_V_ERR_KEYUSAGE_NO_CERTSIGN;
}

search_outcome search_paths(const trust& by, X509* leaf, const STACK_OF(X509) * sent,
                            const std::function<bool(const path&)>& visit) {
  return search(by, sent, visit).run(leaf);
}

}  // namespace mutual::tls
