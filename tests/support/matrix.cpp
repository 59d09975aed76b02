#include "support/matrix.hpp"

#include "base/clock.hpp"
#include "x509/certificate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace mutual::test {
namespace {

using std::chrono::seconds;

constexpr seconds short_life{3};
// Of every certificate that is on the list before it is first shown.
constexpr std::uint64_t revoked_serial = 7777;

bool is_presented(tls::client_auth mode, shown what) {
  return mode != tls::client_auth::none && what != shown::no_certificate;
}

spec contents_of(const cell& of) {
  auto contents = of.what == shown::server_only ? server_spec("alice") : client_spec("alice");
  if (of.before == event::certificate_ends) contents.ends_in = short_life;
  if (of.what == shown::revoked) contents.serial = revoked_serial;
  if (of.what == shown::expired) contents.ends_in = -seconds(60);
  if (of.what == shown::not_yet_valid) {
    // It cannot end before it begins: the time passes, and it still has not begun.
    contents.begins_in = std::chrono::hours(24);
    contents.ends_in = std::chrono::hours(48);
  }
  return contents;
}

// Checks that hold for every refusal: the client hears one fatal alert, the log says who it was and what to do.
std::string flaw_of(const client_report& told, const std::string& line, reason code, const identity* presented) {
  if (told.reset) return "the client met a reset";
  if (!told.alert) return "the client was told nothing";
  if (line.find("; fix: " + std::string(remedy(code))) == std::string::npos) return "the log does not say what to do";
  if (presented == nullptr) return {};
  const auto certificate = x509::certificate::shared(presented->certificate());
  for (const auto& part : {certificate.subject(), certificate.issuer(), certificate.serial(),
                           to_rfc3339(certificate.not_before()), to_rfc3339(certificate.not_after())}) {
    if (line.find(part) == std::string::npos) return "the log does not say " + part;
  }
  return {};
}

}  // namespace

matrix_world::matrix_world(const tls::levers& used)
    : pki_(make_pki()),
      other_root_(self_signed(root_spec("Other Root"))),
      common_key_(make_p256_key()),
      files_(pki_),
      stale_files_(pki_) {
  auto revoked = client_spec("alice");
  revoked.serial = revoked_serial;
  revoked_.push_back(issue(pki_.intermediate, revoked));
  write_lists();
  for (const auto mode : all_modes) {
    for (const auto which : {lists::current, lists::stale, lists::missing}) {
      auto config = (which == lists::stale ? stale_files_ : files_).config(mode, true);
      if (which == lists::missing) config.revocations = {files_.folder() / "root.crl"};
      house& one = houses_[{mode, which}];
      auto options = options_for(one.log, config);
      options.levers = used;
      one.server = std::make_unique<service>(std::move(options));
    }
  }
  for (const int version : all_versions) {
    strangers_[version] =
        get(houses_[{tls::client_auth::none, lists::current}].server->port(), {.version = version}).session;
  }
}

void matrix_world::write_lists() const {
  files_.write_revocations(revoked_);
  const crl_spec stale{.revoked = revoked_,
                       .begins_in = -std::chrono::hours(2),
                       .ends_in = -std::chrono::hours(1),
                       .number = revoked_.size() + 1};
  stale_files_.folder().write("intermediate.crl", pem(make_crl(pki_.intermediate, stale).get()));
}

matrix_world::house& matrix_world::house_of(const cell& of) {
  const auto which = of.what == shown::stale_list     ? lists::stale
                     : of.what == shown::missing_list ? lists::missing
                                                      : lists::current;
  return houses_.at({of.mode, which});
}

std::vector<identity> matrix_world::chain_of(const cell& of) const {
  auto contents = contents_of(of);
  contents.with = common_key_;
  const auto ours = issue(pki_.intermediate, contents);
  switch (of.what) {
    case shown::no_certificate:
      return {};
    case shown::wrong_ca:
      return {issue(other_root_, contents), other_root_};
    case shown::self_signed:
      return {self_signed(contents)};
    case shown::intermediate_missing:
      return {ours};
    case shown::tampered:
      return {tampered(ours), pki_.intermediate};
    case shown::other_key:
      return {with_other_key(ours), pki_.intermediate};
    default:
      return {ours, pki_.intermediate};
  }
}

