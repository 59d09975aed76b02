// An inventory's database in an SQLite file.

#include "authority/database.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <map>

namespace mutual::authority {
namespace {

constexpr int busy_milliseconds = 10'000;
// Far above the number of statements that we have.
constexpr std::size_t most_statements = 128;

struct close_database {
  void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
};
struct finalize_statement {
  void operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }
};
using statement = std::unique_ptr<sqlite3_stmt, finalize_statement>;
// In use: what was bound to it goes when it is not.
struct reset_statement {
  void operator()(sqlite3_stmt* handle) const noexcept {
    sqlite3_reset(handle);
    sqlite3_clear_bindings(handle);
  }
};
using running_statement = std::unique_ptr<sqlite3_stmt, reset_statement>;

error failure(sqlite3* handle, int code, const std::string& where) {
  const char* said = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
      return {errc::already_exists, fmt::format("{} refuses the change: {}", where, said)};
    case SQLITE_BUSY:
      return {errc::timed_out, fmt::format("{} is in use by another process: wait until it has finished", where)};
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return {errc::bad_input,
              fmt::format("{} is not an inventory, or a damaged one: restore it from a backup", where)};
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM: {
      const int system = handle != nullptr ? sqlite3_system_errno(handle) : 0;
      return {errc::io, fmt::format("cannot use {}: {}", where, file::advice(system != 0 ? system : EACCES))};
    }
    case SQLITE_FULL:
      return {errc::io, fmt::format("cannot write {}: {}", where, file::advice(ENOSPC))};
    default:
      return {errc::io, fmt::format("cannot use {}: {}", where, said)};
  }
}

class sqlite_row final : public row {
 public:
  explicit sqlite_row(sqlite3_stmt* handle) : handle_(handle) {}
  std::string text(int column) const override {
    // The bytes are asked for after the pointer: SQLite converts at the first of the two calls.
    const void* bytes = sqlite3_column_blob(handle_, column);
    const int size = sqlite3_column_bytes(handle_, column);
    return bytes != nullptr ? std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size))
                            : std::string();
  }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(handle_, column); }
  bool is_null(int column) const override { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

 private:
  sqlite3_stmt* handle_;
};

int bind(sqlite3_stmt* to, int position, const parameter& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(to, position, *number);
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    // A null pointer would be NULL, which an empty text is not.
    const char* data = text->data() != nullptr ? text->data() : "";
    return sqlite3_bind_text64(to, position, data, text->size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  const auto& bytes = std::get<octets>(value).of;
  return sqlite3_bind_blob64(to, position, bytes.data() != nullptr ? bytes.data() : "", bytes.size(), SQLITE_STATIC);
}

class sqlite_database final : public database {
 public:
  dialect speaks() const override { return dialect::sqlite; }
  const std::string& where() const override { return where_; }

  result<> open(const std::filesystem::path& file) {
    where_ = text::printable(file.string(), 4096);
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) return failure(handle, code, where_);
    sqlite3_busy_timeout(handle, busy_milliseconds);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    for (const char* pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON",
                               "PRAGMA trusted_schema=OFF"}) {
      MUTUAL_CHECK(run(pragma));
    }
    return {};
  }

  result<> run(const std::string& script) override {
    const int code = sqlite3_exec(handle_.get(), script.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(handle_.get(), code, where_);
    return {};
  }

  result<std::int64_t> change(const char* sql, parameters values) override {
    MUTUAL_CHECK(each(sql, values, [](const row&) {}));
    return sqlite3_changes64(handle_.get());
  }

  result<> send(const char* sql, parameters values) override {
    return each(sql, values, [](const row&) {});
  }

  result<> each(const std::string& sql, parameters values, const std::function<void(const row&)>& read) override {
    MUTUAL_TRY(const auto ready, prepare(sql, values));
    for (const sqlite_row one(ready.get());;) {
      const int code = sqlite3_step(ready.get());
      if (code == SQLITE_DONE) return {};
      if (code != SQLITE_ROW) return failure(handle_.get(), code, where_);
      read(one);
    }
  }

  result<> begin(lasting how) override {
    // NORMAL syncs at checkpoints alone. It cannot be changed within a transaction.
    if (how == lasting::later) {
      MUTUAL_CHECK(run("PRAGMA synchronous=NORMAL"));
      is_later_ = true;
    }
    // IMMEDIATE takes the right to write at once: a reader that wants to become a writer later could be refused then.
    auto begun = run("BEGIN IMMEDIATE");
    if (!begun) (void)sync_again();
    return begun;
  }
  result<> commit() override {
    MUTUAL_CHECK(run("COMMIT"));
    return sync_again();
  }
  void roll_back() override {
    if (sqlite3_get_autocommit(handle_.get()) == 0) (void)run("ROLLBACK");
    (void)sync_again();
  }

 private:
  result<> sync_again() {
    if (!is_later_) return {};
    MUTUAL_CHECK(run("PRAGMA synchronous=FULL"));
    is_later_ = false;
    return {};
  }

  result<running_statement> prepare(const std::string& sql, parameters values) {
    auto known = prepared_.find(sql);
    if (known == prepared_.end()) {
      sqlite3_stmt* fresh = nullptr;
      const int code = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &fresh, nullptr);
      if (code != SQLITE_OK) return failure(handle_.get(), code, where_);
      if (prepared_.size() >= most_statements) prepared_.clear();
      known = prepared_.emplace(sql, statement(fresh)).first;
    }
    sqlite3_stmt* handle = known->second.get();
    running_statement made(handle);
    int number = 0;
    for (const auto& value : values) {
      const int position = sqlite3_bind_parameter_index(handle, fmt::format("${}", ++number).c_str());
      if (position == 0 || bind(handle, position, value) != SQLITE_OK) {
        return error(errc::internal, fmt::format("cannot ask {}: its value {} does not fit", where_, number));
      }
    }
    return made;
  }

  std::unique_ptr<sqlite3, close_database> handle_;
  std::map<std::string, statement> prepared_;  // None is in use between two calls.
  std::string where_;
  bool is_later_ = false;
};

}  // namespace

result<std::unique_ptr<database>> open_sqlite(const std::filesystem::path& file) {
  auto opened = std::make_unique<sqlite_database>();
  MUTUAL_CHECK(opened->open(file));
  return std::unique_ptr<database>(std::move(opened));
}

}  // namespace mutual::authority
