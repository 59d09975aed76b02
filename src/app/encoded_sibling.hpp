#pragma once
// encoded_sibling: what stands beside a file, and holds the same in a content coding.

#include "base/descriptor.hpp"
#include "http/content_coding.hpp"

#include <mutual/request.hpp>

#include <functional>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace mutual {

/// What is sent for a file: itself (identity), or one of its siblings.
struct encoded_sibling {
  http::coding how;
  descriptor handle;
  struct stat facts;
};

/// Puts into `best`, which is the file itself, the sibling (NAME.zst, NAME.br, NAME.gz) that the request's
/// Accept-Encoding welcomes most; of several that are equally welcome the smallest. One that is older than the file is
/// of an earlier state of it, and does not count; nor does one of a name that is a sibling's already. `open` gives a
/// file of the folder, an empty descriptor if there is none, and nothing if that would have to wait for a disk. False
/// if it would.
bool choose_sibling(const request& asked, const std::string& name,
                    const std::function<std::optional<descriptor>(const std::string& name)>& open,
                    encoded_sibling& best);

}  // namespace mutual
