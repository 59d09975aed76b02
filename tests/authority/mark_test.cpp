// What a folder remembers of its inventory, and what is left of that when the machine loses its power in between.

#include "authority/store.hpp"
#include "base/file.hpp"
#include "support/outcome.hpp"
#include "x509/scratch.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace mutual::authority {
namespace {

using test::good;

class a_mark : public ::testing::Test {
 protected:
  static history at(std::int64_t act) { return {"00ff", act, "abc" + std::to_string(act % 10)}; }
  ino_t inode() const {
    struct stat facts {};
    EXPECT_EQ(::stat(places.mark().c_str(), &facts), 0);
    return facts.st_ino;
  }
  std::string bytes() const { return good(file::read(places.mark())); }
  void put(const std::string& what) { good(file::replace(places.mark(), what, file::access::owner_only)); }
  mark now() const { return good(read_mark(places)).value(); }

  scratch folder;
  layout places{folder / ""};
};

TEST_F(a_mark, is_advanced_in_place_and_keeps_the_numbers_of_lists) {
  good(write_mark(places, {at(7), {{"CN=Acme CA,O=Acme", 12}}}));
  const auto before = inode();
  for (std::int64_t act = 8; act < 120; ++act) {
    good(advance_mark(places, at(act)));
    EXPECT_EQ(now().seen.act, act);
    EXPECT_EQ(now().seen.digest, at(act).digest);
  }
  EXPECT_EQ(inode(), before);
  EXPECT_EQ(now().list_numbers.at("CN=Acme CA,O=Acme"), 12U);
  EXPECT_EQ(now().seen.inventory, "00ff");
}

TEST_F(a_mark, has_the_act_before_when_the_last_was_half_written) {
  good(write_mark(places, {at(7), {}}));
  good(advance_mark(places, at(8)));
  good(advance_mark(places, at(9)));
  const auto whole = bytes();
  const auto newer = whole.find("act 9 ");
  ASSERT_NE(newer, std::string::npos);
  for (std::size_t cut = 0; cut < 16; ++cut) {
    auto torn = whole;
    torn.replace(newer + cut, 512 - cut, 512 - cut, '\0');
    put(torn);
    EXPECT_EQ(now().seen.act, 8) << cut;
    good(advance_mark(places, at(10)));
    EXPECT_EQ(now().seen.act, 10);
  }
  // A word of one line and the rest of another is neither.
  auto mixed = whole;
  mixed.replace(newer + 4, 1, "8");
  put(mixed);
  EXPECT_EQ(now().seen.digest, at(8).digest);
}

TEST_F(a_mark, is_damaged_when_neither_line_is_whole) {
  good(write_mark(places, {at(7), {}}));
  good(advance_mark(places, at(8)));
  auto damaged = bytes();
  for (auto found = damaged.find("act "); found != std::string::npos; found = damaged.find("act "))
    damaged[found] = 'x';
  put(damaged);
  EXPECT_EQ(read_mark(places).error().code(), errc::bad_input);
  for (const auto& one :
       {std::string(), std::string("act 7"), std::string(9000, '\n'), std::string(9000, '\0') + "\n"}) {
    put(one);
    EXPECT_EQ(read_mark(places).error().code(), errc::bad_input) << one.size();
    EXPECT_FALSE(advance_mark(places, at(9)));
  }
}

TEST_F(a_mark, remembers_where_the_inventory_was_meant_to_be) {
  auto seen = at(7);
  seen.incarnation = "91b7";
  good(write_mark(places, {seen, {{"CN=Acme CA", 3}}}));
  EXPECT_EQ(now().seen.incarnation, "91b7");
  seen.act = 8;
  good(advance_mark(places, seen));
  EXPECT_EQ(now().seen.incarnation, "91b7");
  // The same act, elsewhere.
  seen.incarnation = "00aa";
  good(advance_mark(places, seen));
  EXPECT_EQ(now().seen.incarnation, "00aa");
  EXPECT_EQ(now().seen.act, 8);
  EXPECT_EQ(now().list_numbers.at("CN=Acme CA"), 3U);
}

TEST_F(a_mark, of_an_older_version_is_read_and_brought_up_to_date) {
  put("inventory 00ff\nact 57 abc7\nlist 3 CN=Acme CA\n");
  EXPECT_EQ(now().seen.act, 57);
  good(advance_mark(places, at(58)));
  EXPECT_EQ(now().seen.act, 58);
  EXPECT_EQ(now().list_numbers.at("CN=Acme CA"), 3U);
  const auto before = inode();
  good(advance_mark(places, at(59)));
  EXPECT_EQ(inode(), before);
}

TEST_F(a_mark, keeps_a_name_to_its_last_space_and_believes_no_line_that_stands_twice) {
  const std::string name = "CN=Acme CA\\ ";
  good(write_mark(places, {at(7), {{name, 12}}}));
  EXPECT_EQ(now().list_numbers.at(name), 12U);
  put("inventory 00ff\nact 57 abc7\nlist 3 CN=Acme CA\nlist 2 CN=Acme CA\n");
  EXPECT_EQ(read_mark(places).error().code(), errc::bad_input);
}

TEST_F(a_mark, has_no_act_that_no_inventory_could_count) {
  put("inventory 00ff\nact 9223372036854775808 abc7\n");
  EXPECT_EQ(read_mark(places).error().code(), errc::bad_input);
  put("inventory 00ff\nact 9223372036854775807 abc7\n");
  EXPECT_EQ(now().seen.act, 9223372036854775807);
}

}  // namespace
}  // namespace mutual::authority
