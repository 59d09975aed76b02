#include "authority/limits.hpp"

#include "base/characters.hpp"
#include "base/text.hpp"
#include "x509/alternative_names.hpp"
#include "x509/certificate.hpp"
#include "x509/key.hpp"
#include "x509/key_strength.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace mutual::authority {
namespace {

using x509::profile;

error refused(std::string_view what) {
  return {errc::bad_usage, fmt::format("{} (authority.toml says what may be issued)", what)};
}

template <class List, class Test>
bool any(const List& list, Test test) {
  return std::any_of(list.begin(), list.end(), test);
}

// "a.acme.example" is within "acme.example". "*.acme.example" stands for names that are.
bool is_within(std::string_view name, std::string_view domain) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.size() < domain.size() || !text::iequals(name.substr(name.size() - domain.size()), domain)) return false;
  return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

bool is_at(std::string_view address, std::string_view host) {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || address.find('@') != at) return false;
  const auto where = address.substr(at + 1);
  if (!host.starts_with('.')) return text::iequals(where, host);
  return where.size() > host.size() && text::iequals(where.substr(where.size() - host.size()), host);
}

// A dot segment, plain or percent-encoded, would let a URI leave the prefix that it begins with.
bool has_dot_segment(std::string_view uri) {
  auto plain = text::lower(uri);
  for (auto at = plain.find("%2e"); at != std::string::npos; at = plain.find("%2e")) plain.replace(at, 3, ".");
  for (auto at = plain.find("%2f"); at != std::string::npos; at = plain.find("%2f")) plain.replace(at, 3, "/");
  plain = plain.substr(0, plain.find_first_of("?#")) + "/";
  return plain.find("/../") != std::string::npos || plain.find("/./") != std::string::npos;
}

bool begins_with(std::string_view uri, std::string_view prefix) {
  if (!uri.starts_with(prefix)) return false;
  constexpr std::string_view ends = "/:";
  // "spiffe://acme" is no prefix of spiffe://acme.evil/: what follows must begin a new part.
  return ends.find(prefix.back()) != std::string_view::npos || uri.size() == prefix.size() || uri[prefix.size()] == '/';
}

std::string or_none(const std::vector<std::string>& list) {
  return list.empty() ? "none of this kind" : fmt::format("{}", fmt::join(list, ", "));
}

result<> check_names(const name_limits& by, profile purpose, const x509::certificate_spec& spec) {
  const auto names_of = [&](std::string_view kind, const std::string& name, const std::string& allowed) {
    return refused(fmt::format("a {} certificate may not carry the {} {}; allowed: {}", to_string(purpose), kind,
                               text::quoted(name), allowed));
  };
  for (const auto& name : spec.names.dns) {
    if (!any(by.dns, [&](const auto& domain) { return is_within(name, domain); })) {
      return names_of("DNS name", name, or_none(by.dns));
    }
  }
  for (const auto& uri : spec.names.uris) {
    if (has_dot_segment(uri) || !any(by.uris, [&](const auto& prefix) { return begins_with(uri, prefix); })) {
      return names_of("URI", uri, or_none(by.uris));
    }
  }
  for (const auto& address : spec.names.emails) {
    if (!any(by.emails, [&](const auto& host) { return is_at(address, host); })) {
      return names_of("e-mail address", address, or_none(by.emails));
    }
  }
  for (const auto& address : spec.names.ips) {
    if (!any(by.ips, [&](const auto& range) { return range.contains(address); })) {
      return names_of("IP address", address, by.ips.empty() ? "none of this kind" : "the ranges there");
    }
  }
  // OpenSSL, and so many who check, take a common name that looks like a host for one where no DNS name is.
  const auto& common = spec.subject.common_name;
  const bool has_letters_of_hosts = !common.empty() && std::all_of(common.begin(), common.end(), [](char c) {
    return text::is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
  });
  const bool serves = purpose != profile::client;
  const bool may_be_taken = common.find('.') != std::string::npos || (serves && spec.names.dns.empty());
  const bool looks_like_host = has_letters_of_hosts && may_be_taken && !x509::checked_ip(common);
  if (looks_like_host && !any(by.dns, [&](const auto& domain) { return is_within(common, domain); })) {
    return names_of("common name", common, or_none(by.dns));
  }
  return {};
}

