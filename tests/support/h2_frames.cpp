#include "support/h2_frames.hpp"

#include <stdexcept>

namespace mutual::test {
namespace {

constexpr std::size_t head_size = 9;

// A length with a prefix of seven bits (RFC 7541 section 5.1), the first bit left 0: no Huffman's code.
std::string hpack_length(std::size_t value) {
  std::string out;
  if (value < 127) return out += static_cast<char>(value);
  out += static_cast<char>(127);
  for (value -= 127; value >= 128; value /= 128) out += static_cast<char>(value % 128 + 128);
  return out += static_cast<char>(value);
}

}  // namespace

std::string number32(std::uint32_t value) {
  std::string out;
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>((value >> shift) & 0xFFU);
  return out;
}

std::string h2_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string out = number32(static_cast<std::uint32_t>(payload.size())).substr(1);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  return out.append(number32(stream)).append(payload);
}

std::string h2_preface() { return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2_frame(settings_frame, 0, 0); }

std::string hpack(const field_list& all) {
  std::string out;
  for (const auto& [name, value] : all) {
    out += '\0';
    out.append(hpack_length(name.size())).append(name).append(hpack_length(value.size())).append(value);
  }
  return out;
}

field_list request_fields(std::string_view method, std::string_view path, const field_list& more) {
  field_list all{{":method", std::string(method)},
                 {":scheme", "https"},
                 {":authority", "localhost"},
                 {":path", std::string(path)}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string h2_request(std::uint32_t stream, const field_list& all, bool ends) {
  return h2_frame(headers_frame, static_cast<std::uint8_t>(end_headers | (ends ? end_stream : 0)), stream, hpack(all));
}

std::uint32_t frame::number(std::size_t at) const {
  if (payload.size() < at + 4) throw std::runtime_error("a frame is shorter than it should be");
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = (value << 8U) | static_cast<unsigned char>(payload[at + i]);
  return value;
}

std::vector<frame> take_frames(std::string& bytes) {
  std::vector<frame> found;
  std::size_t at = 0;
  const auto byte = [&](std::size_t where) { return static_cast<unsigned char>(bytes[at + where]); };
  while (bytes.size() - at >= head_size) {
    const std::size_t length = (std::size_t{byte(0)} << 16U) | (std::size_t{byte(1)} << 8U) | byte(2);
    if (bytes.size() - at < head_size + length) break;
    frame one;
    one.type = byte(3);
    one.flags = byte(4);
    one.stream =
        (std::uint32_t{byte(5)} << 24U) | (std::uint32_t{byte(6)} << 16U) | (std::uint32_t{byte(7)} << 8U) | byte(8);
    one.payload = bytes.substr(at + head_size, length);
    found.push_back(std::move(one));
    at += head_size + length;
  }
  bytes.erase(0, at);
  return found;
}

}  // namespace mutual::test
