// What is put in is found, and nothing else, however full the table is and whatever has no room.
#include "x509/serial_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace mutual::x509 {
namespace {

using chance = std::mt19937_64;

std::string random_number(chance& from, std::size_t octets) {
  std::string out(octets, '\0');
  for (auto& each : out) each = static_cast<char>(from());
  return out;
}

std::optional<serial_table> table_of(const std::vector<std::string>& numbers, const serial_table::effort& how = {}) {
  std::size_t longest = 0;
  for (const auto& one : numbers) longest = std::max(longest, one.size());
  serial_table::maker making(numbers.size(), longest, how);
  for (const auto& one : numbers) {
    if (!making.add(one)) return std::nullopt;
  }
  return making.finish();
}

// Without the zeros in front, which are no part of a number.
std::string plain(std::string_view number) {
  const auto first = number.find_first_not_of('\0');
  return std::string(number.substr(first == std::string_view::npos ? number.size() : first));
}

void expect_just_these(const serial_table& in, const std::vector<std::string>& numbers, chance& from) {
  std::set<std::string> known;
  for (const auto& one : numbers) known.insert(plain(one));
  for (const auto& one : numbers) {
    ASSERT_TRUE(in.contains(one));
    auto near = one;
    near[from() % near.size()] ^= static_cast<char>(1U << from() % 8U);
    ASSERT_EQ(in.contains(near), known.count(plain(near)) == 1);
    const auto stranger = random_number(from, 1 + from() % 20);
    ASSERT_EQ(in.contains(stranger), known.count(plain(stranger)) == 1);
  }
  for (std::size_t octets = 1; octets <= 20; ++octets) {
    const std::string zero(octets, '\0');
    ASSERT_EQ(in.contains(zero) && octets <= 4, known.count("") == 1 && octets <= 4) << octets;
  }
  EXPECT_FALSE(in.contains(""));
  EXPECT_FALSE(in.contains(std::string(21, '\1')));
}

TEST(serial_table, has_what_was_put_in_and_nothing_else_for_numbers_of_any_length) {
  chance from(20261128);
  for (std::size_t octets = 1; octets <= serial_table::longest; ++octets) {
    for (const std::size_t count : {1U, 2U, 3U, 4U, 7U, 50U, 3000U}) {
      std::vector<std::string> numbers;
      for (std::size_t at = 0; at < count; ++at) numbers.push_back(random_number(from, octets));
      const auto made = table_of(numbers);
      ASSERT_TRUE(made) << octets << " octets, " << count;
      expect_just_these(*made, numbers, from);
    }
  }
}

TEST(serial_table, an_empty_one_has_nothing) {
  const auto made = table_of({});
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->contains("\1"));
  EXPECT_FALSE(made->contains(std::string(1, '\0')));
  EXPECT_EQ(made->bytes(), 0U);
}

// Numbers one after another, as some CAs count them, among them zero, with which empty memory could be mistaken.
TEST(serial_table, holds_numbers_that_were_counted) {
  chance from(1);
  std::vector<std::string> numbers;
  for (unsigned at = 0; at < 5000; ++at) {
    numbers.push_back({static_cast<char>(at >> 8U), static_cast<char>(at & 0xFFU)});
  }
  const auto made = table_of(numbers);
  ASSERT_TRUE(made);
  expect_just_these(*made, numbers, from);
}

// They all have the same two lines.
TEST(serial_table, takes_a_number_that_comes_again_and_again_for_one) {
  chance from(2);
  std::vector<std::string> numbers(1000, std::string(20, '\x42'));
  for (int at = 0; at < 1000; ++at) numbers.push_back(random_number(from, 20)), numbers.push_back(numbers.back());
  std::shuffle(numbers.begin(), numbers.end(), from);
  const auto made = table_of(numbers, {.apart = 0});
  ASSERT_TRUE(made);
  expect_just_these(*made, numbers, from);
}

// As full as that there is not room for all.
TEST(serial_table, what_has_no_room_in_the_lines_is_kept_apart_and_found) {
  chance from(3);
  std::vector<std::string> numbers;
  for (int at = 0; at < 3000; ++at) numbers.push_back(random_number(from, 20));
  const serial_table::effort little{.full = 1.0, .moves = 3, .apart = 3000};
  const auto made = table_of(numbers, little);
  ASSERT_TRUE(made);
  EXPECT_GT(made->bytes(), 64U * 1001U + 20U * 50U);  // Some are apart.
  expect_just_these(*made, numbers, from);
  auto all = numbers;
  all.insert(all.end(), numbers.begin(), numbers.end());  // Those that are apart are known there when they come again.
  serial_table::maker making(numbers.size(), 20, little);
  for (const auto& one : all) ASSERT_TRUE(making.add(one));
  const auto again = making.finish();
  ASSERT_TRUE(again);
  expect_just_these(*again, numbers, from);
}

TEST(serial_table, says_so_when_there_is_no_room) {
  chance from(4);
  std::vector<std::string> numbers;
  for (int at = 0; at < 3000; ++at) numbers.push_back(random_number(from, 20));
  EXPECT_FALSE(table_of(numbers, {.full = 1.0, .moves = 3, .apart = 10}));
}

// So it is with ten million too: bench_revocation measures it.
TEST(serial_table, finds_room_for_all_at_the_first_attempt_in_less_than_24_bytes_each) {
  chance from(5);
  std::vector<std::string> numbers;
  for (int at = 0; at < 200'000; ++at) numbers.push_back(random_number(from, 20));
  const auto made = table_of(numbers, {.apart = 0});
  ASSERT_TRUE(made);
  EXPECT_LT(made->bytes(), numbers.size() * 23);
}

}  // namespace
}  // namespace mutual::x509
