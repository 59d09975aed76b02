// authority.toml: what limits a text says, and what they then refuse.

#include "authority/limits.hpp"
#include "x509/key.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace mutual;

// A name that a limited authority issues must be one that some limit names.
void ask(const authority::limits& by, x509::profile purpose) {
  const auto* own = by.of(purpose);
  x509::certificate_spec spec;
  spec.not_before = now() - x509::backdate;
  spec.not_after = now() + std::chrono::days(36500);
  spec.subject.common_name = "www.acme.example";
  spec.names = {{"www.acme.example", "*.example"}, {"spiffe://acme/a/../b"}, {"a@acme.example"}, {"192.0.2.1", "::1"}};
  static const auto key = x509::private_key::generate();
  const auto checked = authority::check_limits(by, {purpose, spec, key->get()});
  if (!checked && checked.error().message().empty()) std::abort();
  // The dot segment is within no prefix, and 36500 days are within no shorter limit.
  if (checked && (!own->may_be_issued || own->names || (own->longest && own->longest->count() < 36500))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = authority::read_limits({reinterpret_cast<const char*>(data), size}, "input");
  if (!read) {
    if (read.error().message().find("input") == std::string::npos) std::abort();
    return 0;
  }
  for (const auto purpose : {x509::profile::server, x509::profile::client, x509::profile::peer}) ask(*read, purpose);
  if (const auto constraints = authority::constraints_for(*read); !constraints.empty()) {
    if (!x509::to_extension(constraints)) std::abort();
  }
  return 0;
}
