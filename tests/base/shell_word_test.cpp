// Words of a shell.
#include "base/shell_word.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace mutual::text {
namespace {

TEST(shell_word, stays_as_it_is_where_it_is_plain) {
  EXPECT_EQ(shell_word("pki/issued/web.crt"), "pki/issued/web.crt");
  EXPECT_EQ(shell_word("a-b_c@d%e+f=g:h,i.j"), "a-b_c@d%e+f=g:h,i.j");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("*.example.com"), "'*.example.com'");
  EXPECT_EQ(shell_word("it's"), R"('it'\''s')");
}

// What a shell makes of it.
std::string said_by_a_shell(const std::string& word) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> shell(::popen(("printf %s " + word).c_str(), "r"), ::pclose);
  std::array<char, 4096> buffer{};
  return {buffer.data(), shell ? std::fread(buffer.data(), 1, buffer.size(), shell.get()) : 0};
}

TEST(shell_word, is_one_word_to_a_shell_whatever_it_holds) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  for (const std::string& text : {all, std::string("$(echo no)"), std::string("a; echo no"), std::string("`echo no`"),
                                  std::string("'; echo no; '"), std::string("~ # \\"), std::string("two\nlines\n")}) {
    EXPECT_EQ(said_by_a_shell(shell_word(text)), text);
  }
}

}  // namespace
}  // namespace mutual::text
