#include "tls/verdict.hpp"

#include "base/text.hpp"
#include "tls/reason_alert.hpp"
#include "tls/verdict_examine.hpp"
#include "tls/verdict_lost.hpp"
#include "tls/verdict_names.hpp"
#include "tls/verdict_path.hpp"
#include "tls/verdict_rules.hpp"
#include "x509/certificate.hpp"
#include "x509/name.hpp"
#include "x509/peer.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace mutual::tls {
namespace {

presented_certificate describe(const X509* one) {
  presented_certificate out{.subject = x509::name_text(X509_get_subject_name(one)),
                            .issuer = x509::name_text(X509_get_issuer_name(one)),
                            .serial = x509::serial_text(one)};
  out.not_before = x509::to_time(X509_get0_notBefore(one)).value_or(sys_seconds{});
  out.not_after = x509::to_time(X509_get0_notAfter(one)).value_or(sys_seconds{});
  return out;
}

verdict refuse(finding why, X509* leaf, const STACK_OF(X509) * sent) {
  auto out = refusal(why.why, std::move(why.detail));
  out.presented.push_back(describe(leaf));
  for (int at = 0; at < sk_X509_num(sent) && out.presented.size() < verdict::most_presented; ++at) {
    const X509* one = sk_X509_value(sent, at);
    if (X509_cmp(one, leaf) != 0) out.presented.push_back(describe(one));
  }
  return out;
}

// Limits before work: nothing here looks into a certificate.
std::optional<finding> over_limits(X509* leaf, const STACK_OF(X509) * sent) {
  // A chain that repeats the leaf, as SSL_get_peer_cert_chain does for clients, is one longer.
  const int count = std::max(0, sk_X509_num(sent));
  if (count > path_limits::most_sent + 1) {
    return finding{reason::constraint_violated, fmt::format("{} certificates were sent; more than {} are not looked at",
                                                            count, path_limits::most_sent)};
  }
  long bytes = i2d_X509(leaf, nullptr);
  for (int at = 0; at < count; ++at) bytes += i2d_X509(sk_X509_value(sent, at), nullptr);
  if (bytes > path_limits::most_bytes) {
    return finding{reason::constraint_violated,
                   fmt::format("the certificates that were sent take {} bytes; more than {} are not looked at", bytes,
                               path_limits::most_bytes)};
  }
  return std::nullopt;
}

// Until when nothing that the verdict rests on begins or ends: dates are inclusive, so one second after the last.
sys_seconds holds_until(const trust& by, const peer& who, sys_seconds at) {
  auto until = who.chain_not_after();
  if (until != sys_seconds::max()) until += std::chrono::seconds(1);
  if (const auto next = by.next_revocation_event(at)) until = std::min(until, *next);
  return until;
}

// A good chain's peer; a finding if its names are not safe to hand to programs.
std::variant<std::shared_ptr<const peer>, finding> peer_of(const path& chain) {
  auto made = x509::make_peer(chain);
  if (!made) return finding{reason::malformed, made.error().message()};
  findings wrong;
  check_name_syntax(**made, wrong);
  if (!wrong.empty()) return most_telling(wrong);
  return *std::move(made);
}

verdict accept(const trust& by, std::shared_ptr<const peer> who, const judge_options& options) {
  const auto until = holds_until(by, *who, options.at);
  return verdict_of(
      {.who = std::move(who), .use = options.use, .generation = by.generation(), .from = options.at, .until = until});
}

// Judges paths one after another until one is good; of bad ones keeps what is told of the one that came farthest.
class hearing {
 public:
  hearing(const trust& by, const judge_options& options) : by_(by), options_(options) {}

  bool hear(const examined& one) {
    if (!one.wrong.empty()) return note(most_telling(one.wrong));
    auto made = peer_of(one.chain);
    if (auto* wrong = std::get_if<finding>(&made)) return note(std::move(*wrong));
    good_ = std::get<std::shared_ptr<const peer>>(std::move(made));
    return true;
  }

