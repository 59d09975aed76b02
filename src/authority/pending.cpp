#include "authority/pending.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <unistd.h>

namespace mutual::authority {
namespace {

// Keys before their certificates, and who is trusted before what is judged by it.
constexpr std::array<std::string_view, 6> in_order{"trust.crt", "root.key",         "root.crt",
                                                   "root.crl",  "intermediate.key", "intermediate.crt"};
constexpr const char* decision = "decided-by";

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

std::filesystem::path folder_of(const layout& places, const char* ending = "") {
  return places.folder() / (std::string("pending") + ending);
}

file::access access_to(std::string_view name) {
  return name.ends_with(".key") ? file::access::owner_only : file::access::everyone;
}

// What was begun or given up, and never was an intention.
void clear_away(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::remove_all(folder, code);
}

// The names in their order; the lists of retired CAs, on which no order depends, at the end.
result<std::vector<std::string>> names_in(const std::filesystem::path& intended) {
  std::vector<std::string> names;
  for (const auto name : in_order) {
    MUTUAL_TRY(const bool there, file::exists(intended / name));
    if (there) names.emplace_back(name);
  }
  std::error_code code;
  for (std::filesystem::directory_iterator at(intended / "retired", code), end; !code && at != end;
       at.increment(code)) {
    names.push_back("retired/" + at->path().filename().string());
  }
  if (code && code != std::errc::no_such_file_or_directory) {
    return error(errc::io, fmt::format("cannot look into {}: {}", shown(intended), file::advice(code.value())));
  }
  return names;
}

}  // namespace

result<> intend(const layout& places, const std::vector<pending_file>& files, const std::string& decided_by) {
  const auto draft = folder_of(places, ".new");
  clear_away(draft);
  MUTUAL_CHECK(file::make_folder(draft, file::access::owner_only));
  MUTUAL_CHECK(file::make_folder(draft / "retired", file::access::owner_only));
  for (const auto& one : files) {
    const bool known = std::find(in_order.begin(), in_order.end(), one.name) != in_order.end();
    if (!known && !one.name.starts_with("retired/")) {
      return error(errc::internal, fmt::format("{} is no file that changes with others", one.name));
    }
    MUTUAL_CHECK(file::create(draft / one.name, one.contents.view(), file::access::owner_only));
  }
  if (!decided_by.empty()) MUTUAL_CHECK(file::create(draft / decision, decided_by, file::access::owner_only));
  if (std::rename(draft.c_str(), folder_of(places).c_str()) != 0) {
    return error(errc::io, fmt::format("cannot write {}: {}", shown(folder_of(places)), file::advice(errno)));
  }
  file::sync(places.folder());
  return {};
}

result<std::optional<intention>> read_intention(const layout& places) {
  MUTUAL_TRY(const bool there, file::exists(folder_of(places)));
  if (!there) return std::optional<intention>();
  MUTUAL_TRY(const bool depends, file::exists(folder_of(places) / decision));
  intention found;
  if (depends) {
    MUTUAL_TRY(found.decided_by, file::read(folder_of(places) / decision, 128));
  }
  return std::optional(std::move(found));
}

result<> carry_out(const layout& places) {
  const auto from = folder_of(places);
  MUTUAL_TRY(const auto names, names_in(from));
  for (const auto& name : names) {
    MUTUAL_TRY(auto bytes, file::read(from / name));
    const x509::secret contents(std::move(bytes));
    const auto to = places.folder() / name;
    if (contents.empty()) {
      (void)::unlink(to.c_str());
    } else {
      MUTUAL_CHECK(file::replace(to, contents.view(), access_to(name)));
    }
  }
  file::sync(places.folder());
  return {};
}

result<> forget_intention(const layout& places) {
  // In one step, so that half of an intention is never taken for a whole one.
  const auto gone = folder_of(places, ".old");
  clear_away(gone);
  if (std::rename(folder_of(places).c_str(), gone.c_str()) != 0) {
    return error(errc::io, fmt::format("cannot remove {}: {}", shown(folder_of(places)), file::advice(errno)));
  }
  file::sync(places.folder());
  sweep_intentions(places);
  return {};
}

void sweep_intentions(const layout& places) {
  clear_away(folder_of(places, ".old"));
  clear_away(folder_of(places, ".new"));
}

}  // namespace mutual::authority
