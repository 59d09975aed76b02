#include "base/exposition.hpp"

#include <fmt/format.h>

namespace mutual {
namespace {

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string_view("\\n") : std::string_view(&c, 1);
  }
}

}  // namespace

void exposition::family(std::string_view name, std::string_view kind, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, kind);
}

void exposition::sample(std::int64_t value, labels of) {
  text_ += name_;
  char before = '{';
  for (const auto& [label, said] : of) {
    text_.append(1, before).append(label).append("=\"");
    append_escaped(text_, said);
    text_ += '"';
    before = ',';
  }
  if (of.size() != 0) text_ += '}';
  text_ += fmt::format(" {}\n", value);
}

}  // namespace mutual
