// Paths of revocation lists and of CAs' certificates, which come from anybody. Held to: what is taken is spelled in one
// way only, and leads to a list or to the certificate of a CA, in the folder of the PKI or that of CAs that issue no
// more; never to a key, and nowhere else.

#include "authority/layout.hpp"
#include "ca_service/list_path.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace mutual;
using kind = ca_service::named_list::kind;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_serial(std::string_view text) {
  return !text.empty() && text.size() <= 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The path that names it.
std::string written(const ca_service::named_list& of) {
  switch (of.is) {
    case kind::all:
      return "all.pem";
    case kind::deltas:
      return "delta.pem";
    case kind::delta:
      return of.of + ".delta.crl";
    case kind::full:
    case kind::of_serial:
      break;
  }
  return of.of + ".crl";
}

void list(std::string_view path) {
  const auto read = ca_service::list_named_by(path);
  if (!read) return;
  require(written(*read) == path);
  const bool issues = read->of == "intermediate" || read->of == "root";
  const bool has_retired = read->of.starts_with("retired/") && is_serial(std::string_view(read->of).substr(8));
  switch (read->is) {
    case kind::all:
    case kind::deltas:
      require(read->of.empty());
      break;
    case kind::full:
      require(issues || has_retired);
      break;
    case kind::delta:
      require(issues);
      break;
    case kind::of_serial:
      require(is_serial(read->of));
      break;
  }
  if (read->of.empty()) return;
  const authority::layout places("pki");
  const auto file = read->is == kind::delta ? places.delta_list(read->of) : places.revocation_list(read->of);
  require(file == file.lexically_normal() && file.extension() == ".crl");
  require(file.parent_path() == (has_retired ? places.retired() : places.folder()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view path(reinterpret_cast<const char*>(data), size);
  list(path);
  if (const auto serial = ca_service::issuer_named_by(path)) require(is_serial(*serial) && *serial + ".crt" == path);
  return 0;
}
