// Names as people and requests write them, one a line: alternative names of every kind, file names, and subjects.

#include "authority/layout.hpp"
#include "base/text.hpp"
#include "x509/alternative_names.hpp"
#include "x509/certificate.hpp"
#include "x509/name.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace mutual;

void check(bool holds) {
  if (!holds) std::abort();
}

bool has_control_character(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  }
  return false;
}

// A name that is taken goes into a certificate and comes back the same, and is taken again as what it was.
void alternative_name(std::string_view line) {
  alternative_names names;
  if (!x509::add_by_content(names, line)) {
    check(names.empty());
    return;
  }
  const auto made = x509::to_general_names(names);
  check(made.has_value());
  const auto back = x509::read_names(made->get());
  check(back.dns == names.dns && back.uris == names.uris && back.emails == names.emails && back.ips == names.ips);
  for (const auto* kind : {&names.dns, &names.uris, &names.emails, &names.ips}) {
    for (const auto& name : *kind) {
      check(!has_control_character(name) && name.find(' ') == std::string::npos);
      alternative_names again;
      check(x509::add_by_content(again, name).has_value());
    }
  }
}

void file_name(std::string_view line) {
  const auto name = authority::checked_name(line);
  if (!name) return;
  check(name->find('/') == std::string::npos && name->front() != '.' && !has_control_character(*name));
  const authority::layout places("pki");
  check(places.key(*name).parent_path() == places.issued());
}

void subject(std::string_view line) {
  const auto name = x509::to_x509_name({std::string(line), {}, {}});
  if (!name || line.empty()) return;
  check(x509::attribute_values(name->get(), NID_commonName) == std::vector<std::string>{std::string(line)});
  const auto shown = x509::name_text(name->get());
  check(shown.starts_with("CN=") && !has_control_character(shown));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    alternative_name(line);
    file_name(line);
    subject(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return 0;
}
