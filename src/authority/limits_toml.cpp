// authority.toml as limits.

#include "authority/limits.hpp"
#include "authority/published.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/alternative_names.hpp"
#include "x509/key.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

// One file of ours reads TOML, so the library's code is compiled here, and nobody has to link it.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace mutual::authority {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} * 1024;
constexpr std::int64_t most_days = 36500;

// One file being read: errors name it and the line.
class reader {
 public:
  explicit reader(std::string_view where) : where_(where) {}

  error wrong(const toml::source_region& at, std::string_view why) const {
    return {errc::bad_input, fmt::format("{}, line {}: {}", where_, at.begin.line, why)};
  }

  // What is not known is refused: a limit whose name is misspelt would be no limit.
  result<> check_keys(const toml::table& in, std::initializer_list<std::string_view> known) const {
    for (const auto& [key, value] : in) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      return wrong(value.source(), fmt::format("there is no setting {} here; there are {}", text::quoted(key.str()),
                                               fmt::join(known, ", ")));
    }
    return {};
  }

  result<std::vector<std::string>> words(const toml::table& in, std::string_view key) const {
    std::vector<std::string> out;
    const auto* node = in.get(key);
    if (node == nullptr) return out;
    const auto* list = node->as_array();
    if (list == nullptr) return wrong(node->source(), fmt::format("{} is a list: {} = [\"…\"]", key, key));
    for (const auto& each : *list) {
      const auto* word = each.as_string();
      if (word == nullptr || word->get().empty() || word->get().size() > 2048) {
        return wrong(each.source(), fmt::format("{} is a list of texts in quotes, none of them empty", key));
      }
      out.push_back(word->get());
    }
    return out;
  }

  // The words of a list, each made what it stands for; what is wrong with one is told with its line.
  template <class T, class Make>
  result<std::vector<T>> list(const toml::table& in, std::string_view key, Make make) const {
    MUTUAL_TRY(const auto texts, words(in, key));
    std::vector<T> out;
    for (const auto& text : texts) {
      result<T> made = make(text);
      if (!made) return wrong(in.get(key)->source(), fmt::format("{}: {}", key, made.error().message()));
      out.push_back(*std::move(made));
    }
    return out;
  }

 private:
  std::string where_;
};

result<std::string> domain_of(const std::string& text) {
  if (text.starts_with("*.") || text.starts_with('.')) {
    return error(errc::bad_input, fmt::format("{} stands for all below it already: leave out what is before the name",
                                              text::quoted(text)));
  }
  return x509::checked_dns_name(text);
}

result<std::string> mail_host_of(const std::string& text) {
  const bool below = text.starts_with('.');
  MUTUAL_TRY(auto host, x509::checked_dns_name(std::string_view(text).substr(below ? 1 : 0)));
  return below ? "." + host : host;
}

// With its scheme and, where it has an authority, the whole of that: "https://acme" must not end inside a host's name.
result<std::string> uri_prefix_of(const std::string& text) {
  const auto colon = text.find(':');
  const bool hierarchical = text.find("://") == colon && colon != std::string::npos;
  const bool whole = colon != std::string::npos && colon > 0 && (!hierarchical || text.size() > colon + 3);
  if (!whole || text.find_first_of("?#\\ ") != std::string::npos) {
    return error(errc::bad_input,
                 fmt::format("{} is no beginning of URIs: write spiffe://acme/ or urn:acme:", text::quoted(text)));
  }
  return text;
}

result<std::string> kind_of(const std::string& text) {
  const auto kind = x509::key_kind_from_string(text);
  if (!kind) {
    return error(errc::bad_input, fmt::format("{} is no kind of key: there are p256, p384, ed25519, rsa2048, rsa3072, "
                                              "rsa4096",
                                              text::quoted(text)));
  }
  return std::string(to_string(*kind));
}

result<name_limits> read_names(const reader& from, const toml::table& in) {
  MUTUAL_CHECK(from.check_keys(in, {"dns", "uris", "emails", "ips"}));
  name_limits out;
  MUTUAL_TRY(out.dns, from.list<std::string>(in, "dns", domain_of));
  MUTUAL_TRY(out.uris, from.list<std::string>(in, "uris", uri_prefix_of));
  MUTUAL_TRY(out.emails, from.list<std::string>(in, "emails", mail_host_of));
  MUTUAL_TRY(out.ips, from.list<x509::ip_range>(in, "ips", x509::ip_range_from_text));
  return out;
}