outcome matrix_world::connect(const player& one, const session& with, client_report& report) {
  const auto& of = one.so_far.of;
  auto& home = house_of(of);
  client_options how{.version = of.version, .chain = one.chain};
  // The session belongs to the name it was made under.
  how.server_name = with && of.before == event::other_name ? "elsewhere.example" : "localhost";
  how.session = with;
  const auto already_logged = home.log.size();
  report = get(home.server->port(), how);
  outcome seen;
  seen.alert = report.alert;
  seen.resumed = report.resumed && report.status != 0;
  const auto refused = fmt::format("refused 127.0.0.1:{}: ", report.port);
  if (report.status == 200) {
    seen.who = report.body.substr(0, report.body.find(' '));
    const bool server_resumed = report.body.ends_with(" resumed");
    if (server_resumed != report.resumed) seen.flaw = "the two sides disagree on whether a session was resumed";
    if (home.log.count(refused, already_logged) != 0) seen.flaw = "it was served, and logged as refused";
    if (seen.who == "nobody") return seen;
    const auto fingerprint = x509::certificate::shared(one.chain.front().certificate()).sha256();
    if (report.body.find(fingerprint) == std::string::npos) seen.flaw = "somebody else's peer: " + report.body;
    return seen;
  }
  const auto line = home.log.wait_for(refused, already_logged);
  if (!line) {
    seen.flaw = "the log does not say why";
    return seen;
  }
  const auto at = line->find(refused) + refused.size();
  seen.logged = reason_from_string(line->substr(at, line->find(": ", at) - at));
  if (!seen.logged) {
    seen.flaw = "no known reason: " + *line;
    return seen;
  }
  ++met_[*seen.logged];
  if (report.resumed) {
    seen.flaw = "a session was resumed before somebody was refused";
    return seen;
  }
  seen.flaw =
      flaw_of(report, *line, *seen.logged,
              is_presented(of.mode, of.what) && seen.logged != reason::no_certificate ? &one.chain.front() : nullptr);
  return seen;
}

matrix_world::player matrix_world::begin(const cell& of) {
  player one{.so_far = {.of = of}, .chain = chain_of(of)};
  client_report report;
  one.so_far.first = connect(one, nullptr, report);
  if (report.asked_for_certificate != (of.mode != tls::client_auth::none)) {
    one.so_far.first.flaw = "a certificate was asked for where none should be, or the other way round";
  }
  one.own = report.session;
  one.half_made = report.half_made;
  one.so_far.got_session = report.session != nullptr;
  return one;
}

void matrix_world::go_on(player& one) {
  client_report report;
  one.so_far.again = connect(one, nullptr, report);
  if (one.so_far.of.before == event::nothing) return;
  if (!one.so_far.first.who.empty()) {
    one.so_far.then.push_back(connect(one, one.own, report));
    return;
  }
  one.so_far.then.push_back(connect(one, strangers_.at(one.so_far.of.version), report));
  if (one.half_made) one.so_far.then.push_back(connect(one, one.half_made, report));
}

std::vector<course> matrix_world::play() {
  std::vector<player> players;
  for (const auto before : all_events) {
    for (const int version : all_versions) {
      for (const auto mode : all_modes) {
        for (const auto what : all_shown) players.push_back(begin({version, mode, what, before}));
      }
    }
  }
  const auto go_on_all = [&](event after) {
    for (auto& one : players) {
      if (one.so_far.of.before == after) go_on(one);
    }
  };
  go_on_all(event::nothing);
  go_on_all(event::other_name);

  // The last certificate made lives longest; dates are inclusive.
  std::this_thread::sleep_until(now() + short_life + seconds(1));
  go_on_all(event::certificate_ends);

  for (const auto& one : players) {
    if (one.so_far.of.before != event::certificate_is_revoked || one.chain.empty()) continue;
    if (one.so_far.of.what != shown::revoked) revoked_.push_back(one.chain.front());
  }
  write_lists();
  for (auto& [which, home] : houses_) (void)(*home.server)->reload();
  go_on_all(event::certificate_is_revoked);

  std::vector<course> all;
  for (auto& one : players) all.push_back(std::move(one.so_far));
  return all;
}

std::pair<std::uint64_t, std::uint64_t> matrix_world::counted(reason code) const {
  std::uint64_t by_servers = 0;
  for (const auto& [which, home] : houses_) by_servers += (*home.server)->refused(code);
  const auto met = met_.find(code);
  return {by_servers, met == met_.end() ? 0 : met->second};
}

}  // namespace mutual::test
