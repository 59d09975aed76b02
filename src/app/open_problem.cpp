#include "app/open_problem.hpp"

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

}  // namespace mutual
