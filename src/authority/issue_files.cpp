#include "authority/issue_files.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/pkcs12.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

// Writes a file unless it is there.
result<> write_once(const std::filesystem::path& path, std::string_view contents, file::access who) {
  auto written = file::create(path, contents, who);
  if (!written && written.error().code() == errc::already_exists) return {};
  return written;
}

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

// "NAME.crt.new-0123456789abcdef": what file::create writes before it gives it its name.
bool is_half_written(std::string_view name) {
  const auto at = name.rfind(".new-");
  return at != std::string_view::npos && name.size() - at == 5 + 16 && is_hex(name.substr(at + 5));
}

// ".SERIAL.key"
bool is_staged_key(std::string_view name) {
  return name.size() == 1 + 40 + 4 && name.front() == '.' && name.ends_with(".key") && is_hex(name.substr(1, 40));
}

}  // namespace

std::filesystem::path staged_key(const layout& places, std::string_view serial) {
  return places.issued() / fmt::format(".{}.key", serial);
}

result<> check_unused(const layout& places, std::string_view name) {
  std::error_code code;
  for (const auto& path : {places.certificate(name), places.key(name), places.p12(name)}) {
    // symlink_status sees links that lead nowhere too.
    if (std::filesystem::exists(std::filesystem::symlink_status(path, code))) {
      return error(
          errc::already_exists,
          fmt::format("{} exists already and is not overwritten: choose another name, or move it away", shown(path)));
    }
  }
  return {};
}

result<> stage_key(const layout& places, const x509::private_key& key, std::string_view serial) {
  return file::create(staged_key(places, serial), key.pem().view(), file::access::owner_only);
}

result<> publish(const layout& places, const record& of, const x509::identity& who, std::string_view p12_password) {
  const auto staged = staged_key(places, of.serial);
  const auto key = places.key(of.name);
  if (const int code = ::link(staged.c_str(), key.c_str()) == 0 ? 0 : errno; code != 0 && code != EEXIST) {
    // A process that was killed after it had done all of this, and before it could say so, leaves no staged key.
    MUTUAL_TRY(const bool done, file::exists(key));
    if (code != ENOENT || !done) {
      return error(errc::io, fmt::format("cannot write {}: {}", shown(key), file::advice(code)));
    }
  }
  // A password that only the interrupted process knew is gone with it; the key and certificate are whole without.
  if (!of.p12_has_password || !p12_password.empty()) {
    MUTUAL_TRY(const auto p12, x509::to_pkcs12(who, p12_password, of.name));
    MUTUAL_CHECK(write_once(places.p12(of.name), p12.view(), file::access::owner_only));
  }
  // Writing the certificate also makes the key's name durable: it syncs the folder that both are in.
  MUTUAL_CHECK(write_once(places.certificate(of.name), x509::to_pem(who.chain), file::access::everyone));
  (void)::unlink(staged.c_str());
  return {};
}

void sweep(const layout& places, const std::vector<record>& unfinished) {
  const auto is_wanted = [&](const std::string& name) {
    return std::any_of(unfinished.begin(), unfinished.end(),
                       [&](const record& one) { return name == fmt::format(".{}.key", one.serial); });
  };
  std::vector<std::filesystem::path> litter;
  std::error_code code;
  for (std::filesystem::directory_iterator at(places.issued(), code), end; !code && at != end; at.increment(code)) {
    const auto name = at->path().filename().string();
    if (is_half_written(name) || (is_staged_key(name) && !is_wanted(name))) litter.push_back(at->path());
  }
  for (const auto& path : litter) (void)std::filesystem::remove(path, code);
}

}  // namespace mutual::authority
