#pragma once
// published_lists: the files in which each CA's revocation list is given out by itself, beside all of them in one.

#include "authority/layout.hpp"
#include "x509/certificate.hpp"

#include <mutual/result.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace mutual::ca_service {

/// Where a CA's list is given out.
struct published_list {
  std::string part;  ///< "intermediate", "root" or "retired".
  x509::certificate ca;
  std::filesystem::path file;
};

/// Those of the CAs whose certificates are in the folder.
std::vector<published_list> published_lists(const authority::layout& places);

/// Those of them whose file is not there, is no list of that CA, or is an older one than, or another one of the same
/// number as, the one that the lists for servers have. Of a CA that these do not have, nothing is said, nor if there
/// are none that can be read.
std::vector<published_list> outdated(const authority::layout& places, const std::vector<published_list>& all);

/// Writes the file anew, as the lists for servers have it. Only in one's turn.
result<> publish_again(const authority::layout& places, const published_list& one);

}  // namespace mutual::ca_service
