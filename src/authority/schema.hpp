#pragma once
// schema: the tables of an inventory, made and brought up to date step by step. The same for every database.

#include "authority/database.hpp"

#include <mutual/result.hpp>

#include <cstdint>

namespace mutual::authority {

/// The version of the schema that this program works with.
std::int64_t newest_schema();

/// Brings an older inventory to the newest schema. With `is_new`, makes one where there is none. An error if it is
/// empty and not new (it was emptied), is no inventory, or was written by a newer version; then nothing has changed.
result<> upgrade_schema(database& db, bool is_new);

/// Takes the tables away that upgrade_schema() has made, with all they hold: for an init that could not be finished.
result<> remove_schema(database& db);

}  // namespace mutual::authority
