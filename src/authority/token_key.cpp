// OpenSSL 3 calls engines deprecated, but the provider that is to follow them is not in Debian 12; this one is in both.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "authority/token_key.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>
#include <openssl/engine.h>

#include <cstdlib>
#include <memory>

namespace mutual::authority {
namespace {

constexpr std::string_view scheme = "pkcs11:";
constexpr std::size_t longest_uri = 4096;

struct free_engine {
  void operator()(ENGINE* handle) const noexcept { ENGINE_free(handle); }
};
struct finish_engine {
  void operator()(ENGINE* handle) const noexcept { ENGINE_finish(handle); }
};

std::string shown(std::string_view uri) { return text::printable(uri.substr(0, uri.find('?')), longest_uri); }

// "%2F" is "/" (RFC 3986 section 2.1); what is no such thing stays as it is.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto digits = text.substr(at + 1, 2);
    const bool is_escape = text[at] == '%' && digits.size() == 2 &&
                           digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    out += is_escape ? static_cast<char>(std::strtol(std::string(digits).c_str(), nullptr, 16)) : text[at];
    if (is_escape) at += 2;
  }
  return out;
}

// What a URI asks for: the key itself, and how to come to it.
struct token_uri {
  std::string key;
  std::string module;
  x509::secret pin;
};

std::string_view first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

result<x509::secret> read_pin(std::string_view source) {
  auto path = decoded(source);
  if (path.starts_with("file:")) path.erase(0, path.starts_with("file://") ? 7 : 5);
  MUTUAL_TRY(auto bytes, file::read(path, 4096));
  const x509::secret contents(std::move(bytes));
  const auto line = first_line(contents.view());
  if (line.empty()) {
    return error(errc::bad_input,
                 fmt::format("{} holds no PIN: its first line is empty", text::printable(path, longest_uri)));
  }
  return x509::secret(line);
}

result<token_uri> read_uri(std::string_view uri) {
  token_uri out;
  if (!names_token_key(uri)) {
    return error(errc::bad_usage,
                 fmt::format("{} is no key in a token: write pkcs11:token=LABEL;object=LABEL", text::quoted(uri)));
  }
  if (uri.size() > longest_uri || text::printable(uri, longest_uri) != uri) {
    return error(errc::bad_usage, "the URI of a key in a token is printable text of up to 4096 characters");
  }
  const auto question = uri.find('?');
  out.key = uri.substr(0, question);
  if (out.key.find(";type=") == std::string::npos && out.key.find(":type=") == std::string::npos) {
    out.key += ";type=private";
  }
  if (out.key.find("pin-value=") != std::string::npos || uri.find("pin-value=") != std::string_view::npos) {
    return error(errc::bad_usage,
                 "a token's URI holds no PIN, for everybody on the machine could read it: put it into a file, and name "
                 "that with ?pin-source=, or into the environment as MUTUAL_PIN");
  }
  if (const char* pin = std::getenv("MUTUAL_PIN"); pin != nullptr) out.pin = x509::secret(std::string_view(pin));
  if (question == std::string_view::npos) return out;
  for (const auto part : text::split_list(uri.substr(question + 1), '&')) {
    const auto value = part.substr(part.find('=') + 1);
    if (part.starts_with("pin-source=")) {
      MUTUAL_TRY(out.pin, read_pin(value));
    } else if (part.starts_with("module-path=")) {
      out.module = decoded(value);
    } else {
      return error(
          errc::bad_usage,
          fmt::format("{} is not known behind the question mark of a token's URI: there are pin-source and module-path",
                      text::quoted(part)));
    }
  }
  return out;
}

error unavailable(std::string_view uri, std::string_view what) {
  return {errc::io, fmt::format("cannot use the token of {}: {} ({})", shown(uri), what, x509::openssl_errors())};
}

}  // namespace

bool names_token_key(std::string_view text) { return text.starts_with(scheme); }

result<x509::private_key> open_token_key(std::string_view uri) {
  MUTUAL_TRY(const auto asked, read_uri(uri));
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
  if (!asked.pin.empty()) ready = ready && set("PIN", asked.pin.c_str());
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
  MUTUAL_TRY(found.key, open_token_key(first_line(contents.view())));
  return x509::to_identity(std::move(found), text::printable(certificate.string(), 4096), key);
}

}  // namespace mutual::authority
