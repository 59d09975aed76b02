#pragma once
// place: which folder is meant, where several share an inventory.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"

#include <mutual/result.hpp>

#include <string>

namespace mutual::authority {

/// What this folder is called in the inventory: what it has begun and not finished is recorded under it, and only it
/// can finish that. A random name, kept in its file `place`; made anew where there is none, and in a copy of a folder,
/// which is another. Empty for an inventory in the folder itself, which moves with it. Only in one's turn.
result<std::string> own_place(const layout& places, inventory& in);

}  // namespace mutual::authority
