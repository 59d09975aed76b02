#include "cli/open_to_sign.hpp"

#include "authority/token_uri.hpp"
#include "base/file.hpp"
#include "base/shell_word.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "x509/secret.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <utility>

namespace mutual::cli {
namespace {

constexpr unsigned others_read = S_IRGRP | S_IROTH;
constexpr unsigned others_write = S_IWGRP | S_IWOTH;

// Nothing for what is not there: whoever needs it says so.
unsigned mode_of(const std::filesystem::path& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 ? static_cast<unsigned>(about.st_mode) & 07777U : 0U;
}

// Where a file names the key's place in a token, there is nothing secret in it.
bool holds_key(const std::filesystem::path& path) {
  auto bytes = file::read(path);
  if (!bytes) return true;
  const x509::secret contents(*std::move(bytes));
  return !authority::names_token_key(contents.view());
}

void look_at_key(const std::filesystem::path& path) {
  const auto mode = mode_of(path);
  const bool is_written = (mode & others_write) != 0;
  const bool is_read = (mode & others_read) != 0;
  if (!is_written && (!is_read || !holds_key(path))) return;
  say(fmt::format(
      "mutual: note: others than its owner may {} the file of a CA's key, {} (mode {:04o}), and who has that "
      "key issues what all believe; if that is not meant: chmod 600 {}\n",
      is_written ? (is_read ? "read and replace" : "replace") : "read", text::printable(path.string(), 4096), mode,
      text::shell_word(path.string())));
}

}  // namespace

void say_exposed(const authority::layout& places) {
  const auto& folder = places.folder();
  if (const auto mode = mode_of(folder); (mode & others_write) != 0) {
    say(
        fmt::format("mutual: note: others than its owner may put files into {} (mode {:04o}), another CA's among them; "
                    "if that is not meant: chmod go-w {}\n",
                    text::printable(folder.string(), 4096), mode, text::shell_word(folder.string())));
  }
  look_at_key(places.intermediate_key());
  look_at_key(places.root_key());
}

result<authority::pki> open_to_sign(const std::filesystem::path& pki, const std::string& store) {
  MUTUAL_TRY(auto opened, authority::pki::open(authority::pki_folder(pki), store));
  say_exposed(opened.places());
  return opened;
}

}  // namespace mutual::cli
