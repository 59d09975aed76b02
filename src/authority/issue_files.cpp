#include "authority/issue_files.hpp"

#include "base/file.hpp"
#include "base/file_name.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"
#include "x509/pkcs12.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

using file::on_disk;

// Whether a file has its name and nothing else: where a file system can do no better (see file_name.cpp), a process
// that was killed may leave that.
bool has_nothing(const std::filesystem::path& path) {
  const auto there = file::read(path);
  return there && there->empty();
}

// Writes a file unless it is there.
result<> write_once(const std::filesystem::path& path, std::string_view contents, file::access who, on_disk how) {
  auto written = file::create(path, contents, who, how);
  if (written || written.error().code() != errc::already_exists) return written;
  return has_nothing(path) ? file::replace(path, contents, who, how) : result<>();
}

// What a machine that has lost its power may have made of a file that was to hold `whole`: some of its bytes are there,
// and others are zero, or not there at all.
bool is_half_of(std::string_view there, std::string_view whole) {
  return there.size() <= whole.size() && there != whole &&
         std::equal(there.begin(), there.end(), whole.begin(), [](char is, char was) { return is == was || is == 0; });
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

result<> stage_key(const layout& places, const x509::private_key& key, std::string_view serial, bool takes_a_place) {
  const auto path = staged_key(places, serial);
  if (takes_a_place) return file::create(path, key.pem().view(), file::access::owner_only);
  return file::create(path, key.pem().view(), file::access::owner_only, on_disk::contents);
}

result<std::optional<x509::private_key>> key_in_place(const layout& places, std::string_view name,
                                                      const x509::certificate& leaf) {
  auto there = x509::load_bundle(places.key(name));
  if (!there && there.error().code() == errc::io) return there.error();
  if (!there || !there->key || !there->key->belongs_to(leaf)) return std::optional<x509::private_key>();
  return std::move(there->key);
}

namespace {

// The staged key under its own name, unless a key is there already.
result<> name_key(const layout& places, const record& of, const x509::private_key& staged) {
  const auto key = places.key(of.name);
  const int code = file::give_second_name(staged_key(places, of.serial), key, file::access::owner_only);
  if (code == EEXIST && has_nothing(key)) return file::replace(key, staged.pem().view(), file::access::owner_only);
  if (code == 0 || code == EEXIST) return {};
  // A process that was killed after it had done all of this, and before it could say so, leaves no staged key.
  MUTUAL_TRY(const bool done, file::exists(key));
  if (code == ENOENT && done) return {};
  return error(errc::io, fmt::format("cannot write {}: {}", shown(key), file::advice(code)));
}

result<> publish_new(const layout& places, const record& of, const std::optional<x509::private_key>& key,
                     const std::vector<x509::certificate>& chain, std::string_view p12_password, on_disk how) {
  if (key) {
    MUTUAL_CHECK(name_key(places, of, *key));
    // A password that only the interrupted process knew is gone with it; the key and certificate are whole without.
    if (!of.p12_has_password || !p12_password.empty()) {
      MUTUAL_TRY(const auto p12, x509::to_pkcs12({*key, chain}, p12_password, of.name));
      MUTUAL_CHECK(write_once(places.p12(of.name), p12.view(), file::access::owner_only, how));
    }
  }
  const auto path = places.certificate(of.name);
  const auto pem = x509::to_pem(chain);
  const auto written = file::create(path, pem, file::access::everyone, how);
  if (written || written.error().code() != errc::already_exists) return written;
  const auto there = file::read(path);
  if (!there || !is_half_of(*there, pem)) return {};
  return file::replace(path, pem, file::access::everyone, how);
}

// Gives the files of what is replaced a second name, before the first is taken from them.
result<> keep_replaced(const layout& places, const record& of, on_disk how) {
  MUTUAL_CHECK(file::make_folder(places.replaced(), file::access::owner_only));
  for (const auto& from : {places.certificate(of.name), places.key(of.name), places.p12(of.name)}) {
    const auto to = places.replaced() / (of.name + "." + of.replaces + from.extension().string());
    const auto who = from == places.certificate(of.name) ? file::access::everyone : file::access::owner_only;
    const int code = file::give_second_name(from, to, who);
    if (code != 0 && code != EEXIST && code != ENOENT) {
      return error(errc::io, fmt::format("cannot keep {} as {}: {}", shown(from), shown(to), file::advice(code)));
    }
  }
  if (how == on_disk::contents) file::sync(places.replaced());
  return {};
}

result<> publish_over(const layout& places, const record& of, const std::optional<x509::private_key>& key,
                      const std::vector<x509::certificate>& chain, std::string_view p12_password, on_disk how) {
  const auto certificate = places.certificate(of.name);
  if (const auto there = x509::load_certificates(certificate); there && there->front() == chain.front()) return {};
  MUTUAL_CHECK(keep_replaced(places, of, how));
  const auto p12_file = places.p12(of.name);
  if (key) {
    // One that is in place is on the disk, whoever waits for what, and so it is never away.
    const auto there_now = key_in_place(places, of.name, chain.front());
    if (!there_now || !*there_now) {
      MUTUAL_CHECK(file::replace(places.key(of.name), key->pem().view(), file::access::owner_only, how));
    }
    if (!of.p12_has_password || !p12_password.empty()) {
      MUTUAL_TRY(const auto p12, x509::to_pkcs12({*key, chain}, p12_password, of.name));
      // Nobody who finds the certificate's file on the disk looks for this one.
      MUTUAL_CHECK(file::replace(p12_file, p12.view(), file::access::owner_only, on_disk::contents));
    } else {
      (void)::unlink(p12_file.c_str());
    }
  } else {
    // A key of the one before does not belong to this one.
    (void)::unlink(places.key(of.name).c_str());
    (void)::unlink(p12_file.c_str());
  }
  return file::replace(certificate, x509::to_pem(chain), file::access::everyone, how);
}

}  // namespace

result<> publish(const layout& places, const record& of, const std::optional<x509::private_key>& key,
                 const std::vector<x509::certificate>& chain, std::string_view p12_password, on_disk how) {
  const auto write = of.replaces.empty() ? publish_new : publish_over;
  MUTUAL_CHECK(write(places, of, key, chain, p12_password, how));
  // The names of all of them at once.
  if (how == on_disk::contents) file::sync(places.issued());
  // Without its second name the key's file is lost in a crash that comes before the first is on the disk.
  if (key && how == on_disk::contents) (void)::unlink(staged_key(places, of.serial).c_str());
  return {};
}

std::vector<std::filesystem::path> files_of(const layout& places, const std::string& name, const std::string& serial) {
  // A later certificate of that name may have taken its place meanwhile.
  return {places.certificate(name), places.replaced() / (name + "." + serial + ".crt")};
}

std::vector<std::string> staged_serials(const layout& places) {
  std::vector<std::string> out;
  std::error_code code;
  for (std::filesystem::directory_iterator at(places.issued(), code), end; !code && at != end; at.increment(code)) {
    const auto name = at->path().filename().string();
    if (is_staged_key(name)) out.push_back(name.substr(1, 40));
  }
  return out;
}

void sweep(const layout& places, const std::vector<std::string>& wanted) {
  const auto is_wanted = [&](const std::string& name) {
    return std::find(wanted.begin(), wanted.end(), name.substr(1, 40)) != wanted.end();
  };
  std::vector<std::filesystem::path> litter;
  std::error_code code;
  for (const auto& folder : {places.issued(), places.folder(), places.retired()}) {
    for (std::filesystem::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
      const auto name = at->path().filename().string();
      if (is_half_written(name) || (is_staged_key(name) && !is_wanted(name))) litter.push_back(at->path());
    }
    code.clear();
  }
  for (const auto& path : litter) (void)std::filesystem::remove(path, code);
}

}  // namespace mutual::authority