// What stands in a table, over what holds already.
result<profile_limits> read_profile(const reader& from, const toml::table& in, profile_limits out) {
  if (const auto* node = in.get("names")) {
    const auto* table = node->as_table();
    if (table == nullptr) return from.wrong(node->source(), "names is a table: [names]");
    MUTUAL_TRY(out.names, read_names(from, *table));
  }
  if (const auto* node = in.get("longest_days")) {
    const auto* days = node->as_integer();
    if (days == nullptr || days->get() < 1 || days->get() > most_days) {
      return from.wrong(node->source(), fmt::format("longest_days is a whole number from 1 to {}", most_days));
    }
    out.longest = std::chrono::days(days->get());
  }
  if (in.contains("key_kinds")) {
    MUTUAL_TRY(out.key_kinds, from.list<std::string>(in, "key_kinds", kind_of));
  }
  return out;
}

result<> read_profiles(const reader& from, const toml::table& in, limits& out) {
  if (!in.contains("profiles")) return {};
  MUTUAL_TRY(const auto names, from.words(in, "profiles"));
  for (auto* one : {&out.server, &out.client, &out.peer}) one->may_be_issued = false;
  for (const auto& name : names) {
    auto* const one = name == "server"   ? &out.server
                      : name == "client" ? &out.client
                      : name == "peer"   ? &out.peer
                                         : nullptr;
    if (one == nullptr) {
      return from.wrong(in.get("profiles")->source(),
                        fmt::format("there is no profile {}; there are server, client, peer", text::quoted(name)));
    }
    one->may_be_issued = true;
  }
  return {};
}

result<limits> read_table(const reader& from, const toml::table& in) {
  MUTUAL_CHECK(from.check_keys(in, {"profiles", "names", "longest_days", "key_kinds", "constrain_intermediate",
                                    "public_url", "server", "client", "peer"}));
  limits out;
  MUTUAL_TRY(const auto common, read_profile(from, in, {}));
  out.server = out.client = out.peer = common;
  for (const auto& [key, one] :
       {std::pair("server", &out.server), std::pair("client", &out.client), std::pair("peer", &out.peer)}) {
    const auto* node = in.get(key);
    if (node == nullptr) continue;
    const auto* table = node->as_table();
    if (table == nullptr) return from.wrong(node->source(), fmt::format("{} is a table: [{}]", key, key));
    MUTUAL_CHECK(from.check_keys(*table, {"names", "longest_days", "key_kinds"}));
    MUTUAL_TRY(*one, read_profile(from, *table, *one));
  }
  MUTUAL_CHECK(read_profiles(from, in, out));
  if (const auto* node = in.get("constrain_intermediate")) {
    const auto* yes = node->as_boolean();
    if (yes == nullptr) return from.wrong(node->source(), "constrain_intermediate is true or false");
    out.constrain_intermediate = yes->get();
  }
  if (const auto* node = in.get("public_url")) {
    const auto* url = node->as_string();
    if (url == nullptr) return from.wrong(node->source(), "public_url is a text in quotes");
    auto checked = checked_public_url(url->get());
    if (!checked) return from.wrong(node->source(), "public_url: " + checked.error().message());
    out.public_url = *std::move(checked);
  }
  return out;
}

}  // namespace

result<limits> read_limits(std::string_view toml, std::string_view where) {
  if (toml.size() > most_bytes) {
    return error(errc::bad_input, fmt::format("{} is larger than 64 KiB: limits are a few lines", where));
  }
  const auto parsed = toml::parse(toml);
  const reader from(where);
  if (!parsed) return from.wrong(parsed.error().source(), text::printable(parsed.error().description(), 512));
  return read_table(from, parsed.table());
}

result<limits> load_limits(const layout& places) {
  MUTUAL_TRY(const bool there, file::exists(places.limits()));
  if (!there) return limits{};
  MUTUAL_TRY(const auto toml, file::read(places.limits(), most_bytes));
  return read_limits(toml, text::printable(places.limits().string(), 4096));
}

}  // namespace mutual::authority
