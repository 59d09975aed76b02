#include "app/folder.hpp"

#include "app/encoded_sibling.hpp"
#include "app/open_problem.hpp"
#include "base/file.hpp"
#include "base/percent.hpp"
#include "base/text.hpp"
#include "http/media_type.hpp"
#include "http/target.hpp"

#include <mutual/offload.hpp>
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

// Whether the kernel would have to ask a disk for a name (RESOLVE_CACHED; kernels before 5.12 do not know that, and
// call it invalid).
bool would_wait(int code, disk how) { return how == disk::must_not_wait && (code == EAGAIN || code == EINVAL); }

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

// Whether a link to a name in a folder leads to it: hidden files stay hidden, and some names are in no target.
bool can_be_asked_for(const std::string& name) {
  const auto segments = http::decode_path("/" + text::percent_encoded(name));
  return segments && http::to_relative_file(*segments) == name;
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

result<folder> folder::open(const std::filesystem::path& path, const folder_options& how) {
  descriptor handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle) return cannot_open(path, errno);
  if (!open_below(handle.get(), "")) {
    return error(errc::io, fmt::format("cannot serve the folder {}: {} (openat2, Linux 5.6 and later, is needed)",
                                       text::printable(path.string(), 4096), file::system_message(errno)));
  }
  return folder(std::move(handle), how);
}

// A name without a link in it is shown as it is written. Where there is one, it counts where it leads to: "public" may
// be a link to ".git".
descriptor folder::open_shown(const std::string& name, disk how) const {
  const std::uint64_t cached = how == disk::must_not_wait ? RESOLVE_CACHED : 0;
  auto handle = open_below(root_->get(), name, RESOLVE_NO_SYMLINKS | cached);
  if (handle || errno != ELOOP) return handle;
  handle = open_below(root_->get(), name, cached);
  if (!handle || is_shown(root_->get(), handle.get())) return handle;
  errno = ENOENT;
  return {};
}

std::optional<response> folder::answer_file(const request& asked, const std::string& name, descriptor handle,
                                            const struct stat& facts, disk how) const {
  leave_descriptors_to_others(handle.get());
  const auto type = http::media_type(name);
  if (!how_.precompressed) {
    return file_answer(asked, std::make_shared<const served_file>(std::move(handle), facts), type, how);
  }
  const auto open_other = [&](const std::string& other) -> std::optional<descriptor> {
    auto opened = open_shown(other, how);
    if (!opened && would_wait(errno, how)) return std::nullopt;
    return opened;
  };
  encoded_sibling sent{http::coding::identity, std::move(handle), facts};
  if (!choose_sibling(asked, name, open_other, sent)) return std::nullopt;
  leave_descriptors_to_others(sent.handle.get());
  const auto coding = sent.how == http::coding::identity ? std::string_view() : http::to_string(sent.how);
  const auto file = std::make_shared<const served_file>(std::move(sent.handle), sent.facts);
  auto made = file_answer(asked, file, type, how, coding);
  if (made) made->headers.add("Vary", "Accept-Encoding");  // also of the file itself: others may get another
  return made;
}

std::optional<response> folder::answer_index(const request& asked, const std::string& name, disk how) const {
  auto index = open_shown(name + "index.html", how);
  const int code = index ? ENOENT : errno;
  if (!index && would_wait(code, how)) return std::nullopt;
  struct stat facts {};
  if (index && ::fstat(index.get(), &facts) == 0 && S_ISREG(facts.st_mode)) {
    return answer_file(asked, name + "index.html", std::move(index), facts, how);
  }
  if (how == disk::must_not_wait) return std::nullopt;
  auto listed = open_shown(name, how);
  if (!listed) throw open_problem(errno);
  // A page is meant to be here: that it cannot be shown is no reason to show what else there is.
  if (::fstatat(listed.get(), "index.html", &facts, AT_SYMLINK_NOFOLLOW) == 0) throw open_problem(code);
  if (errno != ENOENT) throw open_problem(errno);
  return list(listed.release(), asked.path());
}

std::optional<response> folder::try_answer(const request& asked, std::size_t skipped, disk how) const {
  auto segments = http::decode_path(asked.path());
  if (segments) {
    segments->erase(segments->begin(),
                    segments->begin() + static_cast<std::ptrdiff_t>(std::min(skipped, segments->size())));
  }
  const auto name = segments ? http::to_relative_file(*segments) : std::nullopt;
  if (!name) throw problem::not_found("there is no such file");
  auto handle = open_shown(*name, how);
  if (!handle && would_wait(errno, how)) return std::nullopt;
  if (!handle) throw open_problem(errno);
  struct stat facts {};
  if (::fstat(handle.get(), &facts) != 0) throw open_problem(errno);
  if (S_ISREG(facts.st_mode)) {
    if (name->ends_with('/')) throw problem::not_found("there is no such file");
    return answer_file(asked, *name, std::move(handle), facts, how);
  }
  if (!S_ISDIR(facts.st_mode)) throw problem::not_found("there is no such file");
  // Without the slash, the links of its page would lead beside the folder.
  if (!asked.path().ends_with('/')) {
    const auto query = asked.query_string();
    return redirect(fmt::format("{}/{}{}", asked.path(), query.empty() ? "" : "?", query), 308);
  }
  return answer_index(asked, *name, how);
}

task<response> folder::answer(const request& asked, std::size_t skipped) const {
  std::optional<response> made = try_answer(asked, skipped, disk::must_not_wait);
  if (made) co_return *std::move(made);
  auto patiently = [&] { return *try_answer(asked, skipped, disk::may_wait); };
  response waited_for = co_await offload(patiently);
  co_return waited_for;
}

response folder::list(int handle, std::string_view path) {
  const std::unique_ptr<DIR, close_folder> open(::fdopendir(handle));
  if (!open) {
    ::close(handle);
    throw open_problem(errno);
  }
  std::vector<std::string> names;
  bool are_all = true;
  while (const dirent* entry = ::readdir(open.get())) {
    std::string name = entry->d_name;
    if (!can_be_asked_for(name)) continue;
    if (names.size() == most_listed) {
      are_all = false;
      break;
    }
    if (entry->d_type == DT_DIR) name += '/';
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  const auto title = html_escaped(text::printable(path, 1024));
  std::string page =
      fmt::format("<!doctype html>\n<meta charset=\"utf-8\">\n<title>{}</title>\n<h1>{}</h1>\n<ul>\n", title, title);
  for (const auto& name : names) {
    const bool is_folder = name.ends_with('/');
    const auto bare = std::string_view(name).substr(0, name.size() - (is_folder ? 1 : 0));
    page += fmt::format("<li><a href=\"./{}{}\">{}</a></li>\n", text::percent_encoded(bare), is_folder ? "/" : "",
                        html_escaped(name));
  }
  page += "</ul>\n";
  if (!are_all)
    page += fmt::format("<p>There are more: these are {} of them, in no choice of anybody's.</p>\n", names.size());
  response made(200, std::move(page), "text/html; charset=utf-8");
  made.headers.set("Content-Security-Policy", "default-src 'none'");
  return made;
}

}  // namespace mutual
