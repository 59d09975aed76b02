#include "cli/find_bundle.hpp"

#include "authority/layout.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

namespace mutual::cli {

result<std::filesystem::path> find_file_or_name(const std::string& what, const std::filesystem::path& pki) {
  MUTUAL_TRY(const bool there, file::exists(what));
  MUTUAL_TRY(const bool is_folder, file::is_folder(what));
  if (there && !is_folder) return what;
  const authority::layout places(authority::pki_folder(pki));
  if (const auto name = authority::checked_name(what); name) {
    auto issued = places.certificate(*name);
    MUTUAL_TRY(const bool is_issued, file::exists(issued));
    if (is_issued) return issued;
  }
  if (is_folder) {
    return error(errc::bad_input, fmt::format("{} is a folder: name a file in it", text::quoted(what)));
  }
  return error(errc::not_found, fmt::format("there is no file {}, and nothing of that name was issued in {}: "
                                            "name one that is there (mutual list shows what was issued)",
                                            text::quoted(what), text::printable(places.folder().string(), 4096)));
}

result<found_bundle> load_asking(const std::filesystem::path& path, const password_source& source,
                                 std::string_view option) {
  const auto where = text::printable(path.string(), 4096);
  MUTUAL_TRY(auto password, read_password(source, "MUTUAL_PASSWORD", false));
  MUTUAL_TRY(auto bytes, file::read(path, x509::largest_lists));
  const x509::secret contents(std::move(bytes));
  auto read = x509::read_bundle_with_lists(contents.view(), password.view(), where);
  if (!read && read.error().code() == errc::password_needed && somebody_can_be_asked()) {
    MUTUAL_TRY(password, ask_password(fmt::format("Password of {}: ", where)));
    read = x509::read_bundle_with_lists(contents.view(), password.view(), where);
  }
  if (!read && read.error().code() == errc::password_needed) {
    return error(errc::password_needed,
                 fmt::format("{}: give it with {} FILE, or in $MUTUAL_PASSWORD", read.error().message(), option));
  }
  if (!read) return std::move(read).error();
  return found_bundle{.where = where, .contents = *std::move(read), .password = std::move(password)};
}

}  // namespace mutual::cli
