#include "tls/trust.hpp"

#include "base/text.hpp"
#include "tls/verdict_lists.hpp"
#include "x509/judging.hpp"
#include "x509/name.hpp"
#include "x509/peer.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <utility>

namespace mutual::tls {
namespace {

using x509::certificate;
using certificates = std::vector<certificate>;

const X509_NAME* subject_of(const certificate& one) { return X509_get_subject_name(one.get()); }

bool has_issuer_among(const certificate& one, const std::vector<certificate>& others) {
  return std::any_of(others.begin(), others.end(), [&](const certificate& other) {
    return !(other == one) && can_issue(other) && one.may_be_issued_by(other) && one.is_signed_by(other);
  });
}

bool before(const certificate& left, const certificate& right) {
  return X509_NAME_cmp(subject_of(left), subject_of(right)) < 0;
}

std::span<const certificate> named(const std::vector<certificate>& sorted, const X509_NAME* subject) {
  struct by_subject {
    bool operator()(const certificate& one, const X509_NAME* name) const {
      return X509_NAME_cmp(subject_of(one), name) < 0;
    }
    bool operator()(const X509_NAME* name, const certificate& one) const {
      return X509_NAME_cmp(name, subject_of(one)) < 0;
    }
  };
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), subject, by_subject{});
  return {first, last};
}

// Nobody's lists but those given: OpenSSL would look into the store, under its lock, once a certificate.
STACK_OF(X509_CRL) * no_crls(const X509_STORE_CTX* /*context*/, const X509_NAME* /*issuer*/) {
  return sk_X509_CRL_new_null();
}

result<> add_policies(X509_VERIFY_PARAM* to, const trust_settings::policies& from) {
  // With no policy set at all, OpenSSL would let no chain pass whose CA requires an explicit one.
  auto wanted = from.acceptable;
  if (wanted.empty()) wanted.emplace_back("2.5.29.32.0");
  for (const auto& text : wanted) {
    ASN1_OBJECT* policy = OBJ_txt2obj(text.c_str(), 1);
    if (policy == nullptr) {
      (void)x509::openssl_errors();
      return error(errc::bad_usage, fmt::format("{} is no policy's object identifier: write it as numbers with dots",
                                                text::quoted(text)));
    }
    if (X509_VERIFY_PARAM_add0_policy(to, policy) != 1) {
      ASN1_OBJECT_free(policy);
      return error(errc::internal, "OpenSSL: " + x509::openssl_errors());
    }
  }
  return {};
}

unsigned long flags_for(const trust_settings& settings) {
  unsigned long flags = 0;
  const auto& policies = settings.certificate_policies;
  if (policies.require_explicit) flags |= X509_V_FLAG_EXPLICIT_POLICY;
  if (policies.inhibit_mapping) flags |= X509_V_FLAG_INHIBIT_MAP;
  if (policies.inhibit_any) flags |= X509_V_FLAG_INHIBIT_ANY;
  return flags;
}

std::string pin_note(const certificate& one) {
  return fmt::format(
      "{} calls itself a CA but lacks keyUsage keyCertSign (RFC 5280, 4.2.1.3): it is pinned, so only this very "
      "certificate is let in, and none that it issued",
      text::quoted(one.subject()));
}

std::string beside_its_issuer_note(const certificate& one) {
  return fmt::format(
      "{} is trusted, and so is {}, which issued it: everybody whom that CA has certified is let in; to let in this "
      "one "
      "alone, trust a file that holds its certificate and no other",
      text::quoted(one.subject()), text::quoted(one.issuer()));
}

}  // namespace

// Without keyCertSign (what `openssl req -x509` makes) a certificate is trusted as itself only: whoever holds its key
// must not be able to make further clients.
bool can_issue(const certificate& one) {
  const auto usage = X509_get_key_usage(one.get());
  return one.is_ca() && usage != UINT32_MAX && (usage & KU_KEY_CERT_SIGN) != 0;
}

std::string_view to_string(trust::role as) {
  switch (as) {
    case trust::role::anchor:
      return "anchor";
    case trust::role::intermediate:
      return "intermediate";
    case trust::role::pin:
      return "pin";
  }
  return "unknown";
}

trust::trust(trust_sources from, std::uint64_t generation)
    : settings_(std::move(from.settings)),
      generation_(generation),
      hints_(std::move(from.known_intermediates)),
      revocations_(std::move(from.revocations)) {
  sort_out(std::move(from.trusted));
}

trust::~trust() { sk_X509_CRL_free(crls_); }

void trust::sort_out(std::vector<certificate> trusted) {
  for (const auto& one : trusted) {
    const bool repeated =
        std::any_of(entries_.begin(), entries_.end(), [&](const entry& earlier) { return earlier.certificate == one; });
    if (repeated) continue;
    if (!can_issue(one)) {
      entries_.push_back({one, role::pin});
      pins_.push_back(x509::sha256(one.get()));
    } else if (!one.is_self_issued() && has_issuer_among(one, trusted)) {
      entries_.push_back({one, role::intermediate});
      intermediates_.push_back(one);
    } else {
      entries_.push_back({one, role::anchor});
      anchors_.push_back(one);
    }
  }
  // Two CAs that have certified each other are each the other's intermediate; somebody must be the anchor.
  if (anchors_.empty()) {
    anchors_ = std::exchange(intermediates_, {});
    for (auto& each : entries_) {
      if (each.as == role::intermediate) each.as = role::anchor;
    }
  }
  std::stable_sort(anchors_.begin(), anchors_.end(), before);
  std::stable_sort(intermediates_.begin(), intermediates_.end(), before);
  std::sort(pins_.begin(), pins_.end());
}