// Those that TLS 1.3 can sign with, and whose verifying costs little.
bool is_taken(const EVP_PKEY* key) {
  const int kind = EVP_PKEY_get_base_id(key);
  if (kind == EVP_PKEY_RSA) return EVP_PKEY_get_bits(key) <= 8192;
  const auto name = x509::describe_key(key);
  return kind == EVP_PKEY_ED25519 || kind == EVP_PKEY_ED448 ||
         (kind == EVP_PKEY_EC && (name == "P-256" || name == "P-384" || name == "P-521"));
}

// "RSA 3072" is rsa3072, "P-256" p256.
std::string kind_of(const EVP_PKEY* key) {
  auto name = text::lower(x509::describe_key(key));
  std::erase_if(name, [](char c) { return c == ' ' || c == '-'; });
  return name;
}

result<> check_key(const profile_limits& by, profile purpose, const EVP_PKEY* key) {
  if (const auto weakness = x509::weakness_of(key)) {
    return error(errc::bad_usage,
                 fmt::format("a key that {} is not certified: use P-256, P-384, Ed25519, or RSA of 2048 "
                             "to 8192 bits",
                             *weakness));
  }
  if (!is_taken(key)) {
    return error(errc::bad_usage,
                 fmt::format("a key of the kind {} is not certified: use P-256, P-384, Ed25519, or RSA "
                             "of 2048 to 8192 bits",
                             x509::describe_key(key)));
  }
  if (!by.key_kinds || any(*by.key_kinds, [&](const auto& kind) { return kind == kind_of(key); })) return {};
  return refused(fmt::format("a {} certificate may not be for a key of the kind {}; allowed: {}", to_string(purpose),
                             kind_of(key), or_none(*by.key_kinds)));
}

}  // namespace

const profile_limits* limits::of(profile purpose) const {
  if (purpose == profile::server) return &server;
  if (purpose == profile::client) return &client;
  return purpose == profile::peer ? &peer : nullptr;
}

result<> check_limits(const limits& by, const wanted_certificate& wanted) {
  const auto* own = by.of(wanted.purpose);
  if (own == nullptr) {
    return error(errc::bad_usage, fmt::format("a {} certificate is not issued this way", to_string(wanted.purpose)));
  }
  if (!own->may_be_issued) {
    return refused(fmt::format("{} certificates are not issued here", to_string(wanted.purpose)));
  }
  MUTUAL_CHECK(check_key(*own, wanted.purpose, wanted.key));
  // What is dated back for clocks that are behind is no part of the life that was asked for, and neither is a second
  // that went by while it was described.
  const auto life = wanted.spec.not_after - wanted.spec.not_before - x509::backdate;
  if (own->longest && life > *own->longest + std::chrono::minutes(1)) {
    return refused(fmt::format("a {} certificate may last {} days at most, and this would last {}",
                               to_string(wanted.purpose), own->longest->count(),
                               std::chrono::round<std::chrono::days>(life).count()));
  }
  if (own->names) return check_names(*own->names, wanted.purpose, wanted.spec);
  return {};
}

std::chrono::days usual_life(const limits& by, profile purpose, std::chrono::days usual) {
  const auto* own = by.of(purpose);
  return own != nullptr && own->longest ? std::min(usual, *own->longest) : usual;
}

x509::name_constraints constraints_for(const limits& by) {
  x509::name_constraints out;
  if (!by.constrain_intermediate) return out;
  const auto add = [](auto& to, const auto& from) {
    for (const auto& one : from) {
      if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(one);
    }
  };
  for (const auto* one : {&by.server, &by.client, &by.peer}) {
    if (!one->may_be_issued) continue;
    if (!one->names) return {};
    add(out.dns, one->names->dns);
    add(out.emails, one->names->emails);
    add(out.ips, one->names->ips);
  }
  out.no_dns = out.dns.empty();
  out.no_ips = out.ips.empty();
  out.no_emails = out.emails.empty();
  return out;
}

}  // namespace mutual::authority
