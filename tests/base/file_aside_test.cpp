#include "base/file_aside.hpp"

#include "x509/scratch.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

namespace mutual::file {
namespace {

class a_file_put_aside : public ::testing::Test {
 protected:
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& one : std::filesystem::directory_iterator(folder.path())) {
      if (one.is_regular_file()) ++count;
    }
    return count;
  }
  result<> put(existing what, bool is_good) {
    return put_checked(folder / "p12", "new", access::owner_only, what,
                       [&](const std::filesystem::path& aside) -> result<> {
                         seen = *read(aside);
                         beside = folder.bytes("p12");
                         struct stat facts {};
                         EXPECT_EQ(::stat(aside.c_str(), &facts), 0);
                         EXPECT_EQ(facts.st_mode & 0777U, 0600U);
                         if (is_good) return {};
                         return error(errc::bad_input, "it is not what was made");
                       });
  }

  scratch folder;
  std::string seen, beside;
};

TEST_F(a_file_put_aside, takes_an_older_ones_place_only_when_it_was_found_good) {
  folder.write("p12", "old");
  EXPECT_EQ(put(existing::replaced, false).error().message(), "it is not what was made");
  EXPECT_EQ(seen, "new");
  EXPECT_EQ(folder.bytes("p12"), "old");
  EXPECT_EQ(files(), 1U);
  EXPECT_TRUE(put(existing::replaced, true));
  EXPECT_EQ(beside, "old");
  EXPECT_EQ(folder.bytes("p12"), "new");
  EXPECT_EQ(files(), 1U);
}

TEST_F(a_file_put_aside, takes_no_ones_place_unasked) {
  folder.write("p12", "old");
  const auto refused = put(existing::kept, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::already_exists);
  EXPECT_EQ(folder.bytes("p12"), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(a_file_put_aside, is_named_by_its_own_name_when_it_cannot_be_written) {
  const auto refused = put_checked(folder / "nowhere/p12", "new", access::owner_only, existing::kept,
                                   [](const std::filesystem::path&) { return result<>(); });
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("nowhere/p12: No such file"));
}

TEST_F(a_file_put_aside, takes_the_place_of_files_alone) {
  std::filesystem::create_directory(folder / "folder");
  std::filesystem::create_symlink(folder / "real", folder / "link");
  folder.write("real", "theirs");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const auto& [name, words] :
       {std::pair("folder", "is a folder: name a file in it"), std::pair("link", "is a symbolic link"),
        std::pair("pipe", "is a device, a pipe or a socket")}) {
    for (const auto what : {existing::replaced, existing::kept}) {
      const auto before = std::filesystem::symlink_status(folder / name).type();
      const auto refused =
          put_checked(folder / name, "new", access::owner_only, what, [](const auto&) { return result<>(); });
      ASSERT_FALSE(refused) << name;
      EXPECT_EQ(refused.error().code(), errc::bad_input);
      EXPECT_THAT(refused.error().message(), testing::HasSubstr(words));
      EXPECT_EQ(std::filesystem::symlink_status(folder / name).type(), before) << name;
    }
  }
  EXPECT_EQ(folder.bytes("real"), "theirs");
}

}  // namespace
}  // namespace mutual::file
