#pragma once
// schema: the tables of an inventory, made and brought up to date step by step. The same for every database.

#include "authority/database.hpp"

#include <mutual/result.hpp>

#include <cstdint>

namespace mutual::authority {

/// The version of the schema that this program works with.
std::int64_t newest_schema();

/// The version of the schema that a database has; 0 if there is nothing. An error if it is no inventory, or of a newer
/// version of this program.
result<std::int64_t> schema_version(database& db);

/// Brings an older inventory to the newest schema. With `is_new`, makes one where there is none. An error if it is
/// empty and not new (it was emptied), is no inventory, or was written by a newer version; then nothing has changed.
result<> upgrade_schema(database& db, bool is_new);

/// Takes the tables away that upgrade_schema() has made, with all they hold: for an init that could not be finished,
/// and a copy that is made anew.
result<> remove_schema(database& db);

}  // namespace mutual::authority
