#pragma once
// levers: what makes handshakes cheap.

namespace mutual::tls {

/// What makes handshakes cheap. None may change a verdict: tests/tls/levers_test.cpp plays the whole matrix of client
/// authentication with each of them left out. There is no reason to leave one out but to show that, or to measure it.
struct levers {
  /// A chain that was found good is not judged twice under one trust (verdict_memory).
  bool remembered_verdicts = true;
  /// Each thread has an OpenSSL of its own to fetch from and to lock (library_context).
  bool own_contexts = true;
  /// Of its own context, and with OpenSSL 3.0 and 3.1 only: with what TLS needs and no more (lean_provider).
  bool lean_provider = true;
  /// Sessions keep the peer, and not the certificates that it came from (light_session).
  bool light_sessions = true;
  /// Of a lean provider's: certificates that were judged good are not read twice (known_certificates).
  bool known_certificates = true;
  /// Of a lean provider: the secrets of TLS 1.3 are derived in a way of our own (tls13_kdf).
  bool own_key_derivation = true;
};

}  // namespace mutual::tls
