#include "app/open_problem.hpp"

#include "base/last_descriptors.hpp"

#include <cerrno>

namespace mutual {

problem open_problem(int code) {
  switch (code) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EXDEV:
    case ENAMETOOLONG:
    case ENXIO:  // a socket, which is no file to serve
      return problem::not_found("there is no such file");
    case EACCES:
    case EPERM:
      return problem::forbidden("this file is not readable for the server");
    default:
      return problem::unavailable("the server cannot open files at this moment").header("Retry-After", "1");
  }
}

void leave_descriptors_to_others(int opened) {
  constexpr std::size_t kept = 64;
  if (is_among_the_last(opened, kept)) throw open_problem(EMFILE);
}

}  // namespace mutual
