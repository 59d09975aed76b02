// Long revocation lists are read in pieces, between which others go on: each part of the reading.
#include "base/base64.hpp"
#include "base/file.hpp"
#include "support/rests.hpp"
#include "x509/digest.hpp"
#include "x509/list_files.hpp"
#include "x509/revoked_serials.hpp"
#include "x509/scratch.hpp"
#include "x509/secret.hpp"
#include "x509/serial_table.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>

namespace mutual::x509 {
namespace {

using test::expect_rests_during;

constexpr std::size_t large = std::size_t{48} << 20U;

TEST(a_long_list_is_read_in_pieces, from_its_file) {
  const scratch folder;
  const auto path = folder / "large";
  ASSERT_TRUE(file::create(path, std::string(large, 'x'), file::access::everyone));
  expect_rests_during([&] { ASSERT_EQ(file::read(path, large).value().size(), large); });
}

TEST(a_long_list_is_read_in_pieces, out_of_its_text) {
  const auto text =
      "-----BEGIN X509 CRL-----\n" + base64::encode_lines(std::string(large, 'x')) + "-----END X509 CRL-----\n";
  expect_rests_during([&] { EXPECT_FALSE(read_bundle_to_judge_by(text, "it")); });
}

TEST(a_long_list_is_read_in_pieces, entry_by_entry) {
  std::string entries;
  for (unsigned at = 0; at < 300'000; ++at) {
    std::string number(20, '\x40');
    for (unsigned octet = 0; octet < 4; ++octet) number[octet + 1] = static_cast<char>(at >> (8 * octet));
    entries += "\x30\x25\x02\x14" + number + "\x17\x0D" + "260101000000Z";
  }
  expect_rests_during([&] { ASSERT_TRUE(revoked_serials::from_entries(entries)); });
}

// The system brings large pages one at a time. In a virtual machine whose host has to find their memory first that
// takes five milliseconds a page, as the thread's work, in which nobody can rest: but not when memory that was found is
// used again.
TEST(a_long_list_is_read_in_pieces, into_room_that_is_filled_in_pieces) {
  test::work_done done{};
  for (int attempt = 0; attempt < 10; ++attempt) {
    serial_table::maker made(8'000'000, 20, {});
    const considerate_scope here;
    done = test::measure([&] { ASSERT_TRUE(made.add("the first of them")); });
    ASSERT_GT(done.worked, std::chrono::milliseconds(4)) << "too little to tell";
    if (done.rested_enough()) return;
  }
  FAIL() << done.rests << " rests in " << done.worked.count() << " ns of work";
}

TEST(a_long_list_is_read_in_pieces, and_wiped_in_pieces) {
  secret bytes(std::string(4 * large, 'x'));
  const secret none;
  expect_rests_during([&] { bytes = none; });
}

TEST(a_long_list_is_read_in_pieces, where_its_digest_is_made) {
  const std::string bytes(large, 'x');
  expect_rests_during([&] { EXPECT_EQ(sha256_hex(bytes).size(), 64U); });
}

}  // namespace
}  // namespace mutual::x509