result<> trust::prepare_store() {
  store_.reset(X509_STORE_new());
  if (!store_) return error(errc::internal, "OpenSSL: " + x509::openssl_errors());
  X509_STORE_set_lookup_crls(store_.get(), no_crls);
  X509_STORE_set_check_crl(store_.get(), check_list);
  X509_STORE_set_cert_crl(store_.get(), look_up);
  // Only the path of an indirect revocation list's signer is looked up here; a client's own is given to OpenSSL whole.
  for (const auto& each : anchors_) {
    if (X509_STORE_add_cert(store_.get(), each.get()) != 1) {
      return error(errc::internal, "OpenSSL: " + x509::openssl_errors());
    }
  }
  X509_VERIFY_PARAM* settings = X509_STORE_get0_param(store_.get());
  // No times: verdict_rules asks for the certificates' dates.
  x509::judge_strictly(settings);
  X509_VERIFY_PARAM_set_flags(settings, flags_for(settings_));
  // Only against running wild: the limit that counts is most_intermediates, which knows about self-issued ones.
  X509_VERIFY_PARAM_set_depth(settings, 100);
  return add_policies(settings, settings_.certificate_policies);
}

result<std::shared_ptr<const trust>> trust::make(trust_sources from, std::uint64_t generation) {
  for (const auto& one : from.trusted) {
    if ((X509_get_extension_flags(one.get()) & EXFLAG_INVALID) != 0) {
      return error(errc::bad_input,
                   fmt::format("the trusted certificate {} has extensions that cannot be read or stand there twice: "
                               "take it out of the trust, or have it issued anew",
                               text::quoted(one.subject())));
    }
  }
  const std::shared_ptr<trust> made(new trust(std::move(from), generation));
  if (made->entries_.empty()) {
    return error(errc::bad_input,
                 "there is nobody to trust: give at least one CA certificate, or a certificate to pin, as trust");
  }
  MUTUAL_CHECK(made->prepare_revocations());
  MUTUAL_CHECK(made->prepare_store());
  return std::shared_ptr<const trust>(made);
}

std::vector<std::string> trust::notes(sys_seconds at) const {
  std::vector<std::string> all;
  for (const auto& [one, as] : entries_) {
    if (as == role::pin && one.is_ca()) all.push_back(pin_note(one));
    const auto issued_it = [&leaf = one](const entry& other) {
      return other.as != role::pin && other.certificate.subject() == leaf.issuer();
    };
    if (as == role::pin && std::any_of(entries_.begin(), entries_.end(), issued_it)) {
      all.push_back(beside_its_issuer_note(one));
    }
    if (one.not_after() < at) {
      all.push_back(fmt::format("the trusted certificate {} ended on {}: nobody is let in by it",
                                text::quoted(one.subject()), to_text(one.not_after())));
    }
    if (one.not_before() > at) {
      all.push_back(fmt::format("the trusted certificate {} begins on {}: nobody is let in by it before",
                                text::quoted(one.subject()), to_text(one.not_before())));
    }
  }
  for (const auto& list : revocations_) {
    if (list.this_update() > at) {
      all.push_back(fmt::format(
          "the revocation list of {} begins on {}: until then the one before it counts, if there is one (is "
          "the clock of this machine right?)",
          text::quoted(list.issuer()), to_text(list.this_update())));
    }
    if (list.next_update().value_or(at) <= at) {
      all.push_back(
          fmt::format("the revocation list of {} ended on {}: its clients are refused (revocation_stale) "
                      "until there is a newer one",
                      text::quoted(list.issuer()), to_text(list.next_update().value_or(at))));
    }
  }
  return all;
}

trust::name_stack_ptr trust::acceptable_issuers() const {
  constexpr std::size_t most_bytes = 16384;
  name_stack_ptr names(sk_X509_NAME_new_null());
  std::size_t bytes = 0;
  for (const auto& [one, as] : entries_) {
    const auto* name = as == role::pin ? X509_get_issuer_name(one.get()) : subject_of(one);
    const unsigned char* der = nullptr;
    std::size_t size = 0;
    if (X509_NAME_get0_der(name, &der, &size) != 1) continue;
    bytes += size + 2;
    if (bytes > most_bytes) return name_stack_ptr(sk_X509_NAME_new_null());
    x509::x509_name_ptr copy(X509_NAME_dup(name));
    if (copy && sk_X509_NAME_push(names.get(), copy.get()) > 0) (void)copy.release();
  }
  return names;
}

std::span<const certificate> trust::anchors_named(const X509_NAME* subject) const { return named(anchors_, subject); }

std::span<const certificate> trust::intermediates_named(const X509_NAME* subject) const {
  return named(intermediates_, subject);
}

bool trust::is_anchor(const X509* one) const {
  const auto candidates = anchors_named(X509_get_subject_name(one));
  return std::any_of(candidates.begin(), candidates.end(),
                     [one](const certificate& anchor) { return X509_cmp(anchor.get(), one) == 0; });
}

bool trust::is_pinned(const X509* one) const {
  return !pins_.empty() && std::binary_search(pins_.begin(), pins_.end(), x509::sha256(one));
}

}  // namespace mutual::tls
