#include "authority/copy_store.hpp"

#include "x509/digest.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace mutual::authority {
namespace {

enum class kind { text, number, number_or_null, bytes };

struct column {
  const char* name;
  kind is;
};

template <std::size_t Columns>
struct table {
  const char* name;
  std::array<column, Columns> columns;
};

// Every table and column of the newest schema (schema.cpp), but for its version.
constexpr table<19> certificates{"certificates",
                                 {{{"id", kind::number},
                                   {"name", kind::text},
                                   {"profile", kind::text},
                                   {"serial", kind::text},
                                   {"subject", kind::text},
                                   {"issuer", kind::text},
                                   {"sha256", kind::text},
                                   {"not_before", kind::number},
                                   {"not_after", kind::number},
                                   {"recorded_at", kind::number},
                                   {"p12_has_password", kind::number},
                                   {"der", kind::bytes},
                                   {"state", kind::text},
                                   {"is_current", kind::number},
                                   {"has_key", kind::number},
                                   {"replaces", kind::text},
                                   {"place", kind::text},
                                   {"revoked_at", kind::number_or_null},
                                   {"revoked_reason", kind::number_or_null}}}};
constexpr table<8> acts{"acts",
                        {{{"id", kind::number},
                          {"at", kind::number},
                          {"what", kind::text},
                          {"serial", kind::text},
                          {"name", kind::text},
                          {"who", kind::text},
                          {"why", kind::text},
                          {"digest", kind::text}}}};
constexpr table<4> revocations{
    "revocations", {{{"id", kind::number}, {"serial", kind::text}, {"at", kind::number}, {"reason", kind::number}}}};
constexpr table<6> revocation_lists{"revocation_lists",
                                    {{{"issuer", kind::text},
                                      {"number", kind::number},
                                      {"base", kind::number},
                                      {"this_update", kind::number},
                                      {"next_update", kind::number},
                                      {"covers", kind::number}}}};
constexpr table<1> identity{"identity", {{{"id", kind::text}}}};
constexpr table<9> tokens{"tokens",
                          {{{"id", kind::text},
                            {"digest", kind::text},
                            {"name", kind::text},
                            {"profile", kind::text},
                            {"names", kind::text},
                            {"made_at", kind::number},
                            {"ends_at", kind::number},
                            {"used_at", kind::number_or_null},
                            {"serial", kind::text}}}};
constexpr table<7> incarnations{"incarnations",
                                {{{"id", kind::number},
                                  {"name", kind::text},
                                  {"at", kind::number},
                                  {"server", kind::text},
                                  {"timeline", kind::number},
                                  {"database_oid", kind::number},
                                  {"table_oid", kind::number}}}};
constexpr table<3> compromised_keys{"compromised_keys",
                                    {{{"digest", kind::text}, {"serial", kind::text}, {"at", kind::number}}}};
constexpr table<4> late_renewals{
    "late_renewals",
    {{{"request", kind::text}, {"renewed", kind::text}, {"proved_until", kind::number}, {"at", kind::number}}}};

// Stands for NULL on its way: no time and no reason is it.
constexpr std::int64_t null_number = -std::numeric_limits<std::int64_t>::max();

struct value {
  std::string text;
  std::int64_t number = 0;
};

template <std::size_t Columns>
using values = std::array<value, Columns>;

template <std::size_t Columns>
std::string names_of(const table<Columns>& of) {
  std::string out;
  for (const auto& one : of.columns) out += (out.empty() ? "" : ", ") + std::string(one.name);
  return out;
}

template <std::size_t Columns>
std::string insertion(const table<Columns>& of) {
  std::string places;
  for (std::size_t at = 0; at < Columns; ++at) {
    if (at > 0) places += ", ";
    places += of.columns[at].is == kind::number_or_null ? fmt::format("NULLIF(${}, {})", at + 1, null_number)
                                                        : fmt::format("${}", at + 1);
  }
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", of.name, names_of(of), places);
}

template <std::size_t Columns>
void read(const table<Columns>& of, const row& from, values<Columns>& into) {
  for (std::size_t at = 0; at < Columns; ++at) {
    const int column = static_cast<int>(at);
    const auto is = of.columns[at].is;
    if (is == kind::text || is == kind::bytes) {
      into[at].text = from.text(column);
    } else {
      into[at].number = from.is_null(column) ? null_number : from.integer(column);
    }
  }
}

parameter as_parameter(const column& one, const value& of) {
  if (one.is == kind::bytes) return octets{of.text};
  if (one.is == kind::text) return std::string_view(of.text);
  return of.number;
}

template <std::size_t Columns, std::size_t... At>
result<std::int64_t> insert(database& to, const std::string& sql, const table<Columns>& of, const values<Columns>& row,
                            std::index_sequence<At...>) {
  return to.change(sql.c_str(), {as_parameter(of.columns[At], row[At])...});
}

// What tells one table's contents from another's, whatever order they are read in: databases sort text differently.
struct summary {
  std::int64_t rows = 0;
  std::array<std::uint64_t, 4> digest{};
  bool operator==(const summary&) const = default;
};

template <std::size_t Columns>
void add(const table<Columns>& of, const values<Columns>& row, summary& to) {
  std::string bytes;
  for (std::size_t at = 0; at < Columns; ++at) {
    const bool is_text = of.columns[at].is == kind::text || of.columns[at].is == kind::bytes;
    const auto& text = is_text ? row[at].text : std::to_string(row[at].number);
    bytes += fmt::format("{}:", text.size()) + text;
  }
  const auto hex = x509::sha256_hex(bytes);
  for (std::size_t at = 0; at < to.digest.size(); ++at) {
    to.digest[at] += std::stoull(hex.substr(at * 16, 16), nullptr, 16);
  }
  ++to.rows;
}

template <std::size_t Columns>
result<summary> summarize(const table<Columns>& of, database& in) {
  summary out;
  values<Columns> one;
  MUTUAL_CHECK(in.each(fmt::format("SELECT {} FROM {}", names_of(of), of.name), {}, [&](const row& from) {
    read(of, from, one);
    add(of, one, out);
  }));
  return out;
}

// Numbers that are given out go on from the highest; SQLite sees to that by itself.
template <std::size_t Columns>
result<> go_on_counting(const table<Columns>& of, database& to) {
  if (to.speaks() == dialect::sqlite || std::string_view(of.columns.front().name) != "id" ||
      of.columns.front().is != kind::number) {
    return {};
  }
  const auto set = number_from(
      to,
      fmt::format("SELECT setval(pg_get_serial_sequence('{0}', 'id'), coalesce(max(id), 1), max(id) IS NOT NULL) FROM "
                  "{0}",
                  of.name),
      {});
  if (!set) return set.error();
  return {};
}

template <std::size_t Columns>
result<std::int64_t> copy(const table<Columns>& of, database& from, database& to) {
  const auto sql = insertion(of);
  values<Columns> one;
  summary read_here;
  result<> outcome;
  MUTUAL_CHECK(from.each(fmt::format("SELECT {} FROM {}", names_of(of), of.name), {}, [&](const row& next) {
    if (!outcome) return;
    read(of, next, one);
    add(of, one, read_here);
    if (const auto done = insert(to, sql, of, one, std::make_index_sequence<Columns>()); !done) outcome = done.error();
  }));
  if (!outcome) return std::move(outcome).error();
  MUTUAL_CHECK(go_on_counting(of, to));
  MUTUAL_TRY(const auto read_there, summarize(of, to));
  if (read_there == read_here) return read_here.rows;
  return error(errc::internal,
               fmt::format("the copy in {} is not what {} holds ({} and {} rows of {}): nothing has been moved",
                           to.where(), from.where(), read_there.rows, read_here.rows, of.name));
}

}  // namespace

result<copied> copy_store(database& from, database& to) {
  copied out;
  MUTUAL_TRY(out.certificates, copy(certificates, from, to));
  MUTUAL_TRY(out.lists, copy(revocation_lists, from, to));
  for (const auto& done :
       {copy(revocations, from, to), copy(tokens, from, to), copy(identity, from, to), copy(incarnations, from, to),
        copy(compromised_keys, from, to), copy(late_renewals, from, to)}) {
    if (!done) return done.error();
  }
  MUTUAL_TRY(out.acts, copy(acts, from, to));
  return out;
}

}  // namespace mutual::authority
