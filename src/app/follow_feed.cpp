#include "app/follow_feed.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "client/load.hpp"
#include "tls/server_context.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mutual {
namespace {

constexpr std::size_t most_lists = 1000;

result<std::vector<x509::lookup_list>> lists_in(std::string_view pem, std::string_view where) {
  MUTUAL_TRY(auto found, x509::read_bundle_to_judge_by(pem, where));
  if (found.lookup_lists.empty() || found.lookup_lists.size() > most_lists || found.key ||
      !found.certificates.empty()) {
    return error(errc::bad_input, fmt::format("what {} has sent is no set of revocation lists", where));
  }
  return std::move(found.lookup_lists);
}

result<client::url> place_of(const tls::config& settings) {
  MUTUAL_TRY(auto where, client::parse_url(settings.revocations_from.url));
  if (where.secure && where.target == "/") return where;
  return error(
      errc::bad_usage,
      fmt::format("{} is no place of a change feed: write it as https://HOST:PORT, where mutual ca serve listens",
                  text::quoted(settings.revocations_from.url)));
}

// Whom the authority sees: the server itself, unless another is named.
result<client::files> files_of(const tls::config& settings) {
  MUTUAL_TRY(const auto named, tls::with_files_named(settings));
  const auto& own = settings.revocations_from;
  client::files out;
  out.certificate = own.certificate.empty() ? named.certificate : own.certificate;
  out.key = own.certificate.empty() ? named.key : own.key;
  if (own.certificate.empty()) out.password = named.password;
  out.trust = named.trust;
  MUTUAL_TRY(const auto certificate, x509::load_bundle(out.certificate, out.password));
  if (!certificate.certificates.empty() && certificate.certificates.front().allows_client()) return out;
  return error(errc::bad_usage,
               fmt::format("{} is for a server alone, and the authority lets no such client in: make one for both with "
                           "mutual issue peer NAME, or name a client's with --revocations-cert FILE",
                           text::printable(out.certificate.string(), 4096)));
}

result<bool> has_lists_in_files(const tls::config& settings) {
  if (!settings.revocations.empty()) return true;
  for (const auto& one : settings.revocations_once_there) {
    MUTUAL_TRY(const bool there, file::exists(one));
    if (there) return true;
  }
  return false;
}

}  // namespace

result<std::unique_ptr<followed_feed>> follow_feed(const tls::config& settings, const logger& log,
                                                   const std::function<bool()>& given_up) {
  if (settings.revocations_from.url.empty()) return std::unique_ptr<followed_feed>();
  if (settings.clients == tls::client_auth::none) {
    return error(errc::bad_usage,
                 "revocations are for judging clients, and none is asked for a certificate (--revocations-from and "
                 "--client-auth none): leave one of them out");
  }
  MUTUAL_TRY(auto where, place_of(settings));
  MUTUAL_TRY(const auto files, files_of(settings));
  auto made = std::make_unique<followed_feed>();
  made->takes = std::make_shared<http::server*>(nullptr);
  const auto name = where.authority();
  client::feed_settings how;
  how.where = std::move(where);
  how.connect_with = [settings] {
    const auto now_named = files_of(settings);
    return now_named ? client::load(*now_named) : result<client::options>(now_named.error());
  };
  how.take = [takes = made->takes, name](const std::string& pem) -> result<> {
    auto lists = lists_in(pem, name);
    if (!lists) return (*takes)->refuse_lists(name, lists.error());
    return (*takes)->offer_lists(*std::move(lists), name);
  };
  how.log = log;
  made->feed = std::make_unique<client::revocation_feed>(std::move(how));
  auto pem = made->feed->fetch_now(given_up);
  auto lists = pem ? lists_in(*pem, name) : result<std::vector<x509::lookup_list>>(pem.error());
  if (lists) {
    made->first = std::make_shared<const std::vector<x509::lookup_list>>(*std::move(lists));
    return made;
  }
  MUTUAL_TRY(const bool there, has_lists_in_files(settings));
  if (!there) {
    return error(lists.error().code(),
                 fmt::format("no revocation list can be had from {}, and without one nobody could be let in: {} (or "
                             "start with an older one: --crl FILE)",
                             settings.revocations_from.url, lists.error().message()));
  }
  log.warn(fmt::format("no revocation list can be had from {} now, so it starts with those in files: {}", name,
                       lists.error().message()));
  return made;
}

}  // namespace mutual
