#include "app/banner.hpp"

#include "app/curl_line.hpp"
#include "base/clock.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace mutual {
namespace {

// Certificates that end sooner than this are worth a word at each start.
constexpr std::chrono::hours soon{24 * 14};

std::string line(std::string_view label, std::string_view what) { return fmt::format(" * {:<13}{}\n", label, what); }

std::string mode(const tls::config& settings) {
  if (!settings.enabled) return "plain HTTP: nothing is encrypted, nobody is known";
  const std::string versions = settings.at_least == settings.at_most
                                   ? (settings.at_least == tls::version::v1_3 ? "TLS 1.3" : "TLS 1.2")
                                   : "TLS 1.2 and 1.3";
  switch (settings.clients) {
    case tls::client_auth::required:
      return "mutual TLS: only clients with a certificate that is trusted here; " + versions;
    case tls::client_auth::optional:
      return "mutual TLS, optional: clients may come without a certificate; " + versions;
    case tls::client_auth::none:
      return "HTTPS: clients are not asked who they are; " + versions;
  }
  return versions;
}

std::string until(sys_seconds end) {
  const auto left = end - now();
  if (left.count() < 0) return fmt::format("EXPIRED since {}", to_text(end));
  return fmt::format("until {} ({} from now{})", to_text(end), to_words(left), left < soon ? ", SOON" : "");
}

// A certificate for localhost is reached by that name, not by 127.0.0.1.
std::string host_shown(const http::server& running, const net::endpoint& where) {
  const auto context = running.context();
  if (context) {
    const auto names = context->certificate().names();
    const bool is_localhost = where.address() == "127.0.0.1" || where.address() == "::1";
    if (is_localhost && std::find(names.dns.begin(), names.dns.end(), "localhost") != names.dns.end())
      return "localhost";
    if (!where.is_loopback() && !names.dns.empty() && names.dns.front().front() != '*') return names.dns.front();
  }
  return where.family() == AF_INET6 ? "[" + where.address() + "]" : where.address();
}

std::string addresses(const http::server& running, bool secure) {
  std::vector<std::string> urls;
  for (const auto& where : running.endpoints()) {
    auto url = fmt::format("{}://{}:{}/", secure ? "https" : "http", host_shown(running, where), where.port());
    if (std::find(urls.begin(), urls.end(), url) == urls.end()) urls.push_back(std::move(url));
  }
  return fmt::format("{}", fmt::join(urls, "  "));
}

std::string trusted(const tls::trust& trust) {
  std::string lines;
  for (const auto& entry : trust.entries()) {
    const auto& one = entry.certificate;
    std::string_view kind;
    switch (entry.as) {
      case tls::trust::role::anchor:
        kind = "CA";
        break;
      case tls::trust::role::intermediate:
        kind = "intermediate";
        break;
      case tls::trust::role::pin:
        kind = "this one certificate";
        break;
    }
    lines += line(lines.empty() ? "Trusts:" : "",
                  fmt::format("{} ({}), {}", text::printable(one.display_name()), kind, until(one.not_after())));
  }
  lines +=
      line("Revocation:", trust.checks_revocation()
                              ? fmt::format("checked, by {} revocation list{}", trust.revocations().size(),
                                            trust.revocations().size() == 1 ? "" : "s")
                              : std::string(trust.settings().asks_ocsp ? "no revocation list was given"
                                                                       : "not checked (no revocation list was given)"));
  return lines;
}

std::string asked_of(const tls::ocsp_check& how) {
  const auto whom = how.ask == "certificate" ? "the responder that each certificate names" : text::printable(how.ask);
  switch (how.policy) {
    case tls::unanswered::strict:
      break;
    case tls::unanswered::grace:
      return fmt::format("{}; for {} after an answer has ended, it stands in for one that does not come", whom,
                         to_words(how.grace));
    case tls::unanswered::off:
      return whom + "; whoever is not answered about is let in";
  }
  return whom + "; nobody is let in without an answer";
}

std::string warnings(const http::server& running, const run_options& how) {
  std::string lines;
  const auto& all = running.endpoints();
  if (!how.tls.enabled && std::any_of(all.begin(), all.end(), [](const auto& where) { return !where.is_loopback(); })) {
    lines += line("UNSAFE:", "plain HTTP beyond this machine: whoever is on the way can read and change everything.");
    lines += line("", "Serve it with TLS (mutual init makes what is needed), or listen on 127.0.0.1.");
  }
  if (const auto context = running.context(); context && context->trust()) {
    for (const auto& note : context->trust()->notes(now())) lines += line("NOTE:", note);
  }
  return lines;
}

// The line to try it with, if the folder of `mutual init` tells what a client needs.
std::string try_it(const http::server& running, const run_options& how, std::string_view path) {
  const auto context = running.context();
  if (!context) return {};
  const auto words = curl_line(how.tls, context->certificate(), running.endpoints().front(), path);
  return words.empty() ? std::string() : line("Try:", words);
}

}  // namespace

std::string banner(const http::server& running, const run_options& how, std::string_view try_path) {
  std::string lines = line("Serving:", how.name.empty() ? "an app made with mutual" : text::printable(how.name));
  lines += line("Mode:", mode(how.tls));
  lines += line("Address:", addresses(running, how.tls.enabled));
  if (const auto context = running.context()) {
    const auto& own = context->certificate();
    lines += line("Certificate:",
                  fmt::format("{}, issued by {}, {}", text::printable(own.display_name()),
                              own.is_self_issued() ? "itself" : text::printable(own.issuer()), until(own.not_after())));
    if (context->trust()) lines += trusted(*context->trust());
    if (const auto* answers = running.answers()) lines += line("OCSP:", asked_of(answers->how()));
  }
  lines += warnings(running, how);
  lines += try_it(running, how, try_path);
  lines += " Press Ctrl-C to stop.\n";
  return lines;
}

}  // namespace mutual