  verdict decide(X509* leaf, const STACK_OF(X509) * sent) && {
    if (good_) return accept(by_, std::move(good_), options_);
    return refuse(std::move(*worst_), leaf, sent);
  }

  bool heard_any() const { return good_ || worst_; }

 private:
  bool note(finding one) {
    if (!worst_ || rank(one.why) > rank(worst_->why)) worst_ = std::move(one);
    return false;
  }

  const trust& by_;
  const judge_options& options_;
  std::shared_ptr<const peer> good_;
  std::optional<finding> worst_;
};

verdict judge_chain(const trust& by, X509* leaf, const STACK_OF(X509) * sent, const judge_options& options) {
  if (auto over = over_limits(leaf, sent)) return refuse(std::move(*over), leaf, sent);
  if ((X509_get_extension_flags(leaf) & EXFLAG_INVALID) != 0) {
    return refuse({reason::malformed, fmt::format("{} has extensions that cannot be read or stand there twice: have it "
                                                  "issued anew",
                                                  subject_of(leaf))},
                  leaf, sent);
  }
  hearing all(by, options);
  if (by.is_pinned(leaf)) {
    all.hear(examine_pin(by, leaf, options));
    return std::move(all).decide(leaf, sent);
  }
  const auto outcome = search_paths(
      by, leaf, sent, [&](const path& candidate) { return all.hear(examine(by, candidate, sent, options)); });
  if (all.heard_any()) return std::move(all).decide(leaf, sent);
  if (outcome.gave_up) {
    return refuse({reason::constraint_violated,
                   "the certificates that were sent form more paths than are looked at: "
                   "send the leaf and its intermediates only"},
                  leaf, sent);
  }
  return refuse(explain_no_path(by, outcome.stump, sent), leaf, sent);
}

}  // namespace

verdict verdict_of(standing earlier) {
  verdict out;
  out.who = earlier.who;
  out.holds = std::move(earlier);
  return out;
}

verdict refusal(reason why, std::string detail) {
  verdict out;
  out.refused = why;
  out.detail = std::move(detail);
  out.alert = alert_for(why);
  out.verify_error = verify_error_for(why).value_or(X509_V_ERR_CERT_REJECTED);
  return out;
}

verdict refusal_of(const peer& who, finding why) {
  auto out = refusal(why.why, std::move(why.detail));
  presented_certificate shown{.subject = who.subject(), .issuer = who.issuer(), .serial = who.serial()};
  shown.not_before = who.not_before();
  shown.not_after = who.not_after();
  out.presented.push_back(std::move(shown));
  return out;
}

verdict judge(const trust& by, X509* leaf, const STACK_OF(X509) * sent, const judge_options& options) {
  if (leaf == nullptr) {
    return refusal(reason::no_certificate, options.use == purpose::client ? "the client sent no certificate"
                                                                          : "the server sent no certificate");
  }
  // What OpenSSL grumbles about here must not be taken for a failure of the caller's next SSL call.
  ERR_set_mark();
  auto out = judge_chain(by, leaf, sent, options);
  ERR_pop_to_mark();
  return out;
}

bool still_holds(const trust& by, const standing& earlier, const judge_options& options) {
  return earlier.who && earlier.generation == by.generation() && earlier.use == options.use && options.host.empty() &&
         earlier.from <= options.at && options.at < earlier.until;
}

verdict judge_again(const trust& by, const standing& earlier, const judge_options& options) {
  if (still_holds(by, earlier, options)) return verdict_of(earlier);
  if (!earlier.who || earlier.who->chain().empty()) {
    return refusal(reason::no_certificate, "the session that was taken up again holds no certificate");
  }
  x509::x509_stack_ptr chain(sk_X509_new_null());
  for (const auto& der : earlier.who->chain()) {
    auto one = x509::from_whole_der<x509::x509_ptr>(der, d2i_X509);
    if (!one || sk_X509_push(chain.get(), one.get()) <= 0) {
      return refusal(reason::malformed, "the session's certificates cannot be read: connect anew");
    }
    (void)one.release();
  }
  return judge(by, sk_X509_value(chain.get(), 0), chain.get(), options);
}

}  // namespace mutual::tls
