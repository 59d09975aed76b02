#include "authority/authorities.hpp"

#include "base/file.hpp"
#include "x509/bundle.hpp"
#include "x509/encrypted_key.hpp"

namespace mutual::authority {
namespace {

using x509::profile;
constexpr std::chrono::days root_lifetime{3650};
constexpr std::chrono::days intermediate_lifetime{1825};

// Records a CA and writes its certificate, after its key.
result<> write_ca(inventory& in, profile purpose, const x509::certificate& one, const std::filesystem::path& path) {
  auto entry = to_record(one, to_string(purpose), purpose, false);
  entry.state = record_state::issued;
  MUTUAL_CHECK(in.add(entry));
  return file::create(path, one.pem(), file::access::everyone);
}

}  // namespace

result<x509::identity> make_intermediate(const x509::distinguished_name& subject, x509::key_kind kind, const limits& by,
                                         const x509::identity& root) {
  MUTUAL_TRY(auto key, x509::private_key::generate(kind));
  MUTUAL_TRY(auto spec, x509::describe_certificate(profile::intermediate, subject, {}, key, intermediate_lifetime));
  if (const auto constraints = constraints_for(by); !constraints.empty()) {
    MUTUAL_TRY(auto extension, x509::to_extension(constraints));
    spec.others.push_back(std::move(extension));
  }
  MUTUAL_TRY(auto made, x509::issue_certificate(std::move(spec), key.get(), root.leaf(), root.key));
  return x509::identity{std::move(key), {std::move(made)}};
}

result<made_authorities> make_authorities(const init_request& request, const limits& by, const layout& places,
                                          inventory& in) {
  const auto& organization = request.organization;
  MUTUAL_TRY(auto key, x509::private_key::generate(request.kind));
  MUTUAL_TRY(const auto spec, x509::describe_certificate(profile::root, {organization + " Root CA", {organization}, {}},
                                                         {}, key, root_lifetime));
  MUTUAL_TRY(auto certificate, x509::make_self_signed(spec, key));
  x509::identity root{std::move(key), {std::move(certificate)}};
  MUTUAL_TRY(const auto below,
             make_intermediate({organization + " Intermediate CA", {organization}, {}}, request.kind, by, root));
  MUTUAL_CHECK(write_ca(in, profile::root, root.leaf(), places.root_certificate()));
  MUTUAL_CHECK(file::create(places.intermediate_key(), below.key.pem().view(), file::access::owner_only));
  MUTUAL_CHECK(write_ca(in, profile::intermediate, below.leaf(), places.intermediate_certificate()));
  MUTUAL_CHECK(file::create(places.trust(), root.leaf().pem(), file::access::everyone));
  return made_authorities{{root.leaf(), below.leaf()}, std::move(root)};
}

result<> write_root_key(const x509::private_key& key, std::string_view password, const std::filesystem::path& path) {
  if (password.empty()) return file::create(path, key.pem().view(), file::access::owner_only);
  MUTUAL_TRY(const auto encrypted, x509::encrypted_pem(key, password));
  return file::create(path, encrypted.view(), file::access::owner_only);
}

}  // namespace mutual::authority
