#pragma once
// The matrix of client certificates against a server: what a cell is, and what really happens in it.

#include "support/captured_log.hpp"
#include "support/pki.hpp"
#include "support/service.hpp"
#include "support/tls_client.hpp"

#include <mutual/reason.hpp>
#include <mutual/tls.hpp>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mutual::test {

/// What the client shows.
enum class shown {
  no_certificate,
  right,
  wrong_ca,
  self_signed,
  expired,
  not_yet_valid,
  server_only,
  intermediate_missing,
  revoked,
  stale_list,
  missing_list,
  tampered,
  other_key,
};
inline constexpr std::array all_shown{
    shown::no_certificate, shown::right,         shown::wrong_ca,     shown::self_signed,
    shown::expired,        shown::not_yet_valid, shown::server_only,  shown::intermediate_missing,
    shown::revoked,        shown::stale_list,    shown::missing_list, shown::tampered,
    shown::other_key};

/// What happens before the handshake that the cell is about.
enum class event { nothing, certificate_ends, certificate_is_revoked, other_name };
inline constexpr std::array all_events{event::nothing, event::certificate_ends, event::certificate_is_revoked,
                                       event::other_name};

inline constexpr std::array all_modes{tls::client_auth::none, tls::client_auth::optional, tls::client_auth::required};
inline constexpr std::array all_versions{TLS1_2_VERSION, TLS1_3_VERSION};

struct cell {
  int version;
  tls::client_auth mode;
  shown what;
  event before;
};

std::string text(shown what);
std::string text(event before);
std::string text(tls::client_auth mode);
std::string text(const cell& of);

/// How one connection ended, from both sides.
struct outcome {
  std::string who{};               ///< Who the server's handler says it is; empty if it was not served.
  bool resumed = false;            ///< Both sides say so; if they disagree, `flaw` says that.
  std::optional<reason> logged{};  ///< The reason in the server's log.
  std::optional<int> alert{};      ///< What the client was told.
  std::string flaw{};  ///< What is wrong with it whatever was expected: a lost alert, a reset, a bare log line.

  friend bool operator==(const outcome&, const outcome&) = default;
};
std::string text(const outcome& of);

/// What happened in a cell: the first connection, and those with a session after the event. Of a client that was let in
/// there is one, with its session; of one that was refused there is one for each session that it can lay its hands on.
struct course {
  cell of;
  outcome first{};
  bool got_session = false;
  std::vector<outcome> then{};
  outcome again{};  ///< Without a session, after the event: whoever is remembered is judged as if new.
};

/// Servers of all kinds that the cells need, and the clients.
class matrix_world {
 public:
  explicit matrix_world(const tls::levers& used = {});

  /// All cells of the matrix, played. Takes as long as a certificate lives, about three seconds.
  std::vector<course> play();

  /// How often the servers together counted that reason, and how often their clients met it.
  std::pair<std::uint64_t, std::uint64_t> counted(reason code) const;

 private:
  enum class lists { current, stale, missing };
  struct house {
    captured_log log;
    std::unique_ptr<service> server;
  };
  struct player {
    course so_far;
    std::vector<identity> chain{};
    session own{};
    session half_made{};
  };

  house& house_of(const cell& of);
  std::vector<identity> chain_of(const cell& of) const;
  player begin(const cell& of);
  void go_on(player& one);
  outcome connect(const player& one, const session& with, client_report& report);
  void write_lists() const;

  pki pki_;
  identity other_root_;
  key common_key_;
  server_files files_;
  server_files stale_files_;
  std::map<std::pair<tls::client_auth, lists>, house> houses_;
  std::map<int, session> strangers_;  // by version: nobody's session of a server that asks nobody
  std::vector<identity> revoked_;
  std::map<reason, std::uint64_t> met_;
};

/// docs/matrix.md as it should be, by what happened.
std::string matrix_page(const std::vector<course>& courses);

}  // namespace mutual::test
