// Every combination of version, client authentication, certificate and history, between a real server and a real
// client. docs/matrix.md holds what comes out; MUTUAL_WRITE_DOCS=1 writes it anew.
#include "support/matrix.hpp"

#include "base/file.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>
#include <tuple>

namespace mutual::test {
namespace {

using tls::client_auth;

// What a server that asks for certificates makes of each: at first, after it has ended, after it was revoked.
struct expectation {
  shown what;
  std::optional<reason> at_first;
  reason after_end;
  reason after_revocation;
};

constexpr expectation expectations[] = {
    {shown::no_certificate, reason::no_certificate, reason::no_certificate, reason::no_certificate},
    {shown::right, std::nullopt, reason::expired, reason::revoked},
    // Nobody that we trust vouches for these, so nothing else that they say counts.
    {shown::wrong_ca, reason::unknown_issuer, reason::unknown_issuer, reason::unknown_issuer},
    {shown::self_signed, reason::self_signed, reason::self_signed, reason::self_signed},
    {shown::intermediate_missing, reason::intermediate_missing, reason::intermediate_missing,
     reason::intermediate_missing},
    {shown::tampered, reason::bad_signature, reason::bad_signature, reason::bad_signature},
    // Of several faults the one is told that takes most to mend.
    {shown::expired, reason::expired, reason::expired, reason::revoked},
    {shown::not_yet_valid, reason::not_yet_valid, reason::not_yet_valid, reason::revoked},
    {shown::server_only, reason::wrong_purpose, reason::wrong_purpose, reason::revoked},
    {shown::revoked, reason::revoked, reason::revoked, reason::revoked},
    {shown::stale_list, reason::revocation_stale, reason::expired, reason::revoked},
    // The list that would say that it was revoked is the one that is missing.
    {shown::missing_list, reason::revocation_unknown, reason::expired, reason::revocation_unknown},
    // The certificate is judged before the key is tried.
    {shown::other_key, reason::proof_failed, reason::expired, reason::revoked},
};

const expectation& expectation_for(shown what) {
  for (const auto& one : expectations) {
    if (one.what == what) return one;
  }
  throw std::logic_error("no expectation for " + text(what));
}

// RFC 8446 section 6.2; written out here once more so that a change in the server's own table shows.
int alert_for(reason code, int version) {
  switch (code) {
    case reason::no_certificate:
      return version == TLS1_3_VERSION ? 116 : 40;
    case reason::unknown_issuer:
    case reason::self_signed:
    case reason::intermediate_missing:
      return 48;
    case reason::expired:
    case reason::not_yet_valid:
      return 45;
    case reason::revoked:
      return 44;
    case reason::wrong_purpose:
      return 43;
    case reason::revocation_stale:
    case reason::revocation_unknown:
      return 46;
    case reason::bad_signature:
      return 42;
    case reason::proof_failed:
      return 51;
    default:
      return -1;
  }
}

outcome refused_for(reason code, int version) { return {.logged = code, .alert = alert_for(code, version)}; }

bool is_nobody(const cell& of) {
  return of.mode == client_auth::none || (of.mode == client_auth::optional && of.what == shown::no_certificate);
}

outcome expected_at_first(const cell& of) {
  if (is_nobody(of)) return {.who = "nobody"};
  const auto& known = expectation_for(of.what);
  if (!known.at_first) return {.who = "alice"};
  return refused_for(*known.at_first, of.version);
}

outcome expected_then(const cell& of) {
  // Whoever proved nothing has nothing that could end or be revoked; the name is all that a session is bound to.
  if (is_nobody(of)) return {.who = "nobody", .resumed = of.before != event::other_name};
  const auto& known = expectation_for(of.what);
  switch (of.before) {
    case event::certificate_ends:
      return refused_for(known.after_end, of.version);
    case event::certificate_is_revoked:
      return refused_for(known.after_revocation, of.version);
    case event::other_name:
    case event::nothing:
      break;
  }
  return expected_at_first(of);
}

bool is_known(client_auth mode) { return mode != client_auth::none; }

void expect_as_known(const course& one) {
  SCOPED_TRACE(text(one.of));
  const auto first = expected_at_first(one.of);
  EXPECT_EQ(text(one.first), text(first));
  EXPECT_TRUE(one.first == first);
  EXPECT_EQ(one.got_session, !first.who.empty()) << "a session is for those who were let in, and only for them";
  auto again = expected_then(one.of);
  again.resumed = false;
  EXPECT_EQ(text(one.again), text(again)) << "in full, once more";
  EXPECT_TRUE(one.again == again);
  if (one.of.before == event::nothing) {
    EXPECT_TRUE(one.then.empty());
    return;
  }
  // Under TLS 1.2 somebody who was refused knows enough of the handshake to try its session.
  const bool also_half_made = first.who.empty() && one.of.version == TLS1_2_VERSION && is_known(one.of.mode);
  EXPECT_GE(one.then.size(), 1U);
  EXPECT_LE(one.then.size(), also_half_made ? 2U : 1U);
  for (const auto& seen : one.then) {
    EXPECT_EQ(text(seen), text(expected_then(one.of)));
    EXPECT_TRUE(seen == expected_then(one.of));
  }
}

std::filesystem::path page_file() { return std::filesystem::path(MUTUAL_SOURCE_DIR) / "docs/matrix.md"; }

TEST(matrix, every_cell_has_its_outcome_its_reason_in_the_log_and_its_alert_at_the_client) {
  matrix_world world;
  const auto courses = world.play();
  std::set<std::tuple<int, client_auth, shown, event>> cells;
  for (const auto& one : courses) {
    cells.emplace(one.of.version, one.of.mode, one.of.what, one.of.before);
    expect_as_known(one);
  }
  EXPECT_EQ(cells.size(), 2U * 3U * 13U * 4U);
  for (int code = 0; code <= static_cast<int>(reason::probe); ++code) {
    const auto [by_servers, by_clients] = world.counted(static_cast<reason>(code));
    EXPECT_EQ(by_servers, by_clients) << to_string(static_cast<reason>(code));
  }

  std::size_t half_made = 0;
  for (const auto& one : courses) half_made += one.then.size() == 2 ? 1U : 0U;
  EXPECT_GT(half_made, 0U) << "no client could try what it knows of a handshake that failed";

  const auto page = matrix_page(courses);
  std::cout << page;
  if (std::getenv("MUTUAL_WRITE_DOCS") != nullptr) {
    ASSERT_TRUE(file::replace(page_file(), page, file::access::everyone));
  }
  const auto written = file::read(page_file());
  ASSERT_TRUE(written);
  EXPECT_EQ(*written, page) << "docs/matrix.md is not what happened; write it anew with MUTUAL_WRITE_DOCS=1";
}

}  // namespace
}  // namespace mutual::test
