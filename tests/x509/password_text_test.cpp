// Passwords in files and on terminals: what counts, and what is refused.
#include "x509/password_text.hpp"

#include "support/outcome.hpp"

#include <gmock/gmock.h>

namespace mutual::x509 {
namespace {

using test::good;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string in_file(std::string_view contents) {
  const auto read = password_in(contents, "secret.txt");
  return read ? std::string(read->view()) : "refused: " + read.error().message();
}

TEST(a_password_in_a_file, is_its_first_line) {
  EXPECT_EQ(in_file("sesame"), "sesame");
  EXPECT_EQ(in_file("sesame\n"), "sesame");
  EXPECT_EQ(in_file("sesame\r\n"), "sesame");
  EXPECT_EQ(in_file("sesame\nanother\n"), "sesame");
  EXPECT_EQ(in_file(" open sesame \n"), " open sesame ");
  EXPECT_EQ(in_file(std::string(1024, 'x') + "\n" + std::string(5000, 'y')), std::string(1024, 'x'));
}

TEST(a_password_in_a_file, is_refused_by_the_files_name_and_without_its_text) {
  for (const char* empty : {"", "\n", "\r\n", "\r", "\nsesame\n"}) {
    EXPECT_EQ(in_file(empty), "refused: secret.txt holds no password: its first line is empty");
  }
  EXPECT_THAT(in_file(std::string(1025, 'x')), AllOf(HasSubstr("secret.txt: "), HasSubstr("at most 1024 bytes")));
  EXPECT_THAT(in_file(std::string("ses\0ame\n", 8)),
              AllOf(HasSubstr("secret.txt: "), HasSubstr("cannot hold a NUL"), Not(HasSubstr("ame"))));
  EXPECT_EQ(in_file(std::string("sesame\n\0", 8)), "sesame");
  for (const char* returns : {"sesame\r\r\n", "\r\r", "sesame\r\r"}) {
    EXPECT_EQ(in_file(returns),
              "refused: the first line of secret.txt ends in carriage returns: save it with plain line ends");
  }
  EXPECT_THAT(password_in("\n", "pin", "PIN").error().message(), HasSubstr("pin holds no PIN"));
}

std::string typed(std::string_view keys) {
  typed_line line;
  auto reached = typed_line::step::more;
  for (const char c : keys) {
    EXPECT_EQ(reached, typed_line::step::more) << "at " << testing::PrintToString(c);
    reached = line.take(c);
  }
  constexpr const char* ends[] = {"… ", "", "given up "};
  return ends[static_cast<int>(reached)] + std::string(line.view());
}

TEST(a_typed_password, may_be_mended_while_it_is_typed) {
  EXPECT_EQ(typed("sesame\n"), "sesame");
  EXPECT_EQ(typed("sesame\r"), "sesame");
  EXPECT_EQ(typed("sesame"), "… sesame");
  EXPECT_EQ(typed("sesan\x7Fme\n"), "sesame");
  EXPECT_EQ(typed("a\xC3\xA9\xE2\x82\xAC\x08\x7F\n"), "a");
  EXPECT_EQ(typed("\x7F\x7F"
                  "a\n"),
            "a");
  EXPECT_EQ(typed("wrong\x15right\n"), "right");
  EXPECT_EQ(typed("a\x04\n"), "a\x04");
}

TEST(a_typed_password, may_be_given_up) {
  EXPECT_EQ(typed("sesa\x03"), "given up sesa");
  EXPECT_EQ(typed("\x04"), "given up ");
  EXPECT_EQ(typed("a\x7F\x04"), "given up ");
}

TEST(a_typed_password, ends_when_it_is_longer_than_any) {
  EXPECT_EQ(typed(std::string(1024, 'x')), "… " + std::string(1024, 'x'));
  EXPECT_EQ(typed(std::string(1025, 'x')), std::string(1025, 'x'));
  EXPECT_FALSE(checked_password(std::string(1025, 'x')));
}

TEST(a_password, may_be_empty_where_it_is_not_a_files) { EXPECT_TRUE(good(checked_password("")).empty()); }

}  // namespace
}  // namespace mutual::x509
