#include "authority/authorities.hpp"

#include "authority/published.hpp"
#include "authority/token_key.hpp"
#include "base/file.hpp"
#include "x509/bundle.hpp"
#include "x509/encrypted_key.hpp"

#include <algorithm>

namespace mutual::authority {
namespace {

using x509::profile;
constexpr std::chrono::days intermediate_lifetime{1825};

// Records a CA and writes its certificate, with those above it, after its key.
result<> write_ca(inventory& in, profile purpose, const std::vector<x509::certificate>& chain,
                  const std::filesystem::path& path, const std::vector<std::string>& imported) {
  auto entry = to_record(chain.front(), to_string(purpose), purpose, false);
  if (std::find(imported.begin(), imported.end(), entry.serial) != imported.end()) entry.place = imported_place;
  entry.state = record_state::issued;
  MUTUAL_CHECK(in.add(entry));
  return file::create(path, x509::to_pem(chain), file::access::everyone);
}

}  // namespace

std::vector<x509::certificate> made_authorities::all() const {
  std::vector<x509::certificate> out{root};
  out.insert(out.end(), issuer.chain.begin(), issuer.chain.end());
  return out;
}

result<x509::private_key> intermediate_key(x509::key_kind kind, const std::string& token_uri) {
  return token_uri.empty() ? x509::private_key::generate(kind) : open_token_key(token_uri);
}

result<ca_keys> make_ca_keys(const init_request& request) {
  ca_keys out;
  if (request.self_signed) return out;
  if (!request.existing) {
    MUTUAL_TRY(out.root, x509::private_key::generate(request.kind));
  }
  // An intermediate that comes from elsewhere has its own.
  if (!request.existing || request.existing->ca.leaf().is_self_signed()) {
    MUTUAL_TRY(out.intermediate, intermediate_key(request.kind, request.token_uri));
  }
  return out;
}

result<x509::identity> make_intermediate(const x509::distinguished_name& subject, const x509::private_key& key,
                                         const limits& by, const x509::identity& root) {
  MUTUAL_TRY(auto spec, x509::describe_certificate(profile::intermediate, subject, {}, key, intermediate_lifetime));
  if (const auto constraints = constraints_for(by); !constraints.empty()) {
    MUTUAL_TRY(auto extension, x509::to_extension(constraints));
    spec.others.push_back(std::move(extension));
  }
  spec.places = places_for(by, root.leaf(), profile::intermediate);
  MUTUAL_TRY(auto made, x509::issue_certificate(std::move(spec), key.get(), root.leaf(), root.key));
  MUTUAL_CHECK(check_usable(made));
  return x509::identity{key, {std::move(made)}};
}

result<made_authorities> make_authorities(const init_request& request, const ca_keys& keys, const limits& by,
                                          const layout& places, inventory& in) {
  const auto& organization = request.organization;
  const auto& key = *keys.root;
  MUTUAL_TRY(const auto spec, x509::describe_certificate(profile::root, {organization + " Root CA", {organization}, {}},
                                                         {}, key, root_lifetime));
  MUTUAL_TRY(auto certificate, x509::make_self_signed(spec, key));
  const x509::identity root{key, {std::move(certificate)}};
  MUTUAL_TRY(auto below,
             make_intermediate({organization + " Intermediate CA", {organization}, {}}, *keys.intermediate, by, root));
  made_authorities made{root.leaf(), std::move(below), root.key, {}, request.token_uri};
  MUTUAL_CHECK(write_authorities(made, places, in));
  return made;
}

result<> write_authorities(const made_authorities& made, const layout& places, inventory& in) {
  MUTUAL_CHECK(write_ca(in, profile::root, {made.root}, places.root_certificate(), made.imported));
  MUTUAL_CHECK(file::create(places.intermediate_key(), key_file_of(made.issuer.key, made.token_uri).view(),
                            file::access::owner_only));
  MUTUAL_CHECK(
      write_ca(in, profile::intermediate, made.issuer.chain, places.intermediate_certificate(), made.imported));
  return file::create(places.trust(), made.root.pem(), file::access::everyone);
}

x509::secret key_file_of(const x509::private_key& key, const std::string& token_uri) {
  return token_uri.empty() ? key.pem() : x509::secret(token_uri + "\n");
}

result<> write_root_key(const x509::private_key& key, std::string_view password, const std::filesystem::path& path) {
  if (password.empty()) return file::create(path, key.pem().view(), file::access::owner_only);
  MUTUAL_TRY(const auto encrypted, x509::encrypted_pem(key, password));
  return file::create(path, encrypted.view(), file::access::owner_only);
}

}  // namespace mutual::authority
