#include "authority/store_url.hpp"

#include "base/characters.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <libpq-fe.h>
#include <memory>

namespace mutual::authority {
namespace {

struct free_options {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

error refused(std::string_view why) { return {errc::bad_usage, std::string(why)}; }

// Asked of the library that will read it, which takes "pass%77ord" for "password", and a "?" before the "@" for part of
// one. What it says about a URL that it cannot read may repeat the password.
result<> check_holds_no_password(const std::string& url) {
  const auto* const holding =
      "a store's URL holds no password, for everybody on the machine could read it: put it into ~/.pgpass, "
      "or into the environment as PGPASSWORD";
  if (text::lower(url).find("password=") != std::string::npos) return refused(holding);
  const std::unique_ptr<PQconninfoOption, free_options> read(PQconninfoParse(url.c_str(), nullptr));
  if (!read) {
    return refused(
        "the store's URL is none that PostgreSQL's library can read: write postgresql://HOST/DATABASE; what is not a "
        "letter, a digit or one of -._~ may need escaping (a slash is %2F)");
  }
  for (const auto* one = read.get(); one->keyword != nullptr; ++one) {
    const std::string_view name = one->keyword;
    if (one->val != nullptr && (name == "password" || name == "sslpassword")) return refused(holding);
  }
  return {};
}

}  // namespace

result<std::string> checked_store_url(std::string_view url) {
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) {
    // Its first word alone: behind it may be a password.
    const auto end = std::find_if_not(url.begin(), url.end(), [](char c) { return text::is_letter_or_digit(c); });
    return error(
        errc::bad_usage,
        fmt::format("{} is no store: write postgresql://HOST/DATABASE, or leave --store out for an SQLite file "
                    "in the PKI's folder",
                    text::quoted(url.substr(0, static_cast<std::size_t>(end - url.begin())))));
  }
  if (text::printable(url, 4096) != url) return refused("a store's URL is printable text of up to 4096 characters");
  std::string checked(url);
  MUTUAL_CHECK(check_holds_no_password(checked));
  return checked;
}

}  // namespace mutual::authority
