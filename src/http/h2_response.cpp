#include "http/h2_response.hpp"

#include "base/text.hpp"
#include "http/field_writer.hpp"
#include "http/response_writer.hpp"

#include <string>

namespace mutual::http {
namespace {

void add_lower(fields& to, std::string& scratch, std::string_view name, std::string_view value) {
  scratch.assign(name);
  for (char& c : scratch) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  to.add(scratch, text::trim(value));
}

}  // namespace

result<h2_head> make_h2_head(const response& what, bool to_head, std::string_view date) {
  MUTUAL_CHECK(check_response_head(what));
  h2_head made;
  made.fields.add(":status", std::to_string(what.status));
  std::string name;
  for (std::size_t at = 0; at < what.headers.size(); ++at) {
    const auto each = what.headers[at];
    if (is_hop_by_hop(each.name) || text::iequals(each.name, "Content-Length")) continue;
    add_lower(made.fields, name, each.name, each.value);
  }
  if (!date.empty() && !what.headers.contains("Date")) made.fields.add("date", date);
  if (!may_have_body(what.status)) {
    if (what.status == 205) made.fields.add("content-length", "0");
    return made;
  }
  const bool known = !what.source || what.length;
  const auto length = body_length(what, to_head);
  if (known) made.fields.add("content-length", std::to_string(length));
  made.body = !to_head && (!known || length > 0);
  return made;
}

}  // namespace mutual::http
