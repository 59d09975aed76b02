#pragma once
// trust: whom one listener believes.

#include "base/clock.hpp"
#include "base/snapshot.hpp"
#include "x509/certificate.hpp"
#include "x509/lookup_list.hpp"

#include <mutual/ocsp.hpp>
#include <mutual/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::tls {

/// How strict a trust judges; the defaults are right for nearly everybody.
struct trust_settings {
  /// The most CA certificates between a leaf and its anchor; those with equal subject and issuer (a CA that changed its
  /// key) do not count, as in RFC 5280 section 4.2.1.9.
  int most_intermediates = 8;

  /// OCSP responders are asked about whoever no revocation list speaks of, by whoever has this judged: then not every
  /// CA needs a list. The leaf is asked about in any case.
  bool asks_ocsp = false;

  /// What counts where no revocation list is current, and for how long one counts that has ended. Lists of unusual
  /// kinds (of several issuers, of some reasons, deltas) are judged by OpenSSL, and strictly.
  unanswered stale_lists = unanswered::strict;
  std::chrono::seconds stale_lists_grace{0};

  /// The inputs (c) to (g) of RFC 5280 section 6.1.1. Without any, a chain's policies matter only where its CAs
  /// require them.
  struct policies {
    std::vector<std::string> acceptable;  ///< Object identifiers; empty for any policy.
    bool require_explicit = false;
    bool inhibit_mapping = false;
    bool inhibit_any = false;
  } certificate_policies;
};

/// What a trust is made from.
struct trust_sources {
  /// What the trust files hold. Each certificate becomes an anchor, an intermediate or a pin by what it is: see `role`.
  std::vector<x509::certificate> trusted;
  /// Revocation lists. With at least one, every CA of a chain needs one that is current.
  std::vector<x509::lookup_list> revocations;
  /// Never believed: they only let a refusal say `intermediate_missing` where it would say `unknown_issuer`.
  std::vector<x509::certificate> known_intermediates;
  trust_settings settings;
};

/// Whether a certificate may make others (RFC 5280 section 4.2.1.3): a CA whose keyUsage says keyCertSign. Only such a
/// one becomes more than a pin.
bool can_issue(const x509::certificate& one);

/// Whom one listener judges by: anchors, pins, intermediates and revocations. Immutable, so safe from any thread;
/// what OpenSSL computes of a certificate at first use has been computed when it is made.
class trust {
 public:
  enum class role {
    anchor,        ///< A CA (basicConstraints CA:TRUE and keyUsage keyCertSign) whose issuer is not in the trust.
    intermediate,  ///< A CA whose issuer is in the trust: completes chains that lack it.
    pin,           ///< Any other certificate: only itself is let in, byte for byte, and it can issue nothing.
  };
  struct entry {
    x509::certificate certificate;
    role as = role::pin;
  };

  /// A trust, or an error (bad_input) if there is nobody to trust or a revocation list can never be used. `generation`
  /// is the caller's number for it: two trusts of which a session may meet both need different ones.
  static result<std::shared_ptr<const trust>> make(trust_sources from, std::uint64_t generation);

  trust(const trust&) = delete;
  trust& operator=(const trust&) = delete;
  ~trust();

  std::uint64_t generation() const { return generation_; }
  const trust_settings& settings() const { return settings_; }

  /// Who is trusted, as what, in the order given; for banners.
  const std::vector<entry>& entries() const { return entries_; }
  const std::vector<x509::certificate>& known_intermediates() const { return hints_; }
  const std::vector<x509::lookup_list>& revocations() const { return revocations_; }
  bool checks_revocation() const { return !revocations_.empty(); }

  /// Sentences that an operator should read at the start: what is pinned though it looks like a CA, what has ended,
  /// which revocation list is stale. `at` is the time to tell them for.
  std::vector<std::string> notes(sys_seconds at) const;

  /// The names for a CertificateRequest (RFC 8446 section 4.2.4): the caller's to free. Empty, which means "any", if
  /// they would take more than 16 KB of every handshake.
  struct free_names {
    void operator()(STACK_OF(X509_NAME) * names) const noexcept { sk_X509_NAME_pop_free(names, X509_NAME_free); }
  };
  using name_stack_ptr = std::unique_ptr<STACK_OF(X509_NAME), free_names>;
  name_stack_ptr acceptable_issuers() const;

  // For the verdict.

  /// The anchors, or the intermediates, of that subject.
  std::span<const x509::certificate> anchors_named(const X509_NAME* subject) const;
  std::span<const x509::certificate> intermediates_named(const X509_NAME* subject) const;
  /// Whether this very certificate is an anchor.
  bool is_anchor(const X509* certificate) const;
  /// Whether this very certificate is pinned.
  bool is_pinned(const X509* certificate) const;
  /// A revocation list and what was found out about it when the trust was made.
  struct revocation_list {
    x509::lookup_list list;
    sys_seconds from;
    sys_seconds until;  ///< Stale from this moment on.
    /// Who has signed it, so that it need not be verified again: of the certificates here, found when the trust is
    /// made; of those that clients send, added when they are first seen, up to a few.
    std::shared_ptr<snapshot<std::vector<x509::certificate>>> signers;
  };
  /// The lists by which verdict_revocation judges, by issuers, of each the highest numbers first.
  const std::vector<revocation_list>& lists() const { return lists_; }
  /// Whether all lists are of the usual kind: of one CA, for all its certificates, signed by itself. Else (RFC 5280
  /// sections 5.2.4 to 5.2.6: deltas, partitions, indirect lists) OpenSSL's own check is asked, which verifies the
  /// lists anew for each chain.
  bool has_usual_lists_only() const { return usual_lists_; }

  /// Never null; for X509_STORE_CTX_init: carries the settings and the anchors, no intermediates, pins or lists.
  X509_STORE* store() const { return store_.get(); }
  /// Null if revocation is not checked; for X509_STORE_CTX_set0_crls. Of compact lists OpenSSL sees no entries, and
  /// signatures that do not verify: what it is to think of both, verdict_lists tells it.
  STACK_OF(X509_CRL) * crl_stack() const { return crls_; }
  /// The list that crl_stack() holds under that pointer; null if it is none of this trust's.
  const x509::lookup_list* list_of(const X509_CRL* in_stack) const;
  /// The first moment after `at` at which a revocation list begins or ends.
  std::optional<sys_seconds> next_revocation_event(sys_seconds at) const;

 private:
  trust(trust_sources from, std::uint64_t generation);
  static bool is_newer(const revocation_list& left, const revocation_list& right);
  void sort_out(std::vector<x509::certificate> trusted);
  result<> prepare_store();
  result<> prepare_revocations();

  trust_settings settings_;
  std::uint64_t generation_;
  std::vector<entry> entries_;
  std::vector<x509::certificate> anchors_;        // Sorted by subject.
  std::vector<x509::certificate> intermediates_;  // Sorted by subject.
  std::vector<std::string> pins_;                 // SHA-256, sorted.
  std::vector<x509::certificate> hints_;
  std::vector<x509::lookup_list> revocations_;
  std::vector<revocation_list> lists_;
  bool usual_lists_ = true;
  std::vector<sys_seconds> events_;  // Sorted.
  x509::x509_store_ptr store_;
  STACK_OF(X509_CRL) * crls_ = nullptr;  // Borrows from revocations_.
};

/// "anchor", "intermediate", "pin".
std::string_view to_string(trust::role as);

}  // namespace mutual::tls
