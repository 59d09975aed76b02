#include "authority/init.hpp"

#include "authority/adopt.hpp"
#include "authority/authorities.hpp"
#include "authority/issue_files.hpp"
#include "authority/limits.hpp"
#include "authority/new_file.hpp"
#include "authority/schema.hpp"
#include "authority/store.hpp"
#include "authority/workplace.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/alternative_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace mutual::authority {
namespace {

using x509::profile;
// " Intermediate CA" must still fit into a common name of 64 characters (not bytes).
constexpr std::size_t longest_organization = 48;

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

// "pki/" is what the link pki leads to, and not the link.
std::filesystem::path without_slash(const std::filesystem::path& folder) {
  return folder.has_filename() ? folder : folder.parent_path();
}

result<> check_free(const layout& places) {
  std::error_code code;
  const auto& folder = places.folder();
  const auto kind = std::filesystem::symlink_status(without_slash(folder), code);
  if (!std::filesystem::exists(kind)) {
    MUTUAL_CHECK(file::exists(folder));
    return {};
  }
  // Any of these: the root's key may be kept elsewhere, and the inventory may be in a database.
  for (const auto& sign : {places.inventory(), places.store(), places.root_certificate(), places.root_key()}) {
    MUTUAL_TRY(const bool there, file::exists(sign));
    if (!there) continue;
    return error(errc::already_exists,
                 fmt::format("{} holds a PKI already, and it is left as it is: add to it with mutual "
                             "issue, or make another with --pki",
                             shown(folder)));
  }
  if (std::filesystem::is_symlink(kind)) {
    return error(
        errc::already_exists,
        fmt::format("{} is a link, and a PKI is made under its own name: give the folder that it leads to with --pki",
                    shown(folder)));
  }
  if (!std::filesystem::is_directory(kind) || !std::filesystem::is_empty(folder, code) || code) {
    return error(errc::already_exists,
                 fmt::format("{} exists already and is no empty folder: name another with --pki", shown(folder)));
  }
  return {};
}

// The first server's request: what its files are called and whom it answers for.
result<issue_request> server_request(const init_request& request) {
  issue_request server;
  server.purpose = profile::server;
  server.kind = request.kind;
  server.p12_password = request.p12_password;
  const auto hosts = request.hosts.empty() ? std::vector<std::string>{"localhost"} : request.hosts;
  for (const auto& host : hosts) {
    MUTUAL_CHECK(x509::add_by_content(server.names, host));
    if (!server.names.uris.empty() || !server.names.emails.empty()) {
      return error(errc::bad_usage, fmt::format("{} is no host name or IP address", text::quoted(host)));
    }
  }
  add_loopback_addresses(server.names);
  const auto plain = std::find_if(hosts.begin(), hosts.end(), [](const auto& host) { return host.front() != '*'; });
  server.name = plain != hosts.end() ? text::lower(*plain) : text::lower(hosts.front()).substr(2);
  return server;
}

result<std::vector<issue_request>> first_requests(const init_request& request) {
  std::vector<issue_request> all;
  // A CA that comes from elsewhere may have its servers already.
  if (!request.existing || !request.hosts.empty()) {
    MUTUAL_TRY(auto server, server_request(request));
    all.push_back(std::move(server));
  }
  for (const auto& name : request.clients) {
    issue_request client;
    client.name = name;
    client.kind = request.kind;
    client.p12_password = request.p12_password;
    all.push_back(std::move(client));
  }
  for (auto one = all.begin(); one != all.end(); ++one) {
    MUTUAL_TRY(one->name, checked_name(one->name));
    if (std::any_of(all.begin(), one, [&](const auto& other) { return other.name == one->name; })) {
      return error(errc::bad_usage, fmt::format("{} is named twice: every certificate needs a name of its own",
                                                text::quoted(one->name)));
    }
  }
  return all;
}

result<issued_certificate> issue_self_signed(const issue_request& request, const std::string& organization,
                                             const layout& places, inventory& in) {
  const auto& key = *request.key;
  MUTUAL_TRY(const auto spec,
             x509::describe_certificate(request.purpose, {request.name, {organization}, {}}, request.names, key,
                                        request.lifetime.value_or(default_lifetime)));
  MUTUAL_TRY(auto leaf, x509::make_self_signed(spec, key));
  const auto entry = to_record(leaf, request.name, request.purpose, !request.p12_password.empty());
  MUTUAL_CHECK(stage_key(places, key, entry.serial));
  MUTUAL_CHECK(in.add(entry));
  MUTUAL_CHECK(publish(places, entry, key, {leaf}, request.p12_password.view()));
  MUTUAL_CHECK(in.set_state(entry.serial, record_state::issued));
  return issued_certificate{request.name, request.purpose, std::move(leaf), {}, {}, {}};
}

// The file that was given becomes the PKI's own, word for word, once it is known to make sense.
result<limits> take_limits(const init_request& request, const layout& places) {
  if (request.limits.empty()) return limits{};
  MUTUAL_TRY(const auto toml, file::read(request.limits));
  MUTUAL_TRY(auto by, read_limits(toml, shown(request.limits)));
  MUTUAL_CHECK(file::create(places.limits(), toml, file::access::everyone));
  return by;
}

// The root's key, in the folder or elsewhere: last of all, so that hardly anything is left that could fail after it.
result<> keep_root_key(const init_request& request, const x509::private_key& key, const layout& places,
                       new_file& outside) {
  const auto& elsewhere = request.root_key_file;
  const auto& path = elsewhere.empty() ? places.root_key() : elsewhere;
  MUTUAL_CHECK(write_root_key(key, request.root_password.view(), path));
  if (!elsewhere.empty()) outside.written(elsewhere);
  return {};
}

// What a new PKI is made of. All keys are there before anything is begun that somebody might wait for.
struct ingredients {
  std::vector<issue_request> first;
  ca_keys authorities;
};

result<ingredients> gather(const init_request& request) {
  ingredients out;
  MUTUAL_TRY(out.first, first_requests(request));
  for (auto& one : out.first) {
    MUTUAL_TRY(one.key, x509::private_key::generate(one.kind));
  }
  MUTUAL_TRY(out.authorities, make_ca_keys(request));
  return out;
}

// Everything but the inventory itself, in the folder where it is built.
result<made_pki> fill(const init_request& request, const ingredients& of, pki& site, new_file& outside) {
  const auto& places = site.places();
  made_pki made{places, {}, {}};
  if (request.self_signed) {
    std::string pinned;
    for (const auto& one : of.first) {
      MUTUAL_TRY(auto issued, issue_self_signed(one, request.organization, places, site.records()));
      pinned += issued.leaf.pem();
      made.issued.push_back(std::move(issued));
    }
    MUTUAL_CHECK(file::create(places.trust(), pinned, file::access::everyone));
    return made;
  }
  MUTUAL_TRY(const auto by, take_limits(request, places));
  const auto make = request.existing ? adopt_authorities : make_authorities;
  MUTUAL_TRY(const auto authorities, make(request, of.authorities, by, places, site.records()));
  made.authorities = authorities.all();
  if (authorities.root_key) {
    // While it is at hand: it may be kept away from now on.
    MUTUAL_TRY(const auto list, site.make_root_list({*authorities.root_key, {authorities.root}}));
    (void)list;
  }
  for (const auto& one : of.first) {
    MUTUAL_TRY(auto issued, site.issue(one));
    made.issued.push_back(std::move(issued));
  }
  const bool is_kept = authorities.root_key && !(request.existing && request.existing->leave_root_key);
  if (is_kept) MUTUAL_CHECK(keep_root_key(request, *authorities.root_key, places, outside));
  return made;
}

result<std::unique_ptr<inventory>> connect(const init_request& request, const layout& places) {
  return request.store.empty() ? create_inventory(places.inventory()) : connect_inventory_at(request.store);
}

// All that is recorded is one transaction, so that a server's inventory too is made whole or not at all.
result<made_pki> build(const init_request& request, const ingredients& of, pki& site, new_file& outside) {
  MUTUAL_TRY(auto whole, site.records().begin());
  if (!request.store.empty()) {
    MUTUAL_CHECK(site.records().make_ready(true));
    MUTUAL_CHECK(file::create(site.places().store(), request.store + "\n", file::access::owner_only));
  }
  MUTUAL_TRY(auto made, fill(request, of, site, outside));
  MUTUAL_TRY(const auto seen, site.records().how_far());
  MUTUAL_CHECK(write_mark(site.places(), {seen, {}}));
  MUTUAL_CHECK(whole.commit());
  return made;
}

// What went wrong in the folder where it was built, told of the one that was asked for: the other is gone by now.
error in_place(const error& failure, const std::filesystem::path& built, const std::filesystem::path& wanted) {
  auto message = failure.message();
  for (auto at = message.find(shown(built)); at != std::string::npos; at = message.find(shown(built), at)) {
    message.replace(at, shown(built).size(), shown(wanted));
    at += shown(wanted).size();
  }
  return {failure.code(), message};
}

}  // namespace

