#pragma once
// database: where an inventory is kept, as the little SQL that it needs. There are two: an SQLite file, and PostgreSQL.
// Both take the same statements, with parameters $1, $2 …; where their words differ, `dialect` has them.

#include <mutual/result.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace mutual::authority {

/// Octets that are no text.
struct octets {
  std::string_view of;
};

/// What a statement takes for $1, $2 …
using parameter = std::variant<std::int64_t, std::string_view, octets>;
using parameters = std::initializer_list<parameter>;

/// One row of an answer; its columns count from 0. Valid while it is being read.
class row {
 public:
  virtual std::string text(int column) const = 0;
  /// 0 for what is NULL.
  virtual std::int64_t integer(int column) const = 0;
  virtual bool is_null(int column) const = 0;

 protected:
  row() = default;
  row(const row&) = default;
  row& operator=(const row&) = default;
  ~row() = default;
};

/// The words that differ.
enum class dialect { sqlite, postgresql };

/// What of a change is on the disk when it is committed.
enum class lasting {
  on_disk,  ///< All of it.
  later,    ///< What a loss of power takes with it, until another change is on the disk: what can be found out again.
};

/// One connection. Other processes may have theirs; who has to wait, waits up to ten seconds. What is committed is on
/// the disk, unless it was begun otherwise. Not thread-safe.
class database {
 public:
  database() = default;
  database(const database&) = delete;
  database& operator=(const database&) = delete;
  virtual ~database() = default;

  virtual dialect speaks() const = 0;
  /// What to call it in messages: the file, or the server and database (never a password).
  virtual const std::string& where() const = 0;

  /// Runs any number of statements that take nothing and give nothing.
  virtual result<> run(const std::string& script) = 0;
  /// Runs one statement; gives how many rows it has changed.
  virtual result<std::int64_t> change(const char* sql, parameters values) = 0;
  /// Runs one statement of a change, of which nobody has to hear anything unless it goes wrong, and may do so later,
  /// with others: what goes wrong is the error of whatever is asked next, and of the commit.
  virtual result<> send(const char* sql, parameters values) = 0;
  /// Runs one statement and shows each row of its answer, as they come. `read` must not use the database.
  virtual result<> each(const std::string& sql, parameters values, const std::function<void(const row&)>& read) = 0;

  /// Begins a change: from here to its end nobody else changes anything, so what is read stays true.
  virtual result<> begin(lasting how) = 0;
  virtual result<> commit() = 0;
  virtual void roll_back() = 0;

  /// Whether this is called within a transaction.
  bool in_transaction() const { return depth_ > 0; }
  /// How many changes were begun so far: another number, another change.
  std::uint64_t changes_begun() const { return begun_; }

 private:
  friend class transaction;
  int depth_ = 0;
  std::uint64_t begun_ = 0;
};

/// A change that happens whole or not at all: rolled back when destroyed, unless committed. One within another is part
/// of it: only the outer one decides.
class transaction {
 public:
  static result<transaction> begin(database& on, lasting how = lasting::on_disk);
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

/// Opens an SQLite file that exists (WAL, synchronous=FULL).
result<std::unique_ptr<database>> open_sqlite(const std::filesystem::path& file);

/// Connects to the PostgreSQL of a URL (postgresql://HOST/DATABASE …), whose password must come from elsewhere: see
/// store.hpp.
result<std::unique_ptr<database>> open_postgresql(const std::string& url);

/// The first column of the first row, or `otherwise` if there is no row.
result<std::int64_t> number_from(database& db, const std::string& sql, parameters values, std::int64_t otherwise = 0);

}  // namespace mutual::authority
