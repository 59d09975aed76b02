#include "authority/inventory.hpp"

#include "authority/database.hpp"
#include "x509/scratch.hpp"

#include <sys/stat.h>

namespace mutual::authority {
namespace {

using ::testing::HasSubstr;

class an_inventory : public ::testing::Test {
 protected:
  an_inventory() {
    auto made = create_inventory(folder / "inventory.db");
    EXPECT_TRUE(made);
    in = *std::move(made);
  }
  static record one(const std::string& name, const std::string& serial, int days = 1) {
    record out;
    out.name = name;
    out.serial = serial;
    out.sha256 = "sha-" + serial;
    out.subject = "CN=" + name;
    out.not_after = now() + std::chrono::days(days);
    out.recorded_at = now();
    out.der = std::string("\x30\x00\x01", 3);
    return out;
  }

  scratch folder;
  std::unique_ptr<inventory> in;
};

TEST_F(an_inventory, gives_back_what_was_recorded) {
  auto written = one("bob", "0a");
  written.purpose = x509::profile::peer;
  written.p12_has_password = true;
  written.issuer = "CN=CA";
  written.not_before = now() - std::chrono::hours(1);
  ASSERT_TRUE(in->add(written));
  const auto read = in->find("bob");
  ASSERT_TRUE(read && *read);
  const auto& found = **read;
  EXPECT_EQ(found.name, "bob");
  EXPECT_EQ(found.purpose, x509::profile::peer);
  EXPECT_EQ(found.serial, "0a");
  EXPECT_EQ(found.subject, "CN=bob");
  EXPECT_EQ(found.issuer, "CN=CA");
  EXPECT_EQ(found.sha256, "sha-0a");
  EXPECT_EQ(found.not_before, written.not_before);
  EXPECT_EQ(found.not_after, written.not_after);
  EXPECT_EQ(found.recorded_at, written.recorded_at);
  EXPECT_TRUE(found.p12_has_password);
  EXPECT_EQ(found.der, written.der);
  EXPECT_EQ(found.state, record_state::recorded);
  EXPECT_FALSE(*in->find("nobody"));
}

TEST_F(an_inventory, lists_those_that_end_first_first) {
  ASSERT_TRUE(in->add(one("late", "1", 30)));
  ASSERT_TRUE(in->add(one("soon", "2", 3)));
  const auto all = in->all();
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->front().name, "soon");
}

TEST_F(an_inventory, takes_no_serial_and_no_name_twice) {
  ASSERT_TRUE(in->add(one("bob", "1")));
  EXPECT_EQ(in->add(one("eve", "1")).error().code(), errc::already_exists);
  EXPECT_EQ(in->add(one("bob", "2")).error().code(), errc::already_exists);
  ASSERT_TRUE(in->set_state("1", record_state::lost));
  EXPECT_TRUE(in->add(one("bob", "2")));
  auto root = one("bob", "3");
  root.purpose = x509::profile::root;
  EXPECT_TRUE(in->add(root));
  EXPECT_EQ(in->acts()->size(), 4U);
}

TEST_F(an_inventory, logs_every_act_and_forgets_none) {
  ASSERT_TRUE(in->add(one("bob", "1")));
  EXPECT_EQ(in->unfinished()->size(), 1U);
  ASSERT_TRUE(in->set_state("1", record_state::issued));
  EXPECT_TRUE(in->unfinished()->empty());
  EXPECT_EQ(in->set_state("77", record_state::issued).error().code(), errc::not_found);
  const auto acts = *in->acts();
  ASSERT_EQ(acts.size(), 2U);
  EXPECT_EQ(acts[0].what, "recorded");
  EXPECT_EQ(acts[1].what, "issued");
  EXPECT_EQ(acts[1].name, "bob");
  EXPECT_EQ(acts[1].serial, "1");

  auto db = *database::open(folder / "inventory.db");
  for (const char* sql : {"DELETE FROM acts", "UPDATE acts SET what = 'x'", "DELETE FROM certificates",
                          "UPDATE certificates SET serial = 'x'", "UPDATE certificates SET der = 'x'",
                          "UPDATE certificates SET state = 'x'"}) {
    EXPECT_FALSE(db.run(sql)) << sql;
  }
}

TEST_F(an_inventory, is_written_whole_or_not_at_all) {
  auto db = *database::open(folder / "inventory.db");
  {
    auto change = transaction::begin(db);
    ASSERT_TRUE(change);
    ASSERT_TRUE(db.run("INSERT INTO acts (at, what, serial, name) VALUES (1, 'a', 'b', 'c')"));
  }
  EXPECT_TRUE(in->acts()->empty());
}

TEST_F(an_inventory, belongs_to_its_owner_and_so_do_its_journals) {
  ASSERT_TRUE(in->add(one("bob", "1")));
  for (const char* name : {"inventory.db", "inventory.db-wal", "inventory.db-shm"}) {
    struct stat facts {};
    ASSERT_EQ(::stat((folder / name).c_str(), &facts), 0) << name;
    EXPECT_EQ(facts.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(an_inventory, is_not_made_over_another) {
  ASSERT_TRUE(in->add(one("bob", "1")));
  EXPECT_EQ(create_inventory(folder / "inventory.db").error().code(), errc::already_exists);
  EXPECT_EQ(in->all()->size(), 1U);
}

TEST_F(an_inventory, is_told_from_other_files) {
  auto other = folder / "other.db";
  folder.write("other.db", "");
  ASSERT_TRUE(database::open(other)->run("CREATE TABLE songs (title TEXT)"));
  EXPECT_THAT(open_inventory(other).error().message(), HasSubstr("is an SQLite file, but not an inventory"));
  EXPECT_THAT(open_inventory(folder / "none.db").error().message(), HasSubstr("there is no inventory at"));
  folder.write("text.db", std::string(4096, 'x'));
  EXPECT_THAT(open_inventory(folder / "text.db").error().message(), HasSubstr("not an inventory, or a damaged one"));
}

TEST_F(an_inventory, of_a_newer_version_is_left_alone) {
  in.reset();
  ASSERT_TRUE(database::open(folder / "inventory.db")->run("UPDATE schema_version SET version = 99"));
  EXPECT_THAT(open_inventory(folder / "inventory.db").error().message(), HasSubstr("newer version of mutual"));
}

}  // namespace
}  // namespace mutual::authority
