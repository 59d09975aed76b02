// multipart/form-data, in whatever pieces it comes.
#include "http/multipart.hpp"

#include <gmock/gmock.h>

namespace mutual::http {
namespace {

using testing::HasSubstr;
using event = multipart_parser::event;

struct read_part {
  part_head head;
  std::string content;
};
struct outcome {
  std::vector<read_part> parts;
  bool whole = false;
  std::string failure;
  bool too_large = false;
};

outcome read(std::string_view body, std::size_t step, const multipart_limits& limits = {}) {
  outcome out;
  multipart_parser parser("xyz", limits);
  while (!body.empty()) {
    auto piece = body.substr(0, step);
    body.remove_prefix(piece.size());
    for (auto told = parser.next(piece); told != event::need_more; told = parser.next(piece)) {
      if (told == event::part) out.parts.push_back({parser.head(), {}});
      if (told == event::data) out.parts.back().content += parser.data();
      if (told != event::failed) continue;
      out.failure = parser.failure();
      out.too_large = parser.is_too_large();
      return out;
    }
  }
  out.whole = parser.ended();
  return out;
}

std::string part(std::string_view content, std::string_view disposition = "form-data; name=\"a\"",
                 std::string_view more = "") {
  return "--xyz\r\nContent-Disposition: " + std::string(disposition) + "\r\n" + std::string(more) + "\r\n" +
         std::string(content) + "\r\n";
}

void expect_refused(const std::string& body, std::string_view why) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, body.size()}) {
    const auto got = read(body, step);
    EXPECT_THAT(got.failure, HasSubstr(std::string(why))) << body;
    EXPECT_FALSE(got.whole);
  }
}

TEST(multipart, is_the_same_in_whatever_pieces_it_comes) {
  const std::string tricky = "\r\n--xy\r\r\n--xyZ\r\n-\r\n--\n--xyz\r";
  const auto body = part("one") +
                    part(tricky, "form-data; name=\"b\"; filename=\"c.bin\"", "Content-Type: image/png\r\n") +
                    part("", "form-data; name=c") + "--xyz--\r\n";
  for (std::size_t step = 1; step <= body.size(); ++step) {
    const auto got = read(body, step);
    ASSERT_TRUE(got.whole) << step << got.failure;
    ASSERT_EQ(got.parts.size(), 3U);
    EXPECT_EQ(got.parts[0].head.name, "a");
    EXPECT_EQ(got.parts[0].content, "one");
    EXPECT_FALSE(got.parts[0].head.file_name);
    EXPECT_EQ(got.parts[0].head.content_type, "text/plain");
    EXPECT_EQ(got.parts[1].head.file_name, "c.bin");
    EXPECT_EQ(got.parts[1].head.content_type, "image/png");
    EXPECT_EQ(got.parts[1].content, tricky);
    EXPECT_EQ(got.parts[2].content, "");
  }
  EXPECT_TRUE(read("--xyz--\r\n", 1).whole) << "a form without fields";
  EXPECT_TRUE(read(part("one") + "--xyz--", 100).whole);
}

TEST(multipart, that_breaks_off_anywhere_is_not_whole) {
  const auto body = part("one") + part("two") + "--xyz--";
  for (std::size_t size = 0; size < body.size(); ++size) EXPECT_FALSE(read(body.substr(0, size), 5).whole) << size;
}

