// The matrix in words.

#include "support/matrix.hpp"
#include "tls/handshake_failure.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual::test {
namespace {

std::string title_of(event before) {
  switch (before) {
    case event::nothing:
      return "The first handshake";
    case event::certificate_ends:
      return "After the certificate has ended";
    case event::certificate_is_revoked:
      return "After the certificate was revoked";
    case event::other_name:
      return "Under another server name";
  }
  return {};
}

std::string preamble_of(event before) {
  switch (before) {
    case event::nothing:
      return "A client connects for the first time and asks who it is.";
    case event::certificate_ends:
      return "The client got as far as above with a certificate that has ended since (one that was not valid yet, or\n"
             "had ended already, stays so), and now tries to resume.";
    case event::certificate_is_revoked:
      return "The client got as far as above, its certificate was put on its issuer's revocation list, the server has\n"
             "read the list, and now the client tries to resume. (A CA's list says nothing about other CAs'\n"
             "certificates; where the list is missing, nobody learns of it.)";
    case event::other_name:
      return "The client got as far as above under one name (SNI) and now tries to resume under another.";
  }
  return {};
}

std::string told(const outcome& of) {
  if (!of.alert) return "the client was told nothing";
  return fmt::format("alert {} ({})", *of.alert, tls::alert_name(*of.alert));
}

const outcome& last_of(const course& one) { return one.then.empty() ? one.first : one.then.back(); }

std::string in_words(const course& one) {
  if (one.of.before == event::nothing) return text(one.first);
  std::string before = one.first.who.empty() ? "nothing to resume; " : "";
  return before + text(last_of(one));
}

std::string entry(const std::vector<course>& courses, shown what, tls::client_auth mode, event before) {
  std::vector<std::string> by_version;
  for (const int version : all_versions) {
    const auto found = std::find_if(courses.begin(), courses.end(), [&](const course& one) {
      return one.of.what == what && one.of.mode == mode && one.of.before == before && one.of.version == version;
    });
    by_version.push_back(found == courses.end() ? "not played" : in_words(*found));
  }
  if (by_version[0] == by_version[1]) return by_version[0];
  return fmt::format("TLS 1.2: {}<br>TLS 1.3: {}", by_version[0], by_version[1]);
}

}  // namespace

std::string text(shown what) {
  switch (what) {
    case shown::no_certificate:
      return "no certificate";
    case shown::right:
      return "right";
    case shown::wrong_ca:
      return "wrong CA";
    case shown::self_signed:
      return "self-signed";
    case shown::expired:
      return "expired";
    case shown::not_yet_valid:
      return "not yet valid";
    case shown::server_only:
      return "server-only purpose";
    case shown::intermediate_missing:
      return "intermediate missing";
    case shown::revoked:
      return "revoked";
    case shown::stale_list:
      return "stale CRL";
    case shown::missing_list:
      return "missing CRL";
    case shown::tampered:
      return "tampered signature";
    case shown::other_key:
      return "key that does not match";
  }
  return {};
}

std::string text(event before) {
  switch (before) {
    case event::nothing:
      return "first handshake";
    case event::certificate_ends:
      return "resumed after the certificate expired";
    case event::certificate_is_revoked:
      return "resumed after it was revoked";
    case event::other_name:
      return "resumed under another SNI";
  }
  return {};
}

std::string text(tls::client_auth mode) {
  switch (mode) {
    case tls::client_auth::none:
      return "none";
    case tls::client_auth::optional:
      return "optional";
    case tls::client_auth::required:
      return "required";
  }
  return {};
}

std::string text(const cell& of) {
  return fmt::format("TLS 1.{}, client_auth {}, {}, {}", of.version == TLS1_2_VERSION ? 2 : 3, text(of.mode),
                     text(of.what), text(of.before));
}

std::string text(const outcome& of) {
  std::string words;
  if (!of.who.empty()) {
    words = fmt::format("{}: {}", of.resumed ? "resumed" : "served", of.who);
  } else {
    words = fmt::format("**{}**, {}", of.logged ? to_string(*of.logged) : "no reason", told(of));
  }
  return of.flaw.empty() ? words : words + ", BUT " + of.flaw;
}

std::string matrix_page(const std::vector<course>& courses) {
  std::string page = fmt::format(
      "# Who gets in\n\n"
      "Every combination of TLS version, client authentication, certificate and history: {} cells. Each is played by\n"
      "`tests/tls/matrix_test.cpp` between a real server and a real client; what stands here is what happened, and "
      "the\n"
      "test fails when it differs. A cell is \"served\" (a full handshake) or \"resumed\", and as whom; or it is "
      "refused:\n"
      "then it holds the reason in the server's log (`include/mutual/reason.hpp`) and the alert that the client was "
      "sent.\n\n"
      "A client that was refused has no session. What it tries instead is one that somebody without a certificate got\n"
      "from a server that asks for none, and under TLS 1.2 what it knows of its own handshake that failed.\n",
      courses.size());
  for (const auto before : all_events) {
    page += fmt::format("\n## {}\n\n{}\n\n| certificate | none | optional | required |\n| --- | --- | --- | --- |\n",
                        title_of(before), preamble_of(before));
    for (const auto what : all_shown) {
      page += fmt::format("| {} |", text(what));
      for (const auto mode : all_modes) page += fmt::format(" {} |", entry(courses, what, mode, before));
      page += "\n";
    }
  }
  return page;
}

}  // namespace mutual::test
