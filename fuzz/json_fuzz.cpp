// JSON bodies, from any bytes. Held to: what is read can be written, and read again; what is refused is refused in
// words that are JSON themselves when a problem tells them.

#include <mutual/json.hpp>

#include <boost/json/value.hpp>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fuzzed {

enum class kind { small, large };
BOOST_DESCRIBE_ENUM(kind, small, large)

struct part {
  std::string name;
  std::optional<long long> number;
};
MUTUAL_JSON(part, name, number)

struct whole {
  std::vector<part> parts;
  std::map<std::string, double> prices;
  std::optional<std::vector<bool>> flags;
  unsigned char tiny = 0;
  float real = 0;
  kind of = kind::small;
};
MUTUAL_JSON(whole, parts, prices, flags, tiny, real, of)

}  // namespace fuzzed

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
bool reads(std::string_view text) {
  const auto value = mutual::from_json<T>(text);
  if (value) require(static_cast<bool>(mutual::from_json<T>(mutual::to_json(*value))));
  return static_cast<bool>(value);
}

void as_a_body(std::string_view text, bool good) {
  mutual::request incoming;
  incoming.headers.set("Content-Type", "application/json");
  incoming.body = text;
  try {
    mutual::extractor<fuzzed::whole>::get(incoming);
    require(good);
  } catch (const mutual::problem& told) {
    require(!good && (told.status() == 400 || told.status() == 422));
    require(static_cast<bool>(mutual::from_json<boost::json::value>(told.to_json())));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  reads<boost::json::value>(text);
  as_a_body(text, reads<fuzzed::whole>(text));

  // Any bytes can be written as text.
  require(static_cast<bool>(mutual::from_json<std::string>(mutual::to_json(std::string(text)))));
  return 0;
}