TEST(multipart, that_is_not_strict_is_refused) {
  expect_refused("words\r\n" + part("a") + "--xyz--", "does not begin with its boundary");
  expect_refused("\r\n" + part("a") + "--xyz--", "does not begin with its boundary");
  expect_refused("--abc\r\n\r\n", "does not begin with its boundary");
  expect_refused("--xyz \r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--xyz--", "behind a boundary");
  expect_refused(part("a") + "--xyzz\r\n", "behind a boundary");
  expect_refused(part("a") + "--xyz--\r\nmore", "follows the last boundary");
  expect_refused(part("a") + "--xyz--\n", "follows the last boundary");
  expect_refused("--xyz\r\n\r\n\r\n\r\na\r\n--xyz--", "no Content-Disposition");
  expect_refused("--xyz\r\nContent-Type: text/plain\r\n\r\na\r\n--xyz--", "no Content-Disposition");
  expect_refused(part("a", "attachment; name=a"), "not form-data");
  expect_refused(part("a", "form-data; name=a; name=b"), "not form-data");
  expect_refused(part("a", "form-data; name=\"a"), "not form-data");
  expect_refused(part("a", "form-data"), "no name");
  expect_refused(part("a", "form-data; name=\"\xff\""), "no name in UTF-8");
  expect_refused(part("a", "form-data; name=a; filename=\"\xff\""), "not in UTF-8");
  expect_refused(part("a", "form-data; name=a; filename*=UTF-8''b"), "filename*");
  expect_refused(part("a", "form-data; name=a", "Content-Disposition: form-data; name=b\r\n"), "a field twice");
  expect_refused(part("a", "form-data; name=a", "Content-Type: a/b\r\ncontent-type: c/d\r\n"), "a field twice");
  expect_refused(part("a", "form-data; name=a", "Content-Type: multipart/mixed; boundary=b\r\n"), "multipart itself");
  expect_refused(part("a", "form-data; name=a", "Content-Transfer-Encoding: base64\r\n"), "transfer encoding");
  expect_refused(part("a", "form-data; name=a", "no field\r\n"), "without a name");
  expect_refused(part("a", "form-data; name=a", " folded: b\r\n"), "without a name");
  expect_refused(part("a", "form-data; name=a", "X: a\nY: b\r\n"), "control character");
  EXPECT_EQ(read(part("a", "form-data; name=a", "X-Other: b\r\nContent-Transfer-Encoding: 8bit\r\n") + "--xyz--", 3)
                .parts.size(),
            1U);
}

TEST(multipart, has_limits) {
  multipart_limits few;
  few.parts = 2;
  few.head_bytes = 60;
  few.part_bytes = 5;
  for (const std::size_t step : {1U, 1000U}) {
    EXPECT_TRUE(read(part("12345") + part("12345") + "--xyz--", step, few).whole);
    for (const auto& large : {part("1") + part("2") + part("3"), part("123456"),
                              part("1", "form-data; name=\"a\"", "X: " + std::string(60, 'a') + "\r\n"),
                              "--xyz\r\n" + std::string(70, 'a')}) {
      const auto got = read(large, step, few);
      EXPECT_TRUE(got.too_large) << large << got.failure;
    }
  }
}

TEST(multipart, keeps_of_a_files_name_what_is_no_path) {
  const auto name_of = [](const std::string& sent) {
    const auto got = read(part("a", "form-data; name=a; filename=" + sent) + "--xyz--", 1000);
    return got.parts.empty() ? "refused: " + got.failure : got.parts[0].head.file_name.value_or("none");
  };
  EXPECT_EQ(name_of("a.txt"), "a.txt");
  EXPECT_EQ(name_of("\"a b;c.txt\""), "a b;c.txt");
  EXPECT_EQ(name_of("\"\xc3\xbc.txt\""), "\xc3\xbc.txt");
  EXPECT_EQ(name_of("\"../../etc/passwd\""), "passwd");
  EXPECT_EQ(name_of("\"C:\\dir\\a.txt\""), "a.txt");
  EXPECT_EQ(name_of("\"say \\\"hello\\\".txt\""), "say \"hello\".txt");
  EXPECT_EQ(name_of("\"..\""), "");
  EXPECT_EQ(name_of("\"a/..\""), "");
  EXPECT_EQ(name_of("\"\""), "");
  EXPECT_THAT(name_of("\"a\tb\""), HasSubstr("not in UTF-8"));
}

TEST(form_boundary, is_what_the_content_type_names) {
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(form_boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\""), "a b:c");
  for (const std::string wrong :
       {"", "multipart/form-data", "multipart/mixed; boundary=a",
        "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=\"a\\b\"", "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data boundary=a", "text/plain; boundary=a"}) {
    EXPECT_FALSE(form_boundary(wrong)) << wrong;
  }
  EXPECT_TRUE(form_boundary("multipart/form-data; boundary=" + std::string(70, 'a')));
  EXPECT_FALSE(form_boundary("multipart/form-data; boundary=" + std::string(71, 'a')));
}

}  // namespace
}  // namespace mutual::http
