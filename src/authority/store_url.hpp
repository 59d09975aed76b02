#pragma once
// store_url: the URL of an inventory's database.

#include <mutual/result.hpp>

#include <string>
#include <string_view>

namespace mutual::authority {

/// The URL if it names a PostgreSQL database and no password; else an error that says what to write.
result<std::string> checked_store_url(std::string_view url);

}  // namespace mutual::authority
