#include "authority/database.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <utility>

namespace mutual::authority {
namespace {

constexpr int busy_milliseconds = 10'000;

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

}  // namespace

void statement::finalize::operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }
void database::close::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }

// A bind that fails is remembered, so that step() can say it and calls can be written in a row.
statement& statement::bind(int position, std::string_view text) {
  failed_bind_ |= sqlite3_bind_text64(handle_.get(), position, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

statement& statement::bind(int position, std::int64_t number) {
  failed_bind_ |= sqlite3_bind_int64(handle_.get(), position, number);
  return *this;
}

statement& statement::bind_bytes(int position, std::string_view bytes) {
  failed_bind_ |= sqlite3_bind_blob64(handle_.get(), position, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  return *this;
}

result<bool> statement::step() {
  if (failed_bind_ != SQLITE_OK)
    return error(errc::internal, fmt::format("cannot ask {}: a value does not fit", where_));
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(handle_.get()), code, where_);
}

result<> statement::run() {
  MUTUAL_TRY(const bool row, step());
  if (row) return error(errc::internal, fmt::format("{} answered where nothing was asked", where_));
  return {};
}

std::string statement::text(int column) const {
  // The bytes are asked for after the pointer: SQLite converts at the first of the two calls.
  const void* bytes = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return bytes != nullptr ? std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size))
                          : std::string();
}

std::int64_t statement::integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }

result<database> database::open(const std::filesystem::path& file) {
  database opened;
  opened.where_ = text::printable(file.string(), 4096);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
  opened.handle_.reset(handle);
  if (code != SQLITE_OK) return failure(handle, code, opened.where_);
  sqlite3_busy_timeout(handle, busy_milliseconds);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  for (const char* pragma :
       {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON", "PRAGMA trusted_schema=OFF"}) {
    MUTUAL_CHECK(opened.run(pragma));
  }
  return opened;
}

result<> database::run(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(handle_.get(), code, where_);
  return {};
}

result<statement> database::prepare(const char* sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v2(handle_.get(), sql, -1, &handle, nullptr);
  if (code != SQLITE_OK) return failure(handle_.get(), code, where_);
  statement made;
  made.handle_.reset(handle);
  made.where_ = where_;
  return made;
}

bool database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

result<transaction> transaction::begin(database& on) {
  // IMMEDIATE takes the right to write at once: a reader that wants to become a writer later could be refused then.
  MUTUAL_CHECK(on.run("BEGIN IMMEDIATE"));
  return transaction(on);
}

transaction::transaction(transaction&& other) noexcept : on_(std::exchange(other.on_, nullptr)) {}

transaction::~transaction() {
  if (on_ != nullptr && on_->in_transaction()) (void)on_->run("ROLLBACK");
}

result<> transaction::commit() {
  MUTUAL_CHECK(on_->run("COMMIT"));
  on_ = nullptr;
  return {};
}

}  // namespace mutual::authority
