// OpenSSL 3 calls engines deprecated, but the provider that is to follow them is not in Debian 12; this one is in both.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "authority/token_key.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"
#include "x509/password_text.hpp"

#include <fmt/format.h>
#include <openssl/engine.h>

#include <cstdlib>
#include <memory>

namespace mutual::authority {
namespace {

constexpr std::size_t longest_uri = 4096;

struct free_engine {
  void operator()(ENGINE* handle) const noexcept { ENGINE_free(handle); }
};
struct finish_engine {
  void operator()(ENGINE* handle) const noexcept { ENGINE_finish(handle); }
};

std::string shown(std::string_view uri) { return text::printable(uri.substr(0, uri.find('?')), longest_uri); }

// The token's PIN; empty if it is said nowhere.
result<x509::secret> read_pin(const std::string& file) {
  if (file.empty()) {
    const char* pin = std::getenv("MUTUAL_PIN");
    return x509::checked_password(pin != nullptr ? pin : "", "PIN");
  }
  MUTUAL_TRY(auto bytes, file::read(file, 4096));
  const x509::secret contents(std::move(bytes));
  return x509::password_in(contents.view(), text::printable(file, longest_uri), "PIN");
}

error unavailable(std::string_view uri, std::string_view what) {
  return {errc::io, fmt::format("cannot use the token of {}: {} ({})", shown(uri), what, x509::openssl_errors())};
}

}  // namespace

result<x509::private_key> open_token_key(std::string_view uri) {
  MUTUAL_TRY(const auto asked, read_token_uri(uri));
  MUTUAL_TRY(const auto pin, read_pin(asked.pin_source));
  ENGINE_load_dynamic();
  const std::unique_ptr<ENGINE, free_engine> engine(ENGINE_by_id("pkcs11"));
  if (!engine) return unavailable(uri, "OpenSSL's engine for PKCS#11 is missing: install libengine-pkcs11-openssl");
  const auto set = [&](const char* name, const char* value) {
    return ENGINE_ctrl_cmd_string(engine.get(), name, value, 0) == 1;
  };
  if (!asked.module.empty()) {
    // The engine would only say so on standard error.
    MUTUAL_TRY(const bool there, file::exists(asked.module));
    if (!there) {
      return error(errc::io, fmt::format("cannot use the token of {}: there is no library {} (module-path)", shown(uri),
                                         text::printable(asked.module, longest_uri)));
    }
  }
  bool ready = set("QUIET", nullptr);
  if (!asked.module.empty()) ready = ready && set("MODULE_PATH", asked.module.c_str());
  if (!pin.empty()) ready = ready && set("PIN", pin.c_str());
  // The key that is loaded keeps the engine for as long as it lives.
  const std::unique_ptr<ENGINE, finish_engine> running(ready && ENGINE_init(engine.get()) == 1 ? engine.get()
                                                                                               : nullptr);
  if (!running)
    return unavailable(uri, "its library cannot be loaded: see that module-path names it, or p11-kit knows it");
  x509::pkey_ptr key(ENGINE_load_private_key(running.get(), asked.key.c_str(), nullptr, nullptr));
  if (!key) {
    return unavailable(uri,
                       "there is no such private key, or the PIN is wrong or missing: see p11tool --list-all, and give "
                       "the PIN with ?pin-source= or MUTUAL_PIN");
  }
  return x509::private_key(std::move(key));
}

result<x509::identity> load_ca(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  MUTUAL_TRY(auto bytes, file::read(key));
  const x509::secret contents(std::move(bytes));
  if (!names_token_key(contents.view())) return x509::load_identity(certificate, key);
  MUTUAL_TRY(auto found, x509::load_bundle(certificate));
  MUTUAL_TRY(found.key, open_token_key(x509::first_line(contents.view())));
  return x509::to_identity(std::move(found), text::printable(certificate.string(), 4096), key);
}

}  // namespace mutual::authority
