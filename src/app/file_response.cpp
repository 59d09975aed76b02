#include "app/file_answer.hpp"
#include "app/open_problem.hpp"
#include "base/characters.hpp"
#include "base/percent.hpp"
#include "http/media_type.hpp"

#include <mutual/file_response.hpp>
#include <mutual/problem.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <string_view>

namespace mutual {
namespace {

// For those who know no filename*: what could be read in two ways is left out.
std::string ascii_name(std::string_view name) {
  constexpr std::string_view harmless = "-_.~ ";
  std::string out;
  for (const char c : name) out += text::is_letter_or_digit(c) || harmless.find(c) != harmless.npos ? c : '_';
  return out;
}

// RFC 6266: the name in ASCII, and as UTF-8 where that says more.
std::string attachment(std::string_view name) {
  const auto plain = ascii_name(name);
  auto out = fmt::format("attachment; filename=\"{}\"", plain);
  if (plain != name) out += "; filename*=UTF-8''" + text::percent_encoded(name);
  return out;
}

}  // namespace

response file_response(const request& asked, const std::filesystem::path& path, const file_options& how) {
  descriptor handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!handle) throw open_problem(errno);
  leave_descriptors_to_others(handle.get());
  struct stat facts {};
  if (::fstat(handle.get(), &facts) != 0) throw open_problem(errno);
  if (!S_ISREG(facts.st_mode)) throw problem::not_found("there is no such file");
  const std::string_view type =
      how.content_type.empty() ? http::media_type(path.native()) : std::string_view(how.content_type);
  const auto file = std::make_shared<const served_file>(std::move(handle), facts);
  response made = *file_answer(asked, file, type, disk::may_wait);
  if (!how.download_as.empty()) made.headers.set("Content-Disposition", attachment(how.download_as));
  return made;
}

}  // namespace mutual
