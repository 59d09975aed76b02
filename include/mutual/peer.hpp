#pragma once
// peer: who is at the other end of a connection.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace mutual {

/// The subject alternative names of a certificate, each in its textual form, in the certificate's order.
struct alternative_names {
  std::vector<std::string> dns;
  std::vector<std::string> uris;
  std::vector<std::string> emails;
  std::vector<std::string> ips;  ///< "192.0.2.1", "2001:db8::1"

  bool empty() const { return dns.empty() && uris.empty() && emails.empty() && ips.empty(); }
};

/// What a peer is made from: the contents of a certificate that has been judged good.
struct peer_data {
  std::string subject;                            ///< RFC 4514: "CN=alice,O=Acme".
  std::string common_name;                        ///< The last CN of the subject, or empty.
  std::vector<std::string> organizations;         ///< The subject's O values.
  std::vector<std::string> organizational_units;  ///< The subject's OU values.
  alternative_names names;
  std::string issuer;  ///< RFC 4514.
  std::string serial;  ///< Lower-case hex, no separators, no leading "00".
  std::string sha256;  ///< The certificate's fingerprint: 64 lower-case hex digits.
  std::chrono::sys_seconds not_before{};
  std::chrono::sys_seconds not_after{};
  std::chrono::sys_seconds chain_not_after{};  ///< The earliest end in the chain that was judged.
  std::vector<std::string> chain;              ///< DER, leaf first, anchor last, as it was judged.
};

/// Who is at the other end: made once a session from a certificate chain that the verdict found good, and shared,
/// unchanged, by every request of that session. Immutable, so safe to read from any thread.
class peer {
 public:
  explicit peer(peer_data data);

  /// What to call this peer: its common name, else its first URI, e-mail, DNS name or address, else the whole subject.
  const std::string& name() const { return name_; }

  const std::string& subject() const { return data_.subject; }
  const std::string& common_name() const { return data_.common_name; }
  const std::vector<std::string>& organizations() const { return data_.organizations; }
  const std::vector<std::string>& organizational_units() const { return data_.organizational_units; }
  const std::vector<std::string>& dns_names() const { return data_.names.dns; }
  const std::vector<std::string>& uris() const { return data_.names.uris; }
  const std::vector<std::string>& emails() const { return data_.names.emails; }
  const std::vector<std::string>& ips() const { return data_.names.ips; }
  const std::string& issuer() const { return data_.issuer; }
  const std::string& serial() const { return data_.serial; }
  const std::string& sha256() const { return data_.sha256; }
  std::chrono::sys_seconds not_before() const { return data_.not_before; }
  std::chrono::sys_seconds not_after() const { return data_.not_after; }

  /// The earliest end of any certificate in the chain: after it, the chain would be refused.
  std::chrono::sys_seconds chain_not_after() const { return data_.chain_not_after; }

  /// The certificates as DER, leaf first, the anchor last.
  const std::vector<std::string>& chain() const { return data_.chain; }

 private:
  peer_data data_;
  std::string name_;
};

/// A peer that may be absent, for handlers that serve both: empty unless the client proved who it is.
/// Valid for as long as the request.
class maybe_peer {
 public:
  maybe_peer() = default;
  explicit maybe_peer(const peer* who) : who_(who) {}

  explicit operator bool() const { return who_ != nullptr; }
  const peer& operator*() const { return *who_; }
  const peer* operator->() const { return who_; }

 private:
  const peer* who_ = nullptr;
};

}  // namespace mutual
