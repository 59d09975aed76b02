// What makes handshakes cheap changes no verdict: the whole matrix, with each lever left out.
#include "tls/levers.hpp"

#include "base/file.hpp"
#include "support/matrix.hpp"

#include <filesystem>

namespace mutual::test {
namespace {

using tls::levers;

struct setting {
  const char* name;
  levers used;
};

class levers_matrix : public testing::TestWithParam<setting> {};

TEST_P(levers_matrix, is_the_same) {
  const auto written = file::read(std::filesystem::path(MUTUAL_SOURCE_DIR) / "docs/matrix.md");
  ASSERT_TRUE(written);
  matrix_world world(GetParam().used);
  const auto courses = world.play();
  for (const auto& one : courses) {
    SCOPED_TRACE(text(one.of));
    EXPECT_EQ(one.first.flaw, "");
    EXPECT_EQ(one.again.flaw, "");
    for (const auto& seen : one.then) EXPECT_EQ(seen.flaw, "");
  }
  EXPECT_EQ(matrix_page(courses), *written);
}

constexpr levers none{false, false, false, false, false, false};

INSTANTIATE_TEST_SUITE_P(without, levers_matrix,
                         testing::Values(setting{"remembered_verdicts", {.remembered_verdicts = false}},
                                         setting{"own_contexts", {.own_contexts = false}},
                                         setting{"lean_provider", {.lean_provider = false}},
                                         setting{"light_sessions", {.light_sessions = false}},
                                         setting{"known_certificates", {.known_certificates = false}},
                                         setting{"own_key_derivation", {.own_key_derivation = false}},
                                         setting{"any", none}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace mutual::test
