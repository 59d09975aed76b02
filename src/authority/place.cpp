#include "authority/place.hpp"

#include "authority/issue_files.hpp"
#include "base/descriptor.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "x509/bundle.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mutual::authority {
namespace {

error cannot(std::string_view what, const std::filesystem::path& path, int code) {
  return {errc::io, fmt::format("cannot {} {}: {}", what, text::printable(path.string(), 4096), file::advice(code))};
}

std::string host_name() {
  std::array<char, 256> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  return text::printable(host.data());
}

// What systemd and others name an installation by, which a clone is given anew; "-" where nobody has named it.
std::string machine_id() {
  const auto written = file::read("/etc/machine-id", 128);
  const auto id = written ? std::string_view(*written).substr(0, written->find('\n')) : std::string_view();
  return id.empty() ? "-" : text::printable(id);
}

// A copy has another file, and what is taken to another machine as a whole another host. Each alone may be the same by
// chance: an image that was started twice, two containers that are called alike. Not the device, which has another
// number each time that some file systems are mounted.
result<std::string> facts_of(const descriptor& opened, const std::filesystem::path& path) {
  struct stat facts {};
  if (::fstat(opened.get(), &facts) != 0) return cannot("look at", path, errno);
  return fmt::format("{} {} {}", facts.st_ino, host_name(), machine_id());
}

bool is_name(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The name in a file, empty if it is no such file at all; and whether it is the file that it was written into, here.
struct written_name {
  std::string name;
  bool is_ours = false;
};

result<written_name> read_name(const descriptor& opened, const std::filesystem::path& path) {
  std::array<char, 512> buffer{};
  const auto size = ::pread(opened.get(), buffer.data(), buffer.size(), 0);
  if (size < 0) return cannot("read", path, errno);
  const std::string_view written(buffer.data(), static_cast<std::size_t>(size));
  MUTUAL_TRY(const auto facts, facts_of(opened, path));
  const auto name = written.substr(0, written.find(' '));
  if (!is_name(name)) return written_name();
  return written_name{std::string(name), written == fmt::format("{} {}\n", name, facts)};
}

// It names the file that it is in, so it is written after that is there, and gets its own name last.
result<> write_name(const std::string& name, const std::filesystem::path& path) {
  const auto draft = path.string() + ".new-" + random_hex(8);
  const descriptor handle(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!handle) return cannot("write", path, errno);
  const auto written = [&]() -> result<> {
    MUTUAL_TRY(const auto facts, facts_of(handle, path));
    const auto line = fmt::format("{} {}\n", name, facts);
    if (::write(handle.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
        ::fsync(handle.get()) != 0 || std::rename(draft.c_str(), path.c_str()) != 0) {
      return cannot("write", path, errno);
    }
    return {};
  }();
  if (!written) (void)::unlink(draft.c_str());
  file::sync(path.parent_path());
  return written;
}

// What earlier versions called a folder.
std::string name_of_before(const layout& places) {
  std::array<char, 256> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  std::error_code code;
  const auto whole = std::filesystem::canonical(places.folder(), code);
  return fmt::format("{}:{}", host.data(), code ? places.folder().string() : whole.string());
}

// Others may have been called the same: of what needs a key from here, only that counts as ours whose key is here.
result<bool> is_begun_here(const layout& places, const record& one) {
  if (!one.has_key) return true;
  MUTUAL_TRY(const bool staged, file::exists(staged_key(places, one.serial)));
  if (staged) return true;
  // One of before a renewal is no sign.
  const auto leaf = x509::certificate::from_der(one.der);
  const auto found = x509::load_bundle(places.key(one.name));
  return leaf && found && found->key && found->key->belongs_to(*leaf);
}

// Takes another name than the one `before`, with what was begun under that: both happen, or neither.
result<> take_name(const layout& places, inventory& in, const std::string& before, const std::string& name) {
  MUTUAL_TRY(auto change, in.begin());
  MUTUAL_TRY(const auto all, in.unfinished(before));
  for (const auto& one : all) {
    MUTUAL_TRY(const bool ours, is_begun_here(places, one));
    if (!ours) continue;
    const auto moved = in.on().change("UPDATE certificates SET place = $1 WHERE serial = $2",
                                      {std::string_view(name), std::string_view(one.serial)});
    if (!moved) return moved.error();
    MUTUAL_CHECK(in.note("taken up", one.serial, one.name, "its folder has another name now"));
  }
  MUTUAL_CHECK(write_name(name, places.place()));
  return change.commit();
}

}  // namespace

result<std::string> own_place(const layout& places, inventory& in) {
  if (in.on().speaks() == dialect::sqlite) return std::string();
  const auto path = places.place();
  const descriptor there(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!there && errno != ENOENT) return cannot("read", path, errno);
  auto before = name_of_before(places);
  if (there) {
    MUTUAL_TRY(auto found, read_name(there, path));
    if (found.is_ours) return std::move(found.name);
    if (!found.name.empty()) before = std::move(found.name);
  }
  const auto name = random_hex(16);
  MUTUAL_CHECK(take_name(places, in, before, name));
  return name;
}

}  // namespace mutual::authority