result<made_pki> init(const init_request& request) {
  const layout places(request.folder);
  MUTUAL_CHECK(check_free(places));
  if (const auto size = text::count_characters(request.organization); size == 0 || size > longest_organization) {
    return error(errc::bad_usage, fmt::format("the organization's name must have 1 to {} characters, and this has {}",
                                              longest_organization, size));
  }
  if (request.self_signed && (!request.root_key_file.empty() || !request.root_password.empty())) {
    return error(errc::bad_usage, "--self-signed makes no root, so there is no root's key to protect: leave it out");
  }
  if (request.self_signed && !request.limits.empty()) {
    return error(errc::bad_usage, "limits are for an authority, and --self-signed makes none: leave one of them out");
  }
  if (!request.store.empty()) {
    MUTUAL_TRY(const auto url, checked_store_url(request.store));
    (void)url;
  }
  MUTUAL_TRY(const auto all, gather(request));
  MUTUAL_TRY(auto site, workplace::make(request.folder));
  const layout being_built(site.path());
  MUTUAL_CHECK(file::make_folder(being_built.issued(), file::access::everyone));
  auto records = connect(request, being_built);
  if (!records) return in_place(records.error(), site.path(), request.folder);
  std::optional<pki> inside(pki::being_made(being_built, *std::move(records)));
  new_file outside;
  auto built = build(request, all, *inside, outside);
  if (!built) return in_place(built.error(), site.path(), request.folder);
  auto made = *std::move(built);
  // A file is closed before its folder gets its name.
  if (request.store.empty()) inside.reset();
  if (auto named = site.take_name(); !named) {
    if (inside) (void)remove_schema(inside->records().on());
    return std::move(named).error();
  }
  outside.keep();
  made.places = places;
  for (auto& one : made.issued) {
    one.certificate_file = places.certificate(one.name);
    one.key_file = places.key(one.name);
    one.p12_file = places.p12(one.name);
  }
  return made;
}

}  // namespace mutual::authority
