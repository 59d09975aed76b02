// How files get names. What happens where a file system has no hard links: tests/blackbox/no_links_test.py.
#include "base/file_name.hpp"

#include "x509/scratch.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <sys/stat.h>

namespace mutual::file {
namespace {

using testing::HasSubstr;

class a_files_name : public ::testing::Test {
 protected:
  void SetUp() override { folder.write("new", "the new one"); }
  bool is_there(const std::string& name) const { return std::filesystem::exists(folder / name); }

  scratch folder;
};

TEST_F(a_files_name, is_given_once) {
  EXPECT_EQ(give_free_name(folder / "new", folder / "taken"), 0);
  EXPECT_EQ(folder.bytes("taken"), "the new one");
  EXPECT_FALSE(is_there("new"));
  folder.write("new", "another");
  EXPECT_EQ(give_free_name(folder / "new", folder / "taken"), EEXIST);
  EXPECT_EQ(folder.bytes("taken"), "the new one");
  EXPECT_EQ(folder.bytes("new"), "another") << "nothing is lost of what got no name";
  EXPECT_EQ(give_free_name(folder / "gone", folder / "free"), ENOENT);
  EXPECT_FALSE(is_there("free"));
}

TEST_F(a_files_name, may_be_a_second_one) {
  EXPECT_EQ(give_second_name(folder / "new", folder / "too", access::owner_only), 0);
  EXPECT_EQ(folder.bytes("too"), "the new one");
  EXPECT_TRUE(is_there("new"));
  folder.write("other", "another");
  EXPECT_EQ(give_second_name(folder / "other", folder / "too", access::owner_only), EEXIST);
  EXPECT_EQ(folder.bytes("too"), "the new one");
  EXPECT_EQ(give_second_name(folder / "gone", folder / "free", access::owner_only), ENOENT);
  EXPECT_FALSE(is_there("free"));
}

TEST_F(a_files_name, is_not_taken_through_a_link) {
  std::filesystem::create_symlink("nowhere", folder / "link");
  EXPECT_EQ(give_free_name(folder / "new", folder / "link"), EEXIST);
  EXPECT_EQ(give_second_name(folder / "new", folder / "link", access::owner_only), EEXIST);
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_FALSE(is_there("nowhere"));
}

TEST_F(a_files_name, may_be_replaced_if_a_file_or_nothing_has_it) {
  EXPECT_TRUE(check_is_file_or_free(folder / "new"));
  EXPECT_TRUE(check_is_file_or_free(folder / "free"));
  const auto why_not = [&](const std::string& name) {
    const auto checked = check_is_file_or_free(folder / name);
    return checked ? "nothing" : checked.error().message();
  };
  std::filesystem::create_directory(folder / "folder");
  EXPECT_THAT(why_not("folder"), HasSubstr("is a folder"));
  std::filesystem::create_symlink("new", folder / "link");
  EXPECT_THAT(why_not("link"), HasSubstr("is a symbolic link"));
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(why_not("pipe"), HasSubstr("is a device, a pipe or a socket"));
}

}  // namespace
}  // namespace mutual::file
