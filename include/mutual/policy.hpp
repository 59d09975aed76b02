#pragma once
// policy: who may do something, as a value.

#include <mutual/peer.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace mutual {

namespace detail {
struct policy_node;
}

/// A predicate on a peer, composed with `&&`, `||` and `!`, and printable. Immutable and cheap to copy; safe to use
/// from any thread.
///
/// It never fails open. What cannot be known does not admit, and its negation does not either: a client without a
/// certificate passes neither `policy::ou("staff")` nor `!policy::ou("staff")`, and a predicate that throws counts as
/// not known.
///
/// Patterns are compared whole. `*` stands for one or more characters of one part of the name, `**` for one or more
/// characters of any; parts are what lies between "/" in a URI, "." in a DNS name, "@" in an e-mail address, and "," in
/// an issuer. So `uri("spiffe://acme/ops/*")` admits spiffe://acme/ops/bob, and neither spiffe://acme/ops/ nor
/// spiffe://acme/ops/eu/bob, which `uri("spiffe://acme/ops/**")` does. A pattern is never empty: an empty one throws
/// std::invalid_argument.
class policy {
 public:
  /// Everybody, also without a certificate.
  static policy anyone();
  /// Whoever has proved who they are.
  static policy any_peer();
  /// Nobody.
  static policy nobody();

  /// One of the certificate's URIs, e-mail addresses (the domain without regard to case) or DNS names (without regard
  /// to case) matches.
  static policy uri(std::string pattern);
  static policy email(std::string_view pattern);
  static policy dns(std::string_view pattern);

  /// The subject's common name, one of its organizational units, or one of its organizations matches.
  static policy cn(std::string pattern);
  static policy ou(std::string pattern);
  static policy o(std::string pattern);

  /// The issuer's name, as RFC 4514 writes it ("CN=Acme Issuing CA,O=Acme"), matches.
  static policy issuer(std::string pattern);

  /// Exactly this certificate: its SHA-256 in hex, with or without colons.
  static policy sha256(std::string_view fingerprint);
  /// The certificate with this serial (hex, with or without colons). Serials are only one issuer's: join it to
  /// `issuer(…)`.
  static policy serial(std::string_view number);

  /// A predicate of your own and the name that it is printed by. Called from several threads at once.
  static policy custom(std::string_view name, std::function<bool(const peer&)> predicate);

  /// Whether it admits that peer; null is a client without a certificate.
  bool admits(const peer* who) const noexcept;
  bool admits(const peer& who) const noexcept { return admits(&who); }

  /// Whether a client without a certificate could be admitted.
  bool admits_strangers() const noexcept { return admits(nullptr); }

  friend policy operator&&(const policy& left, const policy& right);
  friend policy operator||(const policy& left, const policy& right);
  friend policy operator!(const policy& operand);

  /// The policy as it would be written: `uri("spiffe://acme/ops/*") || ou("admins")`.
  friend std::string to_string(const policy& rule);

 private:
  explicit policy(std::shared_ptr<const detail::policy_node> root) : root_(std::move(root)) {}
  std::shared_ptr<const detail::policy_node> root_;
};

}  // namespace mutual
