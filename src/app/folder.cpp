#include "app/folder.hpp"

#include "base/characters.hpp"
#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "http/date.hpp"
#include "http/media_type.hpp"
#include "http/target.hpp"

#include <mutual/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <utility>
#include <vector>

namespace mutual {
namespace {

constexpr std::size_t piece_bytes = std::size_t{64} * 1024;
// A small file goes out with its head in one write; a larger one in pieces.
constexpr std::size_t whole_bytes = std::size_t{16} * 1024;
constexpr std::size_t most_listed = 10'000;

// Opens a file below `root` and nowhere else: the kernel itself refuses "..", absolute names and links that lead out
// (openat2(2)), so there is no moment between a check and the use.
descriptor open_below(int root, const std::string& name, std::uint64_t further = 0) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | further;
  return descriptor(
      static_cast<int>(::syscall(SYS_openat2, root, name.empty() ? "." : name.c_str(), &how, sizeof how)));
}

// Where an open file is; empty if the system does not tell.
std::string place_of(int handle) {
  std::error_code failure;
  return std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", handle), failure).string();
}

// Whether no part of the way from the root to a file begins with a dot. Unknown is no.
bool is_shown(int root, int handle) {
  const std::string above = place_of(root);
  const std::string place = place_of(handle);
  if (above.empty() || !place.starts_with(above)) return false;
  return place.find("/.", above == "/" ? 0 : above.size()) == std::string::npos;
}

// What has no file there says so by one of these; everything else is the server's trouble, and may pass.
problem not_there(int code) {
  switch (code) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EXDEV:
    case ENAMETOOLONG:
    case ENXIO:  // a socket, which is no file to serve
      return problem::not_found("there is no such file");
    case EACCES:
    case EPERM:
      return problem::forbidden("this file is not readable for the server");
    default:
      return problem::unavailable("the server cannot open files at this moment").header("Retry-After", "1");
  }
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string percent_encoded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = text::is_letter_or_digit(c) || std::string_view("-_.~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string read_whole(int handle, std::size_t size) {
  std::string text(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const auto got = ::read(handle, text.data() + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

// The next piece of a file; nothing at its end. A file that shrinks meanwhile ends early, and the connection with it.
task<std::optional<std::string>> next_piece(int handle) {
  auto piece = read_whole(handle, piece_bytes);
  if (piece.empty()) co_return std::nullopt;
  co_return std::optional<std::string>(std::move(piece));
}

// Whether the client has the file as it is (RFC 9110 section 13.1.3): no newer than its date. If-None-Match, which
// there are no entity tags for here, goes before it.
bool is_known(const request& asked, sys_seconds changed) {
  const auto dates = asked.headers.get_all("If-Modified-Since");
  if (dates.size() != 1 || asked.headers.contains("If-None-Match")) return false;
  const auto known = http::from_http_date(dates.front());
  return known && changed <= *known;
}

response file_response(const request& asked, descriptor handle, const struct stat& facts, std::string_view name) {
  const sys_seconds changed(std::chrono::seconds(facts.st_mtim.tv_sec));
  const bool known = is_known(asked, changed);
  response made(known ? 304 : 200);
  made.headers.set("Content-Type", http::media_type(name));
  made.headers.set("Last-Modified", http::to_http_date(changed));
  made.headers.set("X-Content-Type-Options", "nosniff");
  if (known) return made;
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (size <= whole_bytes) {
    made.body = read_whole(handle.get(), size);
    return made;
  }
  made.length = size;
  made.source = [held = std::make_shared<const descriptor>(std::move(handle))] { return next_piece(held->get()); };
  return made;
}

error cannot_open(const std::filesystem::path& path, int code) {
  const auto name = text::printable(path.string(), 4096);
  std::error_code failure;
  if (code == ENOENT) {
    const auto here = path.is_absolute() ? std::string() : std::filesystem::current_path(failure).string();
    return error(errc::not_found,
                 fmt::format("there is no folder {} to serve{}: name one that is there, or make it", name,
                             here.empty() ? here : fmt::format(" (seen from {})", text::printable(here, 4096))));
  }
  if (code == ENOTDIR && std::filesystem::exists(path, failure)) {
    return error(errc::bad_input, fmt::format("cannot serve {}: it is a file: name the folder that it is in", name));
  }
  if (code == ENOTDIR) {
    return error(
        errc::not_found,
        fmt::format("there is no folder {} to serve, since a part of its path is a file: name one that is there",
                    name));
  }
  return error(errc::io, fmt::format("cannot serve the folder {}: {}", name, file::advice(code)));
}

struct close_folder {
  void operator()(DIR* open) const noexcept { ::closedir(open); }
};

}  // namespace

result<folder> folder::open(const std::filesystem::path& path) {
  descriptor handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle) return cannot_open(path, errno);
  if (!open_below(handle.get(), "")) {
    return error(errc::io, fmt::format("cannot serve the folder {}: {} (openat2, Linux 5.6 and later, is needed)",
                                       text::printable(path.string(), 4096), file::system_message(errno)));
  }
  return folder(std::move(handle));
}

// A name without a link in it is shown as it is written. Where there is one, it counts where it leads to: "public" may
// be a link to ".git".
descriptor folder::open_shown(const std::string& name) const {
  auto handle = open_below(root_->get(), name, RESOLVE_NO_SYMLINKS);
  if (handle || errno != ELOOP) return handle;
  handle = open_below(root_->get(), name);
  if (!handle || is_shown(root_->get(), handle.get())) return handle;
  errno = ENOENT;
  return {};
}

response folder::answer(const request& asked, std::size_t skipped) const {
  auto segments = http::decode_path(asked.path());
  if (segments) {
    segments->erase(segments->begin(),
                    segments->begin() + static_cast<std::ptrdiff_t>(std::min(skipped, segments->size())));
  }
  const auto name = segments ? http::to_relative_file(*segments) : std::nullopt;
  if (!name) throw problem::not_found("there is no such file");
  auto handle = open_shown(*name);
  if (!handle) throw not_there(errno);
  struct stat facts {};
  if (::fstat(handle.get(), &facts) != 0) throw not_there(errno);
  if (S_ISREG(facts.st_mode)) {
    if (name->ends_with('/')) throw problem::not_found("there is no such file");
    return file_response(asked, std::move(handle), facts, *name);
  }
  if (!S_ISDIR(facts.st_mode)) throw problem::not_found("there is no such file");
  // Without the slash, the links of its page would lead beside the folder.
  if (!asked.path().ends_with('/')) return redirect(std::string(asked.path()) + "/", 308);
  auto index = open_shown(*name + "index.html");
  if (index && ::fstat(index.get(), &facts) == 0 && S_ISREG(facts.st_mode)) {
    return file_response(asked, std::move(index), facts, "index.html");
  }
  return list(handle.release(), asked.path());
}

response folder::list(int handle, std::string_view path) const {
  const std::unique_ptr<DIR, close_folder> open(::fdopendir(handle));
  if (!open) {
    ::close(handle);
    throw not_there(errno);
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(open.get())) {
    std::string name = entry->d_name;
    if (name.starts_with('.')) continue;
    if (entry->d_type == DT_DIR) name += '/';
    names.push_back(std::move(name));
    if (names.size() == most_listed) break;
  }
  std::sort(names.begin(), names.end());
  const auto title = html_escaped(text::printable(path, 1024));
  std::string page =
      fmt::format("<!doctype html>\n<meta charset=\"utf-8\">\n<title>{}</title>\n<h1>{}</h1>\n<ul>\n", title, title);
  for (const auto& name : names) {
    const bool is_folder = name.ends_with('/');
    const auto bare = std::string_view(name).substr(0, name.size() - (is_folder ? 1 : 0));
    page += fmt::format("<li><a href=\"./{}{}\">{}</a></li>\n", percent_encoded(bare), is_folder ? "/" : "",
                        html_escaped(name));
  }
  page += "</ul>\n";
  response made(200, std::move(page), "text/html; charset=utf-8");
  made.headers.set("Content-Security-Policy", "default-src 'none'");
  return made;
}

}  // namespace mutual
