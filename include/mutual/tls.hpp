#pragma once
// tls: what a service proves who it is with, and whom it trusts.

#include <mutual/ocsp.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mutual::tls {

/// What a listener asks of its clients.
enum class client_auth {
  none,      ///< Certificates are not asked for: HTTPS as the web knows it.
  optional,  ///< A client may come without one; one that is sent must be good.
  required,  ///< No certificate, no connection.
};

/// A version of TLS; older ones are not spoken at all.
enum class version { v1_2, v1_3 };

/// An authority that tells of each revocation as it happens: a `mutual ca serve`. From the start on, everybody who is
/// on its revocation lists is refused, within a second of a change: in new connections, in sessions that are taken up
/// again, and in connections that are open. Lists whose signature is wrong or whose number is smaller than before are
/// not taken; while the authority cannot be reached, the last ones count for as long as they say, and then nobody is
/// let in.
struct revocation_feed {
  std::string url;                    ///< "https://ca.example:8443"; empty for none.
  std::filesystem::path certificate;  ///< What the authority is shown; empty: the server's own, which must be a peer's.
  std::filesystem::path key;          ///< Its private key; empty if the certificate's file holds it.

  bool operator==(const revocation_feed&) const = default;
};

/// What a listener is made from: files, and how strict to be. A value that says where things are; nothing is read
/// until the service starts, and then everything is checked before the first connection is taken. The files are
/// watched: a change that is sound is taken over within a second, one that is not changes nothing and is logged.
///
/// `required` and `optional` without anybody to trust is an error at the start, never an open door.
struct config {
  /// TLS, also if nothing below is named; then the start says what is missing. Need not be set: see `means_tls`.
  bool enabled = false;

  /// A folder that `mutual init` made, which `certificate`, `key` and `known_intermediates` are then found in;
  /// empty if they are named below. from_pki() sets it.
  std::filesystem::path pki;
  /// Which of the folder's server certificates; empty if it holds just one.
  std::string pki_name;

  /// The server's certificate followed by its intermediates, as PEM, DER or PKCS#12 (told apart by content).
  std::filesystem::path certificate;
  /// Its private key; empty if the certificate's file holds it.
  std::filesystem::path key;
  /// What opens an encrypted key or PKCS#12 file. Never logged.
  std::string password;

  /// Whom to trust: CA certificates, or single self-signed certificates to pin.
  std::vector<std::filesystem::path> trust;
  /// Revocation lists. With at least one, every CA of a client's chain needs one that is valid.
  std::vector<std::filesystem::path> revocations;
  /// Revocation lists that count from the moment on that the file is there, and for good then: a file that goes while
  /// the service runs changes nothing. from_pki() names the folder's crl.pem, which `mutual revoke` and `mutual crl`
  /// make.
  std::vector<std::filesystem::path> revocations_once_there;
  /// Revocation lists as an authority tells of them, beside those in files. Its server is judged by `trust`. The
  /// service does not start if it cannot be reached and no list lies in a file.
  revocation_feed revocations_from{};
  /// What counts where no list here is current: `strict`, nobody passes without one; `grace`, one that has ended counts
  /// for `stale_lists_grace` more; `off`, whoever no list here speaks against is let in. Who is revoked by a list that
  /// has ended is kept out by each of them.
  unanswered stale_lists = unanswered::strict;
  std::chrono::seconds stale_lists_grace{0};
  /// Asks OCSP responders about clients, beside what the lists say; nobody is asked if its `ask` is empty.
  ocsp_check ocsp{};
  /// Intermediates that we know of but do not trust by themselves: they only make the reason for a refusal clearer.
  std::vector<std::filesystem::path> known_intermediates;

  client_auth clients = client_auth::required;
  version at_least = version::v1_2;
  version at_most = version::v1_3;

  bool operator==(const config&) const = default;

  /// Whether this is TLS. Plain HTTP is what names nothing at all: anything that is set here means TLS, so that no
  /// forgotten flag opens a service to everybody.
  bool means_tls() const { return !(*this == config{}); }
};

/// Plain HTTP.
inline config plain() { return {}; }

/// Mutual TLS from a folder that `mutual init` made. `name` chooses the server certificate among those issued
/// (issued/NAME.crt); left out, the folder must hold just one. The files are read when the service starts.
config from_pki(std::filesystem::path folder, std::string_view name = {});

/// Mutual TLS from files; without `trust`, HTTPS that asks no certificate of its clients.
config from_files(std::filesystem::path certificate, std::filesystem::path key,
                  std::vector<std::filesystem::path> trust = {});

}  // namespace mutual::tls
