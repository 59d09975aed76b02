// Frames of RFC 6455, from a client that is honest, careless or hostile.
#include "http/websocket_reader.hpp"

#include "http/websocket_key.hpp"

#include <gtest/gtest.h>

namespace mutual::http {
namespace {

using outcome = websocket_reader::outcome;

// A frame as a client sends it: first byte, payload, masked.
std::string frame(unsigned first, const std::string& payload) {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80U | payload.size());
  } else if (payload.size() < 65536) {
    out += static_cast<char>(0xfe);
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xffU);
  } else {
    out += static_cast<char>(0xff);
    for (int shift = 56; shift >= 0; shift -= 8)
      out += static_cast<char>(payload.size() >> static_cast<unsigned>(shift) & 0xffU);
  }
  const std::string mask = "\x11\x22\x33\x44";
  out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

// Everything that came of the bytes, fed in pieces of that size.
std::vector<std::string> heard(std::string_view bytes, std::size_t piece = 1000000, std::size_t limit = 100000) {
  websocket_reader reader(limit);
  std::vector<std::string> out;
  std::string pending;
  while (!bytes.empty() || !pending.empty()) {
    pending += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    const auto step = reader.feed(pending);
    pending.erase(0, step.consumed);
    switch (step.what) {
      case outcome::need_more:
        if (bytes.empty()) return out.emplace_back("more"), out;
        break;
      case outcome::message:
        out.push_back((reader.is_text() ? "text " : "bytes ") + reader.payload());
        break;
      case outcome::ping:
        out.push_back("ping " + reader.payload());
        break;
      case outcome::pong:
        out.push_back("pong " + reader.payload());
        break;
      case outcome::close:
        out.push_back("close " + std::to_string(reader.code()));
        break;
      case outcome::failed:
        EXPECT_FALSE(reader.fault().empty());
        return out.push_back("failed " + std::to_string(reader.code())), out;
    }
  }
  return out;
}

using words = std::vector<std::string>;

TEST(websocket_reader, reads_messages_whole_and_in_any_pieces) {
  const std::string all = frame(0x81, "hello") + frame(0x82, std::string(300, 'b')) +
                          frame(0x81, std::string(70000, 'c')) + frame(0x89, "are you there") + frame(0x8a, "") +
                          frame(0x81, "") +
                          frame(0x88,
                                "\x03\xe8"
                                "bye");
  const words expected{"text hello",
                       "bytes " + std::string(300, 'b'),
                       "text " + std::string(70000, 'c'),
                       "ping are you there",
                       "pong ",
                       "text ",
                       "close 1000"};
  EXPECT_EQ(heard(all), expected);
  EXPECT_EQ(heard(all, 1), expected);
  EXPECT_EQ(heard(all, 7), expected);
}

TEST(websocket_reader, joins_fragments_and_hears_pings_between_them) {
  const std::string all =
      frame(0x01, "one ") + frame(0x89, "p") + frame(0x00, "two ") + frame(0x80, "three") + frame(0x82, "x");
  EXPECT_EQ(heard(all), (words{"ping p", "text one two three", "bytes x"}));
  EXPECT_EQ(heard(all, 1), (words{"ping p", "text one two three", "bytes x"}));
}

TEST(websocket_reader, refuses_what_the_protocol_does_not_know) {
  const words broken{"failed 1002"};
  EXPECT_EQ(heard(frame(0xc1, "x")), broken) << "an extension's bit";
  EXPECT_EQ(heard(frame(0x83, "x")), broken) << "a reserved opcode";
  EXPECT_EQ(heard(frame(0x8b, "x")), broken) << "a reserved control opcode";
  EXPECT_EQ(heard(frame(0x80, "x")), broken) << "a continuation of nothing";
  EXPECT_EQ(heard(frame(0x01, "x") + frame(0x81, "y")), broken) << "a message within another";
  EXPECT_EQ(heard(frame(0x09, "x")), broken) << "a ping in parts";
  EXPECT_EQ(heard(frame(0x89, std::string(126, 'x'))), broken) << "a long ping";
  EXPECT_EQ(heard("\x81\x05hello"), broken) << "no mask";
  EXPECT_EQ(heard(std::string("\x81\xfe\x00\x05\x00\x00\x00\x00hello", 13)), broken)
      << "a length that could be shorter";
  EXPECT_EQ(heard(std::string("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", 14)), broken)
      << "a length of 64 bits";
}

TEST(websocket_reader, refuses_close_frames_that_say_what_nobody_may_say) {
  EXPECT_EQ(heard(frame(0x88, "")), (words{"close 1005"}));
  EXPECT_EQ(heard(frame(0x88, "\x03")), (words{"failed 1002"}));
  for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 2000U, 5000U}) {
    const std::string said{static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)};
    EXPECT_EQ(heard(frame(0x88, said)), (words{"failed 1002"})) << code;
  }
  EXPECT_EQ(heard(frame(0x88, "\x03\xe8\xff")), (words{"failed 1007"}));
}

TEST(websocket_reader, refuses_text_that_is_not_utf8_and_takes_such_bytes) {
  EXPECT_EQ(heard(frame(0x81, "\xc3")), (words{"failed 1007"}));
  EXPECT_EQ(heard(frame(0x01, "\xc3") + frame(0x80, "\xa4")), (words{"text \xc3\xa4"})) << "a character in two frames";
  EXPECT_EQ(heard(frame(0x82, "\xc3")), (words{"bytes \xc3"}));
}

TEST(websocket_reader, refuses_a_message_that_is_too_large_before_it_comes) {
  EXPECT_EQ(heard(frame(0x81, std::string(10, 'x')), 1000, 10).front(), "text xxxxxxxxxx");
  EXPECT_EQ(heard(frame(0x81, std::string(11, 'x')).substr(0, 6), 1000, 10), (words{"failed 1009"}));
  EXPECT_EQ(heard(frame(0x01, "123456") + frame(0x80, "78901").substr(0, 6), 1000, 10), (words{"failed 1009"}));
}

TEST(websocket_frames, are_written_as_short_as_can_be) {
  const auto written = [](std::size_t size) {
    std::string out;
    write_websocket_frame(out, websocket_opcode::text, std::string(size, 'x'));
    return out.size() - size;
  };
  EXPECT_EQ(written(125), 2U);
  EXPECT_EQ(written(126), 4U);
  EXPECT_EQ(written(65535), 4U);
  EXPECT_EQ(written(65536), 10U);
  EXPECT_EQ(websocket_close_payload(1000, "bye"),
            "\x03\xe8"
            "bye");
  EXPECT_EQ(websocket_close_payload(1000, std::string(122, 'x') + "\xc3\xa4").size(), 124U) << "cut between characters";
  EXPECT_EQ(websocket_close_payload(websocket_code::none, "bye"), "");
}

TEST(websocket_key, is_answered_as_the_rfc_does) {
  // RFC 6455 section 1.3.
  EXPECT_TRUE(is_websocket_key("dGhlIHNhbXBsZSBub25jZQ=="));
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_FALSE(is_websocket_key("dGhlIHNhbXBsZSBub25jZQ="));
  EXPECT_FALSE(is_websocket_key("dGhlIHNhbXBsZSBub25jZQ==="));
  EXPECT_FALSE(is_websocket_key("dGhlIHNhb\r\nsZSBub25jZQ=="));
  EXPECT_FALSE(is_websocket_key(""));
}

}  // namespace
}  // namespace mutual::http
