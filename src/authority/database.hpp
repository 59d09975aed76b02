#pragma once
// database: SQLite, owned. The C interface and no more: SOCI would bring the client libraries of four other databases
// into every build, and its exceptions into ours; what PostgreSQL will need is another `inventory`, not another cursor.

#include <mutual/result.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace mutual::authority {

/// One prepared statement: bind, step through the rows, read columns. Not thread-safe. Must not outlive its database.
class statement {
 public:
  statement& bind(int position, std::string_view text);
  statement& bind(int position, std::int64_t number);
  statement& bind_bytes(int position, std::string_view bytes);

  /// True with a row to read, false at the end.
  result<bool> step();
  /// Runs one that gives no rows.
  result<> run();

  std::string text(int column) const;
  std::int64_t integer(int column) const;

 private:
  friend class database;
  struct finalize {
    void operator()(sqlite3_stmt* handle) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, finalize> handle_;
  std::string where_;
  int failed_bind_ = 0;
};

/// One connection to one SQLite file. Other processes may have theirs; who has to wait, waits up to ten seconds.
class database {
 public:
  /// Opens a file that exists. What is written is on the disk when it is committed (WAL, synchronous=FULL).
  static result<database> open(const std::filesystem::path& file);

  result<> run(const char* sql);
  result<statement> prepare(const char* sql);

  /// Whether this is called between BEGIN and COMMIT.
  bool in_transaction() const;

 private:
  struct close {
    void operator()(sqlite3* handle) const noexcept;
  };
  std::unique_ptr<sqlite3, close> handle_;
  std::string where_;
};

/// A change that happens whole or not at all: rolled back when destroyed, unless committed.
class transaction {
 public:
  static result<transaction> begin(database& on);
  transaction(transaction&& other) noexcept;
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  transaction& operator=(transaction&&) = delete;
  ~transaction();

  result<> commit();

 private:
  explicit transaction(database& on) : on_(&on) {}
  database* on_;
};

}  // namespace mutual::authority
