#pragma once
// closed_store: an inventory that is moved, or was. Nobody may use two copies of one, so that all but one are closed.

#include "authority/database.hpp"

#include <mutual/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace mutual::authority {

/// Why an inventory is closed.
struct closing {
  bool has_gone = false;  ///< It was moved away; otherwise it is a copy whose move has not been finished.
  std::string sentence;   ///< What is said to whoever would use it.
};

/// Closes it: from then on the database itself refuses every act, whoever holds a connection. Part of a transaction.
result<> close_store(database& db, const closing& why);

/// Opens it again; part of a transaction.
result<> reopen_store(database& db);

/// Nothing if it is open.
result<std::optional<closing>> closing_of(database& db);

/// An error (io) with the sentence, if it is closed.
result<> check_open(database& db);

}  // namespace mutual::authority
