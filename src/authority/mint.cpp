#include "authority/mint.hpp"

#include "authority/pki.hpp"
#include "authority/published.hpp"
#include "authority/token_key.hpp"
#include "base/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace mutual::authority {
namespace {

error ours(const error& why) { return {errc::io, why.message()}; }

// A file's bytes, told apart from those of the next; nothing for one that is not there.
result<> append(std::string& to, const std::filesystem::path& path) {
  MUTUAL_TRY(const bool there, file::exists(path));
  if (!there) {
    to += "-\n";
    return {};
  }
  MUTUAL_TRY(auto bytes, file::read(path));
  const x509::secret read(std::move(bytes));
  to += fmt::format("{}\n", read.view().size());
  to += read.view();
  return {};
}

result<x509::secret> contents_of(const layout& places) {
  std::string all;
  // It holds a key: what grows would leave copies.
  all.reserve(std::size_t{64} * 1024);
  result<> outcome;
  for (const auto& one :
       {places.intermediate_certificate(), places.intermediate_key(), places.root_certificate(), places.limits()}) {
    if (outcome) outcome = append(all, one);
  }
  x509::secret out(std::move(all));
  if (!outcome) return outcome.error();
  return out;
}

}  // namespace

result<die> mint::strike() {
  auto issuer = load_issuer(places_);
  if (!issuer) return count_failure(issuer.error());
  MUTUAL_TRY(auto above, load_above(places_, issuer->chain));
  MUTUAL_TRY(auto by, load_limits(places_));
  MUTUAL_TRY(auto bytes, file::read(places_.intermediate_key()));
  const x509::secret key(std::move(bytes));
  return die{*std::move(issuer), std::move(above), std::move(by), names_token_key(key.view())};
}

result<std::shared_ptr<const die>> mint::current() {
  auto contents = contents_of(places_);
  if (!contents) return ours(contents.error());
  const std::scoped_lock lock(guard_);
  if (struck_ && contents->view() == contents_.view()) return struck_;
  struck_ = nullptr;
  // Files may change while they are read: what is kept must be what they say together.
  for (int tries = 0; tries < 3; ++tries) {
    auto before = contents_of(places_);
    if (!before) return ours(before.error());
    auto made = strike();
    if (!made) return ours(made.error());
    const auto after = contents_of(places_);
    if (!after) return ours(after.error());
    if (before->view() != after->view()) continue;
    contents_ = *std::move(before);
    struck_ = std::make_shared<const die>(*std::move(made));
    return struck_;
  }
  return error(errc::io, "the authority's files change all the time: try again");
}

std::shared_ptr<const die> mint::latest() {
  const std::scoped_lock lock(guard_);
  return struck_;
}

result<x509::certificate> mint::sign(const die& by, const certified& what) {
  const auto& issuer = by.issuer;
  if (EVP_PKEY_eq(what.key, issuer.key.get()) == 1) {
    return error(errc::bad_input, "the request is refused: its key is the authority's own");
  }
  std::chrono::seconds life = what.lifetime ? *what.lifetime : usual_life(by.by, what.purpose, default_lifetime);
  if (const auto* own = by.by.of(what.purpose); own != nullptr && own->longest) {
    life = std::min<std::chrono::seconds>(life, *own->longest);
  }
  const auto subject = what.like ? x509::distinguished_name{what.like->common_name(), what.like->organizations(),
                                                            what.like->organizational_units()}
                                 : x509::distinguished_name{what.name, issuer.leaf().organizations(), {}};
  MUTUAL_TRY(auto spec, x509::describe_certificate(what.purpose, subject, what.names, what.key, life));
  MUTUAL_CHECK(check_limits(by.by, {what.purpose, spec, what.key}));
  spec.places = places_for(by.by, issuer.leaf(), what.purpose);
  x509::leave_out_address(spec, issuer.leaf(), by.above);
  std::unique_lock one_at_a_time(token_, std::defer_lock);
  if (by.is_in_token) one_at_a_time.lock();
  auto made =
      x509::issue_certificate(std::move(spec), what.key, issuer.leaf(), issuer.key, x509::read_back::without_key);
  // What the CA may not certify is no fault of its key.
  const bool key_failed = !made && made.error().code() != errc::bad_usage;
  if (key_failed) (void)count_failure(made.error());
  if (key_failed && by.is_in_token) {
    // The token may have been taken out and put back: the next time it is opened anew.
    const std::scoped_lock lock(guard_);
    struck_ = nullptr;
  }
  if (made) MUTUAL_CHECK(x509::check_constraints_of(by.above, *made));
  return made;
}

}  // namespace mutual::authority
