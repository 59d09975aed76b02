// A stream of events: it reads the same however it is cut, and takes no more memory than it may.

#include "client/event_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace mutual::client;

std::string read(std::string_view text, std::size_t piece) {
  event_reader reader(256);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const auto got = reader.take(text.substr(at, piece));
    if (!got) return out + "(too large)";
    for (const auto& one : *got) {
      if (one.data.size() > 256 || one.name.empty()) std::abort();
      out += one.name + '\1' + one.id + '\1' + one.data + '\2';
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = read(text, 1);
  for (const std::size_t piece : {2U, 7U}) {
    const auto other = read(text, piece);
    // What came before an event that is too large may be lost with the piece that has both.
    if (other != whole && !other.ends_with("(too large)")) std::abort();
  }
  return 0;
}
