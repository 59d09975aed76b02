#include "tls/server_context.hpp"

#include "support/pki.hpp"
#include "support/service.hpp"
#include "tls/file_watch.hpp"

namespace mutual::tls {
namespace {

TEST(server_context, knows_what_its_files_looked_like_before_it_read_them) {
  const test::server_files files(test::make_pki());
  const auto made =
      server_context::load(files.config(client_auth::required, true), 1, std::make_shared<session_cache>());
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ((*made)->stamp(), stamp_of((*made)->files()));
  files.write_revocations({});
  EXPECT_NE((*made)->stamp(), stamp_of((*made)->files())) << "a change is one also if nobody has watched yet";
}

}  // namespace
}  // namespace mutual::tls
