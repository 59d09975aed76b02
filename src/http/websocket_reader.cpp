#include "http/websocket_reader.hpp"

#include "base/characters.hpp"

#include <algorithm>

namespace mutual::http {
namespace {

constexpr std::size_t largest_control = 125;  // RFC 6455 section 5.5

bool is_utf8(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto length = text::utf8_length(bytes, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::uint64_t big_endian(const unsigned char* from, std::size_t count) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < count; ++i) out = out << 8U | from[i];
  return out;
}

void append_big_endian(std::string& out, std::uint64_t value, unsigned count) {
  while (count-- > 0) out += static_cast<char>(value >> (8U * count) & 0xffU);
}

}  // namespace

bool is_websocket_code(std::uint16_t code) {
  if (code >= 3000) return code <= 4999;
  // 1004 is reserved; 1005, 1006 and 1015 are never sent.
  return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}

websocket_reader::step websocket_reader::feed(std::string_view bytes) {
  if (failed_) return {0, outcome::failed};
  if (delivered_) {
    message_.clear();
    delivered_ = false;
  }
  const auto before = bytes.size();
  auto what = outcome::need_more;
  while (what == outcome::need_more) {
    if (!in_payload_) {
      if (!read_header(bytes)) break;
      what = judge_header();
      if (what == outcome::failed) break;
      in_payload_ = true;
    }
    take_payload(bytes);
    if (left_ > 0) break;
    what = end_frame();
  }
  return {before - bytes.size(), what};
}

websocket_reader::outcome websocket_reader::fail(std::uint16_t code, std::string_view fault) {
  failed_ = true;
  code_ = code;
  fault_ = fault;
  return outcome::failed;
}

// How many bytes the header has, as far as the bytes that are there tell.
std::size_t websocket_reader::header_size() const {
  if (header_have_ < 2) return 2;
  const unsigned length = header_[1] & 0x7fU;
  return 2 + (length == 127 ? 8U : length == 126 ? 2U : 0U) + ((header_[1] & 0x80U) != 0 ? 4U : 0U);
}

bool websocket_reader::read_header(std::string_view& bytes) {
  while (header_have_ < header_size()) {
    if (bytes.empty()) return false;
    header_[header_have_++] = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
  }
  return true;
}

websocket_reader::outcome websocket_reader::judge_header() {
  const unsigned short_length = header_[1] & 0x7fU;
  const std::size_t wide = short_length == 127 ? 8 : short_length == 126 ? 2 : 0;
  final_ = (header_[0] & 0x80U) != 0;
  opcode_ = header_[0] & 0x0fU;
  left_ = wide == 0 ? short_length : big_endian(&header_[2], wide);
  if ((header_[0] & 0x70U) != 0) return fail(websocket_code::protocol_error, "an extension's bit is set");
  if ((header_[1] & 0x80U) == 0) return fail(websocket_code::protocol_error, "a client's frame is not masked");
  if ((wide == 2 && left_ < 126) || (wide == 8 && (left_ < 65536 || left_ >> 63U != 0))) {
    return fail(websocket_code::protocol_error, "a frame's length is not written in the shortest way");
  }
  std::copy_n(&header_[2 + wide], 4, mask_.begin());
  mask_at_ = 0;
  header_have_ = 0;
  if (is_control()) {
    control_.clear();
    if (opcode_ > static_cast<unsigned>(websocket_opcode::pong)) {
      return fail(websocket_code::protocol_error, "a frame's kind is not known");
    }
    if (!final_ || left_ > largest_control) {
      return fail(websocket_code::protocol_error, "a control frame is in parts, or too long");
    }
    return outcome::need_more;
  }
  if (opcode_ > static_cast<unsigned>(websocket_opcode::binary)) {
    return fail(websocket_code::protocol_error, "a frame's kind is not known");
  }
  const bool goes_on = opcode_ == static_cast<unsigned>(websocket_opcode::continuation);
  if (goes_on != in_message_) {
    return fail(websocket_code::protocol_error,
                goes_on ? "a frame continues a message that was not begun" : "a message begins within another");
  }
  if (!goes_on) text_ = opcode_ == static_cast<unsigned>(websocket_opcode::text);
  in_message_ = !final_;
  if (left_ > largest_ - message_.size()) return fail(websocket_code::too_large, "a message is too large");
  return outcome::need_more;
}

void websocket_reader::take_payload(std::string_view& bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  auto& into = is_control() ? control_ : message_;
  const auto begin = into.size();
  into.append(bytes.substr(0, count));
  for (std::size_t i = begin; i < into.size(); ++i) {
    into[i] = static_cast<char>(static_cast<unsigned char>(into[i]) ^ mask_[mask_at_++ & 3U]);
  }
  bytes.remove_prefix(count);
  left_ -= count;
}

websocket_reader::outcome websocket_reader::end_frame() {
  in_payload_ = false;
  switch (static_cast<websocket_opcode>(opcode_)) {
    case websocket_opcode::close:
      return end_close();
    case websocket_opcode::ping:
      return outcome::ping;
    case websocket_opcode::pong:
      return outcome::pong;
    default:
      break;
  }
  if (!final_) return outcome::need_more;
  if (text_ && !is_utf8(message_)) return fail(websocket_code::not_utf8, "a text is not UTF-8");
  delivered_ = true;
  return outcome::message;
}

websocket_reader::outcome websocket_reader::end_close() {
  code_ = websocket_code::none;
  if (control_.empty()) return outcome::close;
  if (control_.size() == 1) return fail(websocket_code::protocol_error, "a close frame has half a code");
  const std::array<unsigned char, 2> said{static_cast<unsigned char>(control_[0]),
                                          static_cast<unsigned char>(control_[1])};
  code_ = static_cast<std::uint16_t>(big_endian(said.data(), 2));
  if (!is_websocket_code(code_)) return fail(websocket_code::protocol_error, "a close frame has a code that is none");
  if (!is_utf8(std::string_view(control_).substr(2))) {
    return fail(websocket_code::not_utf8, "the reason in a close frame is not UTF-8");
  }
  return outcome::close;
}

void write_websocket_frame(std::string& out, websocket_opcode what, std::string_view payload) {
  out += static_cast<char>(0x80U | static_cast<unsigned>(what));
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else if (payload.size() < 65536) {
    out += static_cast<char>(126);
    append_big_endian(out, payload.size(), 2);
  } else {
    out += static_cast<char>(127);
    append_big_endian(out, payload.size(), 8);
  }
  out += payload;
}

std::string websocket_close_payload(std::uint16_t code, std::string_view reason) {
  std::string out;
  if (code == websocket_code::none) return out;
  append_big_endian(out, code, 2);
  std::size_t at = 0;
  while (at < reason.size()) {
    const auto length = text::utf8_length(reason, at);
    if (length == 0 || at + length > largest_control - 2) break;
    at += length;
  }
  return out.append(reason.substr(0, at));
}

}  // namespace mutual::http
