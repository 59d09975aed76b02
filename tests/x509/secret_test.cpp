// Secrets: what is left of them in memory.
#include "x509/secret.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cstddef>
#include <memory>
#include <new>

namespace mutual::x509 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view sesame = "open sesame";  // short enough to be kept inside the string object

template <class Object>
std::string bytes_of(const Object& object) {
  return {reinterpret_cast<const char*>(&object), sizeof object};
}

TEST(a_secret, takes_a_short_text_over_and_leaves_nothing_where_it_was) {
  std::string text(sesame);
  ASSERT_THAT(bytes_of(text), HasSubstr(std::string(sesame)));
  const secret taken(std::move(text));
  EXPECT_EQ(taken.view(), sesame);
  EXPECT_THAT(bytes_of(text), Not(HasSubstr(std::string(sesame.substr(2)))));
}

TEST(a_secret, takes_a_long_text_over_as_it_is) {
  std::string text(std::size_t{3} << 20U, 'k');
  const auto* place = text.data();
  const secret taken(std::move(text));
  EXPECT_EQ(taken.view().data(), place);
  EXPECT_EQ(taken.size(), std::size_t{3} << 20U);
}

TEST(a_secret, leaves_nothing_where_it_was_moved_from) {
  secret first{sesame};
  const secret second(std::move(first));
  EXPECT_EQ(second.view(), sesame);
  EXPECT_THAT(bytes_of(first), Not(HasSubstr(std::string(sesame.substr(2)))));
}

TEST(a_secret, leaves_nothing_where_another_was_assigned) {
  secret kept{sesame};
  kept = secret(std::string_view("short"));
  EXPECT_EQ(kept.view(), "short");
  EXPECT_THAT(bytes_of(kept), Not(HasSubstr(std::string(sesame.substr(6)))));
}

TEST(a_secret, leaves_nothing_of_a_short_one_that_was_assigned_to_a_long_one) {
  for (const std::size_t size : {std::size_t{40}, std::size_t{2} << 20U}) {
    secret kept{std::string(size, 'k')};
    secret given{sesame};
    kept = std::move(given);
    EXPECT_EQ(kept.view(), sesame);
    EXPECT_THAT(bytes_of(given), Not(HasSubstr(std::string(sesame.substr(8)))));
  }
}

TEST(a_secret, leaves_nothing_where_it_was) {
  alignas(secret) std::array<std::byte, sizeof(secret)> place{};
  auto* const made = new (place.data()) secret(sesame);
  ASSERT_THAT(bytes_of(place), HasSubstr(std::string(sesame)));
  std::destroy_at(made);
  EXPECT_THAT(bytes_of(place), Not(HasSubstr(std::string(sesame.substr(2)))));
}

}  // namespace
}  // namespace mutual::x509
