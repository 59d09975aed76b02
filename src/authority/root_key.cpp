#include "authority/root_key.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

result<x509::private_key> open_key(const std::filesystem::path& path, const root_access& with,
                                   x509::secret& opened_by) {
  opened_by = with.password;
  auto bytes = file::read(path);
  // One that was named and is not there is a mistake; not_found is for a key that nobody has named.
  if (!bytes) {
    const auto code = bytes.error().code();
    return error(code == errc::not_found ? errc::bad_input : code, bytes.error().message());
  }
  const x509::secret contents(*std::move(bytes));
  auto read = x509::read_bundle(contents.view(), with.password.view(), shown(path));
  if (!read && read.error().code() == errc::password_needed) {
    if (!with.ask) {
      return error(errc::password_needed,
                   fmt::format("the root's key {} is encrypted: give its password with --root-password-file, "
                               "--ask-root-password or $MUTUAL_ROOT_PASSWORD",
                               shown(path)));
    }
    MUTUAL_TRY(opened_by, with.ask(path));
    read = x509::read_bundle(contents.view(), opened_by.view(), shown(path));
  }
  if (!read) return std::move(read).error();
  if (!read->key) return error(errc::bad_input, fmt::format("{} holds no private key", shown(path)));
  return *std::move(read->key);
}

}  // namespace

error no_authority(const layout& places) {
  return {errc::not_found,
          fmt::format("{} has no authority to issue with (mutual init --self-signed makes none): make one with mutual "
                      "init in another folder",
                      shown(places.folder()))};
}

result<root_place> current_root(const layout& places) {
  MUTUAL_TRY(const bool there, file::exists(places.root_certificate()));
  if (!there) return no_authority(places);
  MUTUAL_TRY(const auto certificates, x509::load_certificates(places.root_certificate()));
  return root_place{certificates.front(), "root", places.root_key()};
}

result<x509::identity> load_root(const root_place& root, const root_access& with, x509::secret* opened_by) {
  x509::secret password;
  auto files = with.key_files;
  MUTUAL_TRY(const bool is_here, file::exists(root.key_file));
  if (is_here) files.push_back(root.key_file);
  if (files.empty()) {
    return error(errc::not_found,
                 fmt::format("the root's key {} is not there, and nothing else can sign this: put it there for the "
                             "moment, or name the file where it is kept with --root-key",
                             shown(root.key_file)));
  }
  for (const auto& one : files) {
    MUTUAL_TRY(auto key, open_key(one, with, password));
    if (!key.belongs_to(root.certificate)) continue;
    if (opened_by != nullptr) *opened_by = std::move(password);
    return x509::identity{std::move(key), {root.certificate}};
  }
  return error(errc::bad_input, fmt::format("the key in {} is not the key of the root {}: name the file that holds it "
                                            "with --root-key",
                                            shown(files.front()), text::quoted(root.certificate.subject())));
}

const result<x509::identity>& opened_roots::open(const root_place& root, bool only_wanted) {
  const auto before = asked_.find(root.called);
  if (before != asked_.end()) return before->second;
  if (!only_wanted) return asked_.emplace(root.called, load_root(root, with_)).first->second;
  const auto tried = tried_.find(root.called);
  if (tried != tried_.end()) return tried->second;
  return tried_.emplace(root.called, load_root(root, {with_.key_files, with_.password, {}})).first->second;
}

}  // namespace mutual::authority
