// Forms: a multipart body with the boundary "b", and the same bytes as an urlencoded one, whole and in pieces. Held to:
// pieces change nothing; limits hold; names of files are no paths; what was read whole is read again when it is
// written.

#include "http/multipart.hpp"
#include "http/urlencoded.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using mutual::http::multipart_parser;
using event = multipart_parser::event;

void require(bool holds) {
  if (!holds) std::abort();
}

struct outcome {
  std::vector<std::string> told;  // names, contents, and at the end what is wrong
  bool whole = false;
  bool operator==(const outcome&) const = default;
};

outcome read_parts(std::string_view body, std::size_t step) {
  outcome out;
  multipart_parser parser("b", {5, 200, 300});
  while (!body.empty()) {
    auto piece = body.substr(0, step);
    body.remove_prefix(piece.size());
    for (auto told = parser.next(piece); told != event::need_more; told = parser.next(piece)) {
      if (told == event::part) {
        const auto& file = parser.head().file_name;
        require(!file || (file->find_first_of(std::string_view("/\\\0", 3)) == file->npos && *file != ".."));
        out.told.push_back(parser.head().name);
        out.told.emplace_back();
      } else if (told == event::data) {
        require(!parser.data().empty());
        out.told.back() += parser.data();
        require(out.told.back().size() <= 300);
      } else if (told == event::failed) {
        require(!parser.failure().empty() && !parser.ended());
        out.told.emplace_back(parser.failure());
        return out;
      }
    }
    require(piece.empty());
  }
  require(out.told.size() <= 10);
  out.whole = parser.ended();
  return out;
}

std::vector<std::pair<std::string, std::string>> read_fields(std::string_view body, std::size_t step, bool& good) {
  mutual::http::urlencoded_parser parser(20, 100);
  good = true;
  for (; good && !body.empty(); body.remove_prefix(std::min(step, body.size())))
    good = parser.feed(body.substr(0, step));
  good = good && parser.end();
  require(good == parser.failure().empty() && parser.fields().size() <= 20);
  return parser.fields();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto whole = read_parts(body, body.size() + 1);
  bool good = false, good_in_pieces = false;
  const auto fields = read_fields(body, body.size() + 1, good);
  for (const std::size_t step : {1U, 3U, 17U}) {
    auto pieces = read_parts(body, step);
    require(pieces.whole == whole.whole);
    if (whole.whole) require(pieces == whole);
    const auto same = read_fields(body, step, good_in_pieces);
    require(good_in_pieces == good && (!good || same == fields));
  }
  (void)mutual::http::form_boundary(body);
  return 0;
}
