// An inventory's database in PostgreSQL, for several machines.

#include "authority/database.hpp"
#include "base/characters.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <libpq-fe.h>
#include <vector>

namespace mutual::authority {
namespace {

// From the server's pg_type.h, which is not installed with the client's headers.
constexpr Oid bytea_type = 17;
constexpr Oid int8_type = 20;
constexpr Oid text_type = 25;

struct finish_connection {
  void operator()(PGconn* handle) const noexcept { PQfinish(handle); }
};
struct clear_answer {
  void operator()(PGresult* handle) const noexcept { PQclear(handle); }
};
using answer = std::unique_ptr<PGresult, clear_answer>;

// "FATAL:  role "x" does not exist\n" as part of a sentence.
std::string in_one_line(const char* said) {
  std::string line;
  for (const auto part : text::split_list(said != nullptr ? said : "", '\n')) {
    if (!line.empty()) line += "; ";
    line += part;
  }
  return line.empty() ? "no reason was given" : line;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto length = text::utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

class postgresql_row final : public row {
 public:
  explicit postgresql_row(const PGresult* from) : from_(from) {}
  std::string text(int column) const override {
    const char* value = PQgetvalue(from_, 0, column);
    if (PQftype(from_, column) != bytea_type) {
      return {value, static_cast<std::size_t>(PQgetlength(from_, 0, column))};
    }
    std::size_t size = 0;
    const std::unique_ptr<unsigned char, decltype(&PQfreemem)> bytes(
        PQunescapeBytea(reinterpret_cast<const unsigned char*>(value), &size), PQfreemem);
    return bytes ? std::string(reinterpret_cast<const char*>(bytes.get()), size) : std::string();
  }
  std::int64_t integer(int column) const override {
    std::int64_t number = 0;
    const char* value = PQgetvalue(from_, 0, column);
    (void)std::from_chars(value, value + PQgetlength(from_, 0, column), number);
    return number;
  }
  bool is_null(int column) const override { return PQgetisnull(from_, 0, column) == 1; }

 private:
  const PGresult* from_;
};

// The values as libpq wants them: four arrays.
struct bound_values {
  explicit bound_values(parameters values) {
    kept.reserve(values.size());
    for (const auto& value : values) {
      const bool is_bytes = std::holds_alternative<octets>(value);
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        kept.push_back(std::to_string(*number));
      } else {
        kept.emplace_back(is_bytes ? std::get<octets>(value).of : std::get<std::string_view>(value));
      }
      types.push_back(is_bytes ? bytea_type : std::holds_alternative<std::int64_t>(value) ? int8_type : text_type);
      data.push_back(kept.back().c_str());
      lengths.push_back(static_cast<int>(kept.back().size()));
      formats.push_back(is_bytes ? 1 : 0);
    }
  }
  std::vector<std::string> kept;
  std::vector<Oid> types;
  std::vector<const char*> data;
  std::vector<int> lengths, formats;
};

class postgresql_database final : public database {
 public:
  dialect speaks() const override { return dialect::postgresql; }
  const std::string& where() const override { return where_; }

  result<> open(const std::string& url) {
    // The URL is expanded in the place of "dbname", and wins over what stands before it.
    // A machine that has vanished is noticed: what it does not confirm within ten seconds is lost, and one that says
    // nothing for as long is asked whether it is there.
    const std::array<const char*, 8> names{
        "connect_timeout",     "application_name", "tcp_user_timeout", "keepalives_idle",
        "keepalives_interval", "keepalives_count", "dbname",           nullptr};
    const std::array<const char*, 8> values{"10", "mutual", "10000", "10", "5", "3", url.c_str(), nullptr};
    handle_.reset(PQconnectdbParams(names.data(), values.data(), 1));
    if (!handle_) return error(errc::internal, "no memory is left for a connection to PostgreSQL");
    const auto part = [](const char* value) { return text::printable(value != nullptr ? value : "?"); };
    where_ = fmt::format("the PostgreSQL database {} at {}", part(PQdb(handle_.get())), part(PQhost(handle_.get())));
    if (PQstatus(handle_.get()) != CONNECTION_OK) {
      return error(errc::io, fmt::format("cannot connect to {}: {}; see that it runs and lets this user in", where_,
                                         in_one_line(PQerrorMessage(handle_.get()))));
    }
    PQsetNoticeProcessor(
        handle_.get(), [](void*, const char*) {}, nullptr);
    // What is committed is on the disk, and who has to wait does not wait for ever, whatever the server's settings.
    return run(
        "SET synchronous_commit = on; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'; "
        "SET statement_timeout = '300s'; "
        "SET standard_conforming_strings = on; SET client_encoding = 'UTF8'; SET bytea_output = 'hex'; "
        "SET default_transaction_isolation = 'read committed'");
  }

  result<> run(const std::string& script) override {
    const answer got(PQexec(handle_.get(), script.c_str()));
    return check(got.get());
  }

