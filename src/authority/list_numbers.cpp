#include "authority/list_numbers.hpp"

#include "base/file.hpp"
#include "base/give_back.hpp"
#include "base/text.hpp"
#include "x509/crl_outline.hpp"
#include "x509/list_files.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

namespace mutual::authority {
namespace {

std::string shown(const std::filesystem::path& path) { return text::printable(path.string(), 4096); }

struct list_name {
  std::string issuer;
  std::string number;
};

std::optional<list_name> name_of_list_as_we_write_them(std::string_view bytes) {
  const auto parts = x509::outline_of(bytes);
  if (!parts) return std::nullopt;
  const auto about = x509::crl::from_der(x509::without_entries_and_signature(*parts));
  if (!about) return std::nullopt;
  return list_name{about->issuer(), about->number()};
}

// Whose list it is, and which. Whom a long one revokes is not read for that, if it is as we write them.
result<list_name> name_of_list_in(const std::filesystem::path& file) {
  MUTUAL_TRY(auto bytes, file::read(file, x509::largest_lists));
  auto name = name_of_list_as_we_write_them(bytes);
  give_back(std::move(bytes));
  if (name) return *std::move(name);
  MUTUAL_TRY(const auto lists, x509::load_lookup_lists(file));
  return list_name{lists.front().issuer(), lists.front().number()};
}

// What could not be read just now may be one.
bool is_no_list(const std::filesystem::path& file) {
  const auto read = x509::load_lookup_lists(file);
  return !read && read.error().code() == errc::bad_input;
}

}  // namespace

result<std::uint64_t> list_number_in(const std::filesystem::path& file, const std::string& issuer) {
  MUTUAL_TRY(const bool there, file::exists(file));
  if (!there) return std::uint64_t{0};
  MUTUAL_TRY(const auto list, name_of_list_in(file));
  // Of the CA before, whose place the issuer took: its numbers are its own.
  if (list.issuer != issuer) return std::uint64_t{0};
  const auto& digits = list.number;
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (read.ec == std::errc::result_out_of_range) {
    return error(errc::bad_input, fmt::format("{} has the number 0x{}, and no list after it could be counted here",
                                              shown(file), digits));
  }
  return number;
}

result<> check_list_grows(const std::filesystem::path& file, const std::string& issuer, inventory& in) {
  MUTUAL_TRY(const auto highest, in.highest_list_number(issuer));
  const auto number = list_number_in(file, issuer);
  // What is no list says no number, and the inventory has counted them: it is written over.
  if (!number && is_no_list(file)) return {};
  MUTUAL_TRY(const auto there, number);
  if (there <= highest) return {};
  return error(errc::bad_input,
               fmt::format("{} has the number {}, and {} knows of {} only: it is older than it was, so no list is made "
                           "from it; put the newest one back, or take this one with mutual recover",
                           shown(file), there, in.on().where(), highest));
}

result<> leave_list_numbers_out(const std::string& issuer, inventory& in) {
  MUTUAL_TRY(const auto highest, in.highest_list_number(issuer));
  return in.skip_list_numbers(issuer, highest + more_lists_than_were_made);
}

result<> leave_room_for_lists_before(const x509::certificate& ca, inventory& in) {
  MUTUAL_TRY(const auto known, in.find_serial(ca.serial()));
  if (!known || known->place != imported_place) return {};
  MUTUAL_TRY(const auto highest, in.highest_list_number(ca.subject()));
  if (highest != 0) return {};
  return leave_list_numbers_out(ca.subject(), in);
}

}  // namespace mutual::authority
