#pragma once
// place: which folder is meant, where several share an inventory.

#include "authority/inventory.hpp"
#include "authority/layout.hpp"

#include <mutual/result.hpp>

#include <string>

namespace mutual::authority {

/// What this folder is called in the inventory: what it has begun and not finished is recorded under it, and only who
/// has the key can finish that. A random name, kept in its file `place`; made anew where there is none, in a copy of a
/// folder, which is another, and where the host has another name: what was begun under the name before goes along if it
/// needs no key from here, or that is here. Empty for an inventory in the folder itself, which moves with it. Only in
/// one's turn.
result<std::string> own_place(const layout& places, inventory& in);

}  // namespace mutual::authority
