// The inventory's part about enrolment tokens.

#include "authority/inventory.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

namespace mutual::authority {
namespace {

std::int64_t seconds(sys_seconds time) { return time.time_since_epoch().count(); }
sys_seconds from_seconds(std::int64_t count) { return sys_seconds(std::chrono::seconds(count)); }

}  // namespace

result<> inventory::add_token(const token_facts& one, std::string_view why) {
  MUTUAL_TRY(auto change, begin());
  using view = std::string_view;
  const auto names = names_to_text(one.names);
  MUTUAL_TRY(const auto added,
             db_->change("INSERT INTO tokens (id, digest, name, profile, names, made_at, ends_at) VALUES ($1, $2, $3, "
                         "$4, $5, $6, $7)",
                         {view(one.id), view(one.digest), view(one.name), to_string(one.purpose), view(names),
                          seconds(one.made_at), seconds(one.ends_at)}));
  (void)added;
  MUTUAL_CHECK(note("token", {}, one.name,
                    fmt::format("token {} until {}{}{}", one.id, to_text(one.ends_at), why.empty() ? "" : ": ", why)));
  return change.commit();
}

result<std::optional<token_facts>> inventory::find_token(std::string_view id) {
  std::optional<token_facts> found;
  MUTUAL_CHECK(
      db_->each("SELECT id, digest, name, profile, names, made_at, ends_at, used_at, serial FROM tokens WHERE id = $1",
                {id}, [&](const row& one) {
                  found.emplace();
                  found->id = one.text(0);
                  found->digest = one.text(1);
                  found->name = one.text(2);
                  found->purpose = x509::profile_from_string(one.text(3)).value_or(x509::profile::client);
                  found->names = names_from_text(one.text(4));
                  found->made_at = from_seconds(one.integer(5));
                  found->ends_at = from_seconds(one.integer(6));
                  if (!one.is_null(7)) found->used_at = from_seconds(one.integer(7));
                  found->serial = one.text(8);
                }));
  return found;
}

result<> inventory::use_token(std::string_view id, std::string_view serial) {
  MUTUAL_TRY(auto change, begin());
  MUTUAL_TRY(
      const auto used,
      db_->change("UPDATE tokens SET used_at = $1, serial = $2 WHERE id = $3 AND used_at IS NULL AND ends_at > $1",
                  {seconds(now()), serial, id}));
  if (used != 1) {
    return error(errc::already_exists,
                 fmt::format("the token {} has been used or withdrawn, or has ended", text::printable(id)));
  }
  return change.commit();
}

result<std::int64_t> inventory::withdraw_tokens(std::string_view id_or_name, std::string_view why) {
  MUTUAL_TRY(auto change, begin());
  const auto at = now();
  std::vector<token_facts> open;
  MUTUAL_CHECK(
      db_->each("SELECT id, name FROM tokens WHERE (id = $1 OR name = $1) AND used_at IS NULL AND ends_at > $2",
                {id_or_name, seconds(at)}, [&](const row& one) {
                  open.emplace_back();
                  open.back().id = one.text(0);
                  open.back().name = one.text(1);
                }));
  for (const auto& one : open) {
    // Used, for no certificate.
    MUTUAL_TRY(const auto withdrawn, db_->change("UPDATE tokens SET used_at = $1 WHERE id = $2 AND used_at IS NULL",
                                                 {seconds(at), std::string_view(one.id)}));
    (void)withdrawn;
    MUTUAL_CHECK(note("withdrawn", {}, one.name, fmt::format("token {}{}{}", one.id, why.empty() ? "" : ": ", why)));
  }
  MUTUAL_CHECK(change.commit());
  return static_cast<std::int64_t>(open.size());
}

}  // namespace mutual::authority