  result<std::int64_t> change(const char* sql, parameters values) override {
    MUTUAL_CHECK(check_texts(values));
    const bound_values bound(values);
    const answer got(PQexecParams(handle_.get(), sql, static_cast<int>(bound.data.size()), bound.types.data(),
                                  bound.data.data(), bound.lengths.data(), bound.formats.data(), 0));
    MUTUAL_CHECK(check(got.get()));
    return static_cast<std::int64_t>(text::to_number(PQcmdTuples(got.get())).value_or(0));
  }

  result<> send(const char* sql, parameters values) override {
    MUTUAL_TRY(const auto changed, change(sql, values));
    (void)changed;
    return {};
  }

  // Row by row: an answer may have a million, and libpq would hold them all.
  result<> each(const std::string& sql, parameters values, const std::function<void(const row&)>& read) override {
    MUTUAL_CHECK(check_texts(values));
    const bound_values bound(values);
    if (PQsendQueryParams(handle_.get(), sql.c_str(), static_cast<int>(bound.data.size()), bound.types.data(),
                          bound.data.data(), bound.lengths.data(), bound.formats.data(), 0) != 1) {
      return check(nullptr);
    }
    PQsetSingleRowMode(handle_.get());
    result<> outcome;
    while (const answer got{PQgetResult(handle_.get())}) {
      if (PQresultStatus(got.get()) == PGRES_SINGLE_TUPLE) {
        read(postgresql_row(got.get()));
      } else if (auto checked = check(got.get()); !checked && outcome) {
        outcome = std::move(checked);
      }
    }
    return outcome;
  }

  result<> begin(lasting how) override {
    MUTUAL_CHECK(run(how == lasting::on_disk ? "BEGIN" : "BEGIN; SET LOCAL synchronous_commit = off"));
    // As SQLite's BEGIN IMMEDIATE: one changes, everybody reads. Before the first table is made there is none to lock.
    auto locked =
        run("DO $$ BEGIN IF to_regclass('acts') IS NULL THEN PERFORM pg_advisory_xact_lock(7165565731); "
            "ELSE LOCK TABLE acts IN SHARE ROW EXCLUSIVE MODE; END IF; END $$");
    if (!locked) roll_back();
    return locked;
  }
  result<> commit() override {
    const answer got(PQexec(handle_.get(), "COMMIT"));
    MUTUAL_CHECK(check(got.get()));
    // The COMMIT of a transaction that has failed says "ROLLBACK", and is no error to PostgreSQL.
    if (std::string_view(PQcmdStatus(got.get())) == "COMMIT") return {};
    return error(errc::io, fmt::format("{} has taken the change back", where_));
  }
  void roll_back() override { (void)run("ROLLBACK"); }

 private:
  // The server would say so in words of its own, of one that ends at a zero not even that.
  result<> check_texts(parameters values) const {
    for (const auto& value : values) {
      const auto* text = std::get_if<std::string_view>(&value);
      if (text == nullptr || (is_utf8(*text) && text->find('\0') == std::string_view::npos)) continue;
      return error(errc::bad_input, fmt::format("{} takes no text but UTF-8 without zeros, and {} is none", where_,
                                                text::quoted(*text)));
    }
    return {};
  }

  result<> check(const PGresult* got) {
    const auto status = PQresultStatus(got);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE) return {};
    const char* field = got != nullptr ? PQresultErrorField(got, PG_DIAG_SQLSTATE) : nullptr;
    const char* said = got != nullptr ? PQresultErrorField(got, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
    const std::string_view state = field != nullptr ? field : "";
    const auto why = in_one_line(said != nullptr ? said : PQerrorMessage(handle_.get()));
    // Class 23: a constraint; 55P03 and 40P01: somebody else holds the lock; 42501: not allowed.
    if (state.starts_with("23"))
      return error(errc::already_exists, fmt::format("{} refuses the change: {}", where_, why));
    if (state == "55P03" || state == "40P01") {
      return error(errc::timed_out, fmt::format("{} is in use by another process: wait until it has finished", where_));
    }
    if (state == "57014") {
      return error(errc::timed_out, fmt::format("{} has not answered in time: {}; try again", where_, why));
    }
    if (PQstatus(handle_.get()) != CONNECTION_OK) {
      return error(errc::io, fmt::format("the connection to {} is lost: {}; what was being done may have been done: "
                                         "look with mutual list, and do it again",
                                         where_, why));
    }
    return error(errc::io, fmt::format("cannot use {}: {}", where_, why));
  }

  std::unique_ptr<PGconn, finish_connection> handle_;
  std::string where_;
};

}  // namespace

result<std::unique_ptr<database>> open_postgresql(const std::string& url) {
  auto opened = std::make_unique<postgresql_database>();
  MUTUAL_CHECK(opened->open(url));
  return std::unique_ptr<database>(std::move(opened));
}

}  // namespace mutual::authority
